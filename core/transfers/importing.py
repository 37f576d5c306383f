"""Files into the archive as a job: what is not DICOM is skipped and counted.

A folder is walked to its end, a zip is opened wherever it is met (but not a zip within a zip), and
a DICOMDIR that is named itself brings the files it names. In a folder or a zip a DICOMDIR is passed
over: what it names lies there too, and each file is taken once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from io import BytesIO
from pathlib import Path
from zipfile import ZipInfo

from core.archive.filemeta import read_meta
from core.errors import ArchiveError, NotDicomError, OutOfResourcesError
from core.events import InstanceStored
from core.model import Stored
from core.transfers.dicomdir import MEDIA_DIRECTORY, NotThereError, Resolver, file_ids
from core.transfers.orders import ImportOrder
from core.transfers.progress import Progress
from core.transfers.tools import Tools
from core.transfers.zipped import RefusedError, StoppedError, Zip, is_zip

_HEAD = 4096


class Kind(Enum):
    """What a file is by its first bytes."""

    DICOM = "a DICOM file, by its prefix"
    DICOMDIR = "a list of DICOM files"
    ZIP = "a zip"
    OTHER = "something else, or a data set without meta information"


def kind_of(head: bytes) -> Kind:
    """Tell what begins with these bytes; the first 4 KiB are enough."""
    if is_zip(head):
        return Kind.ZIP
    if head[128:132] != b"DICM":
        return Kind.OTHER
    try:
        meta = read_meta(BytesIO(head), len(head))
    except NotDicomError:
        return Kind.DICOM
    return Kind.DICOMDIR if meta.sop_class_uid == MEDIA_DIRECTORY else Kind.DICOM


def files_below(
    paths: Sequence[Path], onerror: Callable[[OSError], None] | None = None
) -> Iterator[Path]:
    """Yield the regular files at and below `paths`, in a stable order.

    Links to folders are not followed: one that points upwards would never end. `onerror` is told
    of folders that cannot be read.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, names, files in os.walk(path, onerror=onerror):
            names.sort()
            yield from (Path(folder, name) for name in sorted(files))


def run_import(order: ImportOrder, progress: Progress, tools: Tools) -> None:
    """Import files, folders, zips and DICOMDIRs; what a former attempt took is passed over."""
    progress.update(promised=None)
    _Import(progress, tools).run([Path(path) for path in order.paths])
    skipped = progress.job.skipped
    progress.end_by_counts(f"none of {skipped} files is DICOM" if skipped else "no files there")


class _Import:
    def __init__(self, progress: Progress, tools: Tools) -> None:
        self._progress = progress
        self._tools = tools
        self._promised = 0

    def run(self, paths: Sequence[Path]) -> None:
        named = set(paths)
        files: list[Path] = []
        for path in files_below(paths, self._unreadable):
            if self._progress.stop.is_set():
                return
            files.append(path)
        self._promise(len(files))
        for path in files:
            if self._progress.stop.is_set():
                return
            if str(path) not in self._progress.done:
                self._file(path, path in named)

    def _promise(self, more: int) -> None:
        self._promised += more
        self._progress.update(promised=self._promised)

    def _unreadable(self, error: OSError) -> None:
        self._progress.failed(str(error.filename), error.strerror or str(error))

    def _file(self, path: Path, named: bool) -> None:
        try:
            if not path.is_file():
                why = "no regular file" if path.exists() else "no such file"
                self._progress.failed(str(path), why)
                return
            with path.open("rb") as file:
                kind = kind_of(file.read(_HEAD))
        except (OSError, ValueError) as exc:
            self._progress.failed(str(path), getattr(exc, "strerror", None) or str(exc))
            return
        if kind is Kind.ZIP:
            self._zip(path)
        elif kind is not Kind.DICOMDIR:
            self._object(path, wanted=kind is Kind.DICOM)
        elif named:
            self._directory(path)
        else:
            self._promise(-1)

    # -- one object

    def _object(self, path: Path, *, wanted: bool) -> None:
        self._take(
            str(path), str(path), lambda: self._tools.archive().take_file(path), lambda: wanted
        )

    def _take(
        self, key: str, label: str, take: Callable[[], Stored], wanted: Callable[[], bool]
    ) -> None:
        """Take one object; where it is none, that is a failure if it was `wanted`."""
        try:
            stored = take()
        except NotDicomError as exc:
            if wanted():
                self._progress.failed(label, str(exc))
            else:
                self._progress.skipped()
        except OutOfResourcesError:
            raise
        except (ArchiveError, RefusedError) as exc:
            self._progress.failed(label, str(exc))
        except OSError as exc:
            self._progress.failed(label, exc.strerror or str(exc))
        else:
            self._tools.events.publish(InstanceStored(stored=stored, source=label))
            self._progress.arrived(key, stored.instance.size)

    # -- many in one

    def _directory(self, path: Path) -> None:
        found: dict[str, None] = {}
        try:
            found.update((file_id, None) for file_id in file_ids(path))
        except NotDicomError as exc:
            self._progress.failed(str(path), str(exc))
        self._promise(len(found) - 1)
        resolver = Resolver(path.parent)
        for file_id in found:
            if self._progress.stop.is_set():
                return
            try:
                file = resolver.find(file_id)
            except NotThereError as exc:
                self._progress.failed(file_id, str(exc))
                continue
            if str(file) in self._progress.done:
                continue
            if file.is_file():
                self._object(file, wanted=True)
            else:
                self._progress.failed(str(file), "no regular file")

    def _zip(self, path: Path) -> None:
        try:
            opened = Zip(path, self._tools.archive().folder)
        except NotDicomError as exc:
            self._progress.failed(str(path), str(exc))
            return
        with opened:
            self._promise(len(opened.members) - 1)
            for number, info in enumerate(opened.members):
                key = f"{path}:{number}:{info.filename}"
                if key not in self._progress.done:
                    self._member(opened, info, key, f"{path}: {info.filename}")
                if self._progress.stop.is_set():
                    return

    def _member(self, opened: Zip, info: ZipInfo, key: str, label: str) -> None:
        limit = self._tools.settings().station.max_object_mib << 20
        try:
            member = opened.open(info, limit, self._progress.stop)
        except RefusedError as exc:
            self._progress.failed(label, str(exc))
            return
        with member:
            if kind_of(member.head) is Kind.DICOMDIR:
                self._promise(-1)
                return
            try:
                self._take(
                    key,
                    label,
                    lambda: self._tools.archive().take_stream(member),
                    lambda: kind_of(member.head) is Kind.DICOM,
                )
            except StoppedError:
                return
