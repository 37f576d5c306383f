"""Files into the archive as a job: what is not DICOM is skipped and counted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.archive.archive import Archive
from core.errors import ArchiveError, NotDicomError, OutOfResourcesError
from core.events import EventBus, InstanceStored
from core.transfers.queue import Progress, Work


def files_below(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the regular files at and below `paths`, in a stable order.

    Links to folders are not followed: one that points upwards would never end.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, names, files in os.walk(path):
            names.sort()
            yield from (Path(folder, name) for name in sorted(files))


def import_job(paths: Sequence[Path], archive: Archive, events: EventBus) -> Work:
    """Make the work of one import job over files and folders."""

    def work(progress: Progress) -> None:
        for path in files_below(paths):
            if progress.cancelled.is_set():
                break
            _take(path, archive, events, progress)
        job = progress.job
        skipped = f"none of the {job.skipped} files is DICOM" if job.skipped else "no files there"
        progress.end_by_counts(skipped)

    return work


def _take(path: Path, archive: Archive, events: EventBus, progress: Progress) -> None:
    try:
        if not path.is_file():
            progress.failed(str(path), "no such file" if not path.exists() else "no regular file")
            return
        stored = archive.take_file(path)
    except NotDicomError:
        progress.skipped()
    except OutOfResourcesError:
        raise
    except (ArchiveError, OSError) as exc:
        progress.failed(
            str(path), exc.strerror or str(exc) if isinstance(exc, OSError) else str(exc)
        )
    else:
        events.publish(InstanceStored(stored=stored, source=str(path)))
        progress.arrived(stored.instance.size)
