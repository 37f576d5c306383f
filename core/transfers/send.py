"""Objects to a peer by C-STORE as a job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from core.archive.archive import Archive
from core.errors import NotDicomError
from core.model import Instance, Modality, Outcome, Ref
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
        instances = list(_gather(archive, refs, paths, progress))
        progress.update(promised=len(instances))
        last: Outcome | None = None
        for result in caller.store(peer, instances, cancel=progress.cancelled):
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
) -> Iterable[Instance]:
    for ref in refs:
        held = archive.instances(ref) if archive else ()
        if not held:
            progress.failed(ref.uid, "not held here")
        yield from held
    for path in files_below(paths):
        try:
            yield instance_of(path)
        except NotDicomError:
            progress.skipped()
        except OSError as exc:
            progress.failed(str(path), exc.strerror or str(exc))


_IDENTIFIERS = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]


def instance_of(path: Path) -> Instance:
    """Identify a Part 10 file (PS3.10 7.1) that is to be sent as it is.

    Raises NotDicomError, OSError.
    """
    try:
        ds = dcmread(path, specific_tags=_IDENTIFIERS, stop_before_pixels=True)
        syntax = ds.file_meta.TransferSyntaxUID
        study, series, sop_instance, sop_class = (str(ds.get(key, "")) for key in _IDENTIFIERS)
    except OSError:
        raise
    except (InvalidDicomError, AttributeError) as exc:
        raise NotDicomError(f"{path} is no DICOM file", str(exc)) from None
    except Exception as exc:
        raise NotDicomError(f"{path} cannot be read: {exc}", "check the file") from exc
    if not (sop_instance and sop_class):
        raise NotDicomError(f"{path} names no SOP class and instance", "check the file")
    return Instance(
        study_uid=study,
        series_uid=series,
        sop_instance_uid=sop_instance,
        sop_class_uid=sop_class,
        transfer_syntax_uid=str(syntax),
        path=str(path.absolute()),
        size=path.stat().st_size,
    )
