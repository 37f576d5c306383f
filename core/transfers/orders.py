"""What a job is to do, as a value that outlives the process: one struct per kind of job."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from core.model import Job, JobKind, Level, Modality, Ref


class MoveOrder(Struct, frozen=True, kw_only=True, tag="move"):
    """Have `peer` send `refs` to the AE title `destination` by C-MOVE."""

    peer: Modality
    refs: tuple[Ref, ...]
    destination: str


class GetOrder(Struct, frozen=True, kw_only=True, tag="get"):
    """Have `peer` send `refs` to ourselves by C-GET."""

    peer: Modality
    refs: tuple[Ref, ...]


class SendOrder(Struct, frozen=True, kw_only=True, tag="send"):
    """Send what is held of `refs`, and the files at and below `paths`, to `peer` by C-STORE."""

    peer: Modality
    refs: tuple[Ref, ...] = ()
    paths: tuple[str, ...] = ()


class ImportOrder(Struct, frozen=True, kw_only=True, tag="import"):
    """Copy the files at and below `paths` into the archive."""

    paths: tuple[str, ...]


class ExportOrder(Struct, frozen=True, kw_only=True, tag="export"):
    """Write what is held of `refs` to the folder or zip `target`, with a DICOMDIR or without."""

    refs: tuple[Ref, ...]
    target: str
    dicomdir: bool = True
    token: str
    """A number in hexadecimal that no other export has: it marks what this one has written."""


class CommitOrder(Struct, frozen=True, kw_only=True, tag="commit"):
    """Ask `peer` whether it keeps what is held of `refs`, and the files at and below `paths`."""

    peer: Modality
    refs: tuple[Ref, ...] = ()
    paths: tuple[str, ...] = ()


Order = MoveOrder | GetOrder | SendOrder | ImportOrder | ExportOrder | CommitOrder


def job_for(order: Order, priority: int = 0) -> Job:
    """Describe an order as a job that has not begun; the queue gives it an id."""
    peer = getattr(order, "peer", None)
    return Job(
        id=0,
        kind=JobKind(type(order).__struct_config__.tag),
        title=_title(order),
        peer=(peer.name or peer.ae_title) if peer else "",
        destination=_destination(order),
        priority=priority,
    )


def _destination(order: Order) -> str:
    if isinstance(order, MoveOrder):
        return order.destination
    if isinstance(order, ExportOrder):
        return order.target
    return order.peer.ae_title if isinstance(order, SendOrder | CommitOrder) else ""


def _title(order: Order) -> str:
    refs: tuple[Ref, ...] = getattr(order, "refs", ())
    return _refs_title(refs) if refs else _paths_title(getattr(order, "paths", ()))


_NOUNS = {
    Level.PATIENT: ("patient", "patients"),
    Level.STUDY: ("study", "studies"),
    Level.SERIES: ("series", "series"),
    Level.IMAGE: ("instance", "instances"),
}


def _refs_title(refs: Sequence[Ref]) -> str:
    one, many = _NOUNS[refs[0].level]
    return f"{one} {refs[0].uid}" if len(refs) == 1 else f"{len(refs)} {many}"


def _paths_title(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{len(paths)} paths"
