"""Objects to a peer by C-STORE as a job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from core.archive.archive import Archive
from core.errors import NotDicomError
from core.model import Instance, Modality, Outcome, Ref
from core.network.part10 import open_object
from core.network.scu import Caller
from core.transfers.importing import files_below
from core.transfers.queue import Progress, Work


def send_job(
    peer: Modality,
    caller: Caller,
    *,
    archive: Archive | None,
    refs: Sequence[Ref],
    paths: Sequence[Path],
) -> Work:
    """Make the work of one send job: objects held here by reference, and files by path."""

    def work(progress: Progress) -> None:
        items = list(_gather(archive, refs, paths, progress))
        progress.update(promised=len(items))
        last: Outcome | None = None
        for result in caller.store(peer, items, cancel=progress.cancelled):
            last = result.outcome
            if result.outcome.ok:
                progress.arrived(result.size)
            else:
                reason = result.outcome.comment or result.outcome.meaning
                progress.failed(result.sop_instance_uid, reason)
        progress.end_by_counts("there is nothing to send", last)

    return work


def _gather(
    archive: Archive | None, refs: Iterable[Ref], paths: Sequence[Path], progress: Progress
) -> Iterator[Instance | Path]:
    for ref in refs:
        held = archive.instances(ref) if archive else ()
        if not held:
            progress.failed(ref.uid, "not held here")
        yield from held
    for path in files_below(paths):
        try:
            open_object(path)
            yield path
        except NotDicomError:
            progress.skipped()
        except OSError as exc:
            progress.failed(str(path), exc.strerror or str(exc))
