"""Objects out of the archive as a job: a file-set on a disk, as PS3.10 has it, or in a zip.

The files are byte for byte those of the archive, under names of eight capitals, with a DICOMDIR
that lists them. What is through is remembered as `file ID, blank, SOP Instance UID`, so that a job
that was paused goes on with the same names.
"""

from __future__ import annotations

import errno
import re
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import ArchiveError, ModalittyError, OutOfResourcesError
from core.model import Instance, JobState
from core.transfers.export_places import chunks_of, is_zip_name, place_at, uid_of
from core.transfers.media_directory import Directory
from core.transfers.media_objects import Described, describe
from core.transfers.orders import ExportOrder
from core.transfers.progress import Progress
from core.transfers.tools import Tools

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FILE_ID = re.compile(r"DICOM/ST?([0-9]{6,7})/SE?([0-9]{6,7})/IM?([0-9]{6,7})")
_PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.113619.5.2")


class _StoppedError(ModalittyError):
    """The job was stopped in the middle of a file."""


class _SourceError(ModalittyError):
    """An object's own file cannot be read."""


class Names:
    """Gives each object its File ID: `DICOM/ST000001/SE000001/IM000001` (PS3.10 8.2)."""

    def __init__(self) -> None:
        self._studies: dict[bytes, int] = {}
        self._series: dict[tuple[bytes, bytes], int] = {}
        self._last: dict[object, int] = defaultdict(int)

    def restore(self, described: Described, file_id: str) -> None:
        """Keep in mind a name that was given already."""
        numbers = _FILE_ID.fullmatch(file_id)
        if numbers is None:
            raise ValueError(f"{file_id!r} is no name of ours")
        study, series, image = map(int, numbers.groups())
        self._studies[described.study] = study
        self._series[described.study, described.series] = series
        self._last[()] = max(self._last[()], study)
        self._last[study] = max(self._last[study], series)
        self._last[study, series] = max(self._last[study, series], image)

    def give(self, described: Described) -> str:
        """Name an object that has no name yet."""
        study = self._studies.get(described.study)
        if study is None:
            study = self._studies[described.study] = self._next(())
        key = (described.study, described.series)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = self._next(study)
        image = self._next((study, series))
        return f"DICOM/{_name('ST', study)}/{_name('SE', series)}/{_name('IM', image)}"

    def _next(self, within: object) -> int:
        self._last[within] += 1
        return self._last[within]


def _name(prefix: str, number: int) -> str:
    return f"{prefix}{number:06d}" if number < 1_000_000 else f"{prefix[0]}{number:07d}"


def run_export(order: ExportOrder, progress: Progress, tools: Tools) -> None:
    """Write what is held of the references; a job that was paused goes on where it stopped."""
    _Export(order, progress, tools).run()


def discard_export(order: ExportOrder) -> None:
    """Remove what an export has written that will not go on."""
    place_at(Path(order.target), order.token).discard()


class _Export:
    def __init__(self, order: ExportOrder, progress: Progress, tools: Tools) -> None:
        self._order = order
        self._progress = progress
        self._tools = tools
        self._target = Path(order.target)
        self._place = place_at(self._target, order.token)
        self._names = Names()
        self._directory = Directory()

    def run(self) -> None:
        held = self._held()
        try:
            self._place.open()
            for uid in self._restore():
                held.pop(uid, None)
            self._progress.update(promised=self._progress.job.arrived + len(held))
            self._need_room(sum(instance.size for instance in held.values()))
            self._write(held)
        except OSError as exc:
            self._discard()
            raise _fault(exc, self._target) from exc
        except ModalittyError:
            self._discard()
            raise
        self._progress.end_by_counts("nothing of it is held here")

    def _held(self) -> dict[str, Instance]:
        held: dict[str, Instance] = {}
        for ref in self._order.refs:
            found = self._tools.archive().instances(ref)
            if not found:
                self._progress.failed(ref.uid, "not held here")
            held.update((instance.sop_instance_uid, instance) for instance in found)
        return held

    def _restore(self) -> Iterator[str]:
        """Find out what an earlier attempt left, and count from there."""
        done = self._progress.done
        arrived = size = 0
        for entry in sorted(done):
            file_id, _, uid = entry.partition(" ")
            there = self._place.size(file_id) if _FILE_ID.fullmatch(file_id) else None
            if there is None:
                done.discard(entry)
                continue
            with self._place.read(file_id) as file:
                described = describe(file, there)
            self._names.restore(described, file_id)
            self._directory.add(described, file_id)
            arrived, size = arrived + 1, size + there
            yield uid
        self._progress.update(arrived=arrived, arrived_bytes=size)

    def _need_room(self, size: int) -> None:
        if is_zip_name(self._target):
            return  # how small it becomes is not known
        free = shutil.disk_usage(self._target).free
        if size > free:
            raise OutOfResourcesError(
                f"{_amount(size)} are to be exported, and {_amount(free)} are free"
                f" on the disk of {self._target}",
                "make room, or export to another disk",
            )

    def _write(self, held: dict[str, Instance]) -> None:
        for instance in held.values():
            if self._progress.stop.is_set():
                break
            try:
                self._copy(instance)
            except _StoppedError:
                break
            except ModalittyError as exc:
                self._progress.failed(instance.sop_instance_uid, str(exc))
        if self._progress.stopped_as in (JobState.PAUSED, JobState.QUEUED):
            self._place.leave()
        elif self._progress.stop.is_set() or not self._progress.job.arrived:
            self._discard()
        else:
            uid = uid_of(self._order.token)
            self._place.finish(self._directory.encode(uid) if self._order.dicomdir else None)

    def _discard(self) -> None:
        self._place.discard()
        self._progress.update(arrived=0, arrived_bytes=0)

    def _copy(self, instance: Instance) -> None:
        with _opened(instance) as file:
            described = _described(file, instance.size)
            file.seek(0)
            file_id = self._names.give(described)
            packed = described.transfer_syntax_uid not in _PLAIN
            self._place.write(file_id, self._chunks(file), instance.size, packed=packed)
        self._directory.add(described, file_id)
        self._progress.arrived(f"{file_id} {instance.sop_instance_uid}", instance.size)

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        stop: threading.Event = self._progress.stop
        chunks = chunks_of(file)
        while True:
            if stop.is_set():
                raise _StoppedError("the export was stopped")
            try:
                chunk = next(chunks, b"")
            except OSError as exc:
                raise _unreadable(exc) from exc
            if not chunk:
                return
            yield chunk


def _amount(size: int) -> str:
    return f"{size >> 20} MiB" if size >> 24 else f"{size >> 10} KiB"


def _opened(instance: Instance) -> BinaryIO:
    try:
        return Path(instance.path).open("rb")
    except OSError as exc:
        raise _unreadable(exc) from exc


def _described(file: BinaryIO, size: int) -> Described:
    try:
        return describe(file, size)
    except OSError as exc:
        raise _unreadable(exc) from exc


def _unreadable(error: OSError) -> _SourceError:
    return _SourceError(f"its file cannot be read: {error.strerror or error}")


def _fault(error: OSError, target: Path) -> ArchiveError:
    if error.errno in _NO_ROOM:
        return OutOfResourcesError(
            f"no room left for {target}", "what was written is removed; choose another disk"
        )
    return ArchiveError(f"cannot export to {target}: {error.strerror or error}")
