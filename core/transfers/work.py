"""Which work belongs to which order."""

from __future__ import annotations

from core.transfers.commit import run_commit
from core.transfers.export import discard_export, run_export
from core.transfers.get import run_get
from core.transfers.importing import run_import
from core.transfers.move import run_move
from core.transfers.orders import (
    CommitOrder,
    ExportOrder,
    GetOrder,
    ImportOrder,
    MoveOrder,
    Order,
    SendOrder,
)
from core.transfers.progress import Progress
from core.transfers.send import run_send
from core.transfers.tools import Tools


def run(order: Order, progress: Progress, tools: Tools) -> None:
    """Do what an order says, and end its job."""
    if isinstance(order, MoveOrder):
        run_move(order, progress, tools)
    elif isinstance(order, GetOrder):
        run_get(order, progress, tools)
    elif isinstance(order, SendOrder):
        run_send(order, progress, tools)
    elif isinstance(order, ImportOrder):
        run_import(order, progress, tools)
    elif isinstance(order, ExportOrder):
        run_export(order, progress, tools)
    elif isinstance(order, CommitOrder):
        run_commit(order, progress, tools)


def give_up(order: Order) -> None:
    """Remove what an order has left that is cancelled while it does not run."""
    if isinstance(order, ExportOrder):
        discard_export(order)
