"""Files into the archive as a job: what is not DICOM is skipped and counted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import ArchiveError, NotDicomError, OutOfResourcesError
from core.events import InstanceStored
from core.transfers.orders import ImportOrder
from core.transfers.progress import Progress
from core.transfers.tools import Tools


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


def run_import(order: ImportOrder, progress: Progress, tools: Tools) -> None:
    """Import files and folders; what a former attempt took is passed over."""
    for path in files_below([Path(path) for path in order.paths]):
        if progress.stop.is_set():
            break
        if str(path) not in progress.done:
            _take(path, progress, tools)
    skipped = progress.job.skipped
    progress.end_by_counts(f"none of {skipped} files is DICOM" if skipped else "no files there")


def _take(path: Path, progress: Progress, tools: Tools) -> None:
    try:
        if not path.is_file():
            progress.failed(str(path), "no such file" if not path.exists() else "no regular file")
            return
        stored = tools.archive().take_file(path)
    except NotDicomError:
        progress.skipped()
    except OutOfResourcesError:
        raise
    except ArchiveError as exc:
        progress.failed(str(path), str(exc))
    except OSError as exc:
        progress.failed(str(path), exc.strerror or str(exc))
    else:
        tools.events.publish(InstanceStored(stored=stored, source=str(path)))
        progress.arrived(str(path), stored.instance.size)
