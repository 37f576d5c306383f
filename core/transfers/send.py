"""Objects to a peer by C-STORE as a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from core.errors import NotDicomError
from core.model import Instance, Outcome
from core.network.part10 import open_object
from core.transfers.importing import files_below
from core.transfers.orders import SendOrder
from core.transfers.progress import Progress
from core.transfers.tools import Tools


def run_send(order: SendOrder, progress: Progress, tools: Tools) -> None:
    """Send what is held, and files; what a former attempt brought through is passed over.

    Objects are counted by SOP Instance UID: a further file of one that goes already is skipped.
    """
    items = list(_gather(order, progress, tools))
    progress.update(promised=len(items) + len(progress.done))
    last: Outcome | None = None
    notes: Counter[str] = Counter()
    for result in tools.caller().store(tools.peer(order.peer), items, cancel=progress.stop):
        if result.outcome.ok:
            last = result.outcome
            progress.arrived(result.sop_instance_uid, result.size)
            notes.update([result.note] if result.note else [])
        elif not progress.stop.is_set():
            last = result.outcome
            reason = result.outcome.comment or result.outcome.meaning
            progress.failed(result.sop_instance_uid or result.path, reason)
    note = ", ".join(f"{count} {what}" for what, count in notes.items())
    progress.end_by_counts("there is nothing to send", last, note)


def _gather(order: SendOrder, progress: Progress, tools: Tools) -> Iterator[Instance | Path]:
    named: set[str] = set()
    for ref in order.refs:
        held = tools.archive().instances(ref)
        if not held:
            progress.failed(ref.uid, "not held here")
        for one in held:
            if one.sop_instance_uid not in named and one.sop_instance_uid not in progress.done:
                yield one
            named.add(one.sop_instance_uid)
    for path in files_below([Path(path) for path in order.paths]):
        try:
            uid = open_object(path).sop_instance_uid
            if uid in named:
                progress.skipped()
            elif uid not in progress.done:
                yield path
            named.add(uid)
        except NotDicomError:
            progress.skipped()
        except OSError as exc:
            progress.failed(str(path), exc.strerror or str(exc))
