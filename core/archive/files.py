"""Objects on disk: where each has its place, and how it gets there whole or not at all.

What was in the log of arrivals is written straight to its place. A larger file is written under
`incoming/`, synced, and then linked to its place, so that this is taken at once or not at all. The
name under `incoming/` goes only after the journal has the object, so a file there with two names,
found when the archive opens, was put but perhaps not indexed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from core.archive.apart import write_new
from core.archive.disk import sync_folder
from core.archive.entities import Held
from core.archive.helper import Helper
from core.archive.late import LateFiles
from core.archive.parcel import Parcel

_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)
_REMEMBERED = 4096
_OTHER = "other"
_LAG, _NAP = 0.5, 0.01
"""Seconds that a file comes later than its record, at most, and between looks for it."""


def is_valid_uid(uid: str) -> bool:
    """True for a UID as PS3.5 9.1 has it: at most 64 characters, digits and dots."""
    return len(uid) <= 64 and _is_made_of_numbers(uid)


@lru_cache(4096)
def _is_made_of_numbers(uid: str) -> bool:
    return _UID.fullmatch(uid) is not None


class ObjectFiles:
    """The folders `objects/` and `incoming/` of an archive."""

    def __init__(self, folder: Path) -> None:
        self.objects = folder / "objects"
        self.incoming = folder / "incoming"
        self._root = str(self.objects)
        self._numbers = itertools.count()
        self._folders = threading.Lock()
        self._durable: OrderedDict[str, None] = OrderedDict()
        self._late = LateFiles(self._root, self.write)
        self._syncer = Helper()

    def create(self) -> None:
        """Make the folders where they are missing."""
        for folder in (self.objects, self.incoming):
            folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(self.objects.parent)

    def close(self) -> None:
        """Write what is to be written, and let go of what helps."""
        self._late.close()
        self.rest()

    def rest(self) -> None:
        """Let go of what helps to sync many files, for now."""
        self._syncer.close()

    def place(self, study_uid: str, series_uid: str, sop_instance_uid: str) -> str:
        """Absolute path of an object's file.

        Where any of its UIDs is none, the name is made of their hash, in a folder of its own.
        """
        if is_valid_uid(study_uid) and is_valid_uid(series_uid) and is_valid_uid(sop_instance_uid):
            return f"{self._root}/{study_uid}/{series_uid}/{sop_instance_uid}.dcm"
        name = "\0".join((study_uid, series_uid, sop_instance_uid)).encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(name).hexdigest()
        return f"{self._root}/{_OTHER}/{digest[:2]}/{digest}.dcm"

    def place_of(self, held: Held) -> str:
        """Where an instance's file is; one that is still to be written is written first."""
        place = self.future_place_of(held)
        self._late.finish(place)
        return place

    def future_place_of(self, held: Held) -> str:
        """Where an instance's file is, or will be."""
        series = held.series
        return self.place(series.study.uid, series.uid, held.sop_instance_uid)

    def new_temp(self) -> tuple[int, str]:
        """An empty file under `incoming/`: descriptor and path."""
        path = self._new_name()
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return os.open(path, flags, 0o600), path

    def _new_name(self) -> str:
        return f"{self.incoming}/{os.getpid()}-{next(self._numbers)}.part"

    def put(self, temp: str, place: str) -> None:
        """Give a synced file its place, over what may lie there; see :meth:`sync_name`.

        The name under `incoming/` stays, where the file system knows hard links.
        """
        folder = os.path.dirname(place)  # noqa: PTH120  once per object received
        self._make_durable(folder)
        try:
            _link(temp, place)
        except FileNotFoundError:
            # Deleting the series' last object took the folder away in between.
            self._forget(folder)
            self._make_durable(folder)
            _link(temp, place)

    def sync_name(self, place: str) -> None:
        """Make the name that :meth:`put` gave durable."""
        _sync_folder_if_there(os.path.dirname(place))  # noqa: PTH120

    def write(self, place: str, data: bytes | memoryview) -> None:
        """Write a whole object to its place, over what may lie there; nothing of it is synced."""
        try:
            write_new(place, data)
        except FileNotFoundError:
            with self._folders:
                os.makedirs(os.path.dirname(place), 0o700, exist_ok=True)  # noqa: PTH103, PTH120
                write_new(place, data)
        except FileExistsError:
            self._write_over(place, data)
        self._late.written(place)

    def write_later(self, place: str, parcel: Parcel) -> None:
        """The same, but by :meth:`finish` where it can be promised; the parcel is empty then."""
        if not self._late.put_off(place, parcel):
            self.write(place, parcel.file)

    @staticmethod
    def wait_for(places: Iterable[str]) -> None:
        """Return when these files are there, or after a moment: beside who receives one may lag."""
        deadline = time.monotonic() + _LAG
        for place in places:
            while not os.path.exists(place) and time.monotonic() < deadline:  # noqa: PTH110
                time.sleep(_NAP)

    def finish(self, place: str) -> None:
        """Write what :meth:`write_later` put off."""
        self._late.finish(place)

    def go_on(self, place: str) -> None:
        """The same, or have it written in a moment."""
        self._late.go_on(place)

    def finish_all(self) -> None:
        """Write all that was put off until now."""
        self._late.finish_all()

    def _write_over(self, place: str, data: bytes | memoryview) -> None:
        temp = self._new_name()
        try:
            write_new(temp, data)
            os.replace(temp, place)  # noqa: PTH105
        except OSError:
            self.drop(temp)
            raise

    def sync(self, places: Iterable[str]) -> None:
        """Make objects in their places durable; those that are gone meanwhile are passed over."""
        places = list(places)
        self._late.require(places)
        folders = {str(self.objects)}
        for place in places:
            folder = os.path.dirname(place)  # noqa: PTH120
            folders |= {folder, os.path.dirname(folder)}  # noqa: PTH120
        self._syncer.sync(places, list(folders))

    def remove(self, place: str) -> None:
        """Take an object's file away, and its folders where they become empty."""
        self._late.forget(place)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)  # noqa: PTH108
        folder = Path(place).parent
        with self._folders:
            for empty in (folder, folder.parent):
                if empty == self.objects:
                    break
                self._durable.pop(str(empty), None)
                try:
                    empty.rmdir()
                except OSError:
                    break

    def set_aside(self, place: str) -> str:
        """Move the file of an object that is being deleted under `incoming/`; its name there."""
        path = f"{self.incoming}/{os.getpid()}-{next(self._numbers)}.gone"
        os.rename(place, path)  # noqa: PTH104
        return path

    def bring_back(self, aside: str, place: str) -> None:
        """Undo :meth:`set_aside`."""
        os.replace(aside, place)  # noqa: PTH105

    def drop(self, path: str) -> None:
        """Remove a file under `incoming/`; one that is gone already is no fault."""
        with contextlib.suppress(OSError):
            os.unlink(path)  # noqa: PTH108

    def leftovers(self) -> list[tuple[Path, int]]:
        """The files under `incoming/` that an earlier run left, each with its number of names."""
        found = []
        for path in sorted(self.incoming.iterdir()):
            with contextlib.suppress(OSError):
                found.append((path, path.lstat().st_nlink))
        return found

    def all_files(self) -> Iterator[Path]:
        """Every file under `objects/`, links not followed."""
        for folder, _, names in os.walk(self.objects):
            for name in names:
                path = Path(folder, name)
                if path.suffix == ".dcm" and not path.is_symlink():
                    yield path

    def _make_durable(self, folder: str) -> None:
        with self._folders:
            if folder in self._durable:
                return
            path = Path(folder)
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for above in (path.parent, path.parent.parent):
                sync_folder(above)
                if above == self.objects:
                    break
            self._durable[folder] = None
            if len(self._durable) > _REMEMBERED:
                self._durable.popitem(last=False)

    def _forget(self, folder: str) -> None:
        with self._folders:
            self._durable.pop(folder, None)


def _sync_folder_if_there(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        sync_folder(Path(path))


def _link(temp: str, place: str) -> None:
    try:
        try:
            os.link(temp, place)
        except FileExistsError:
            # Under a name of its own first: rename puts it over the old file in one step.
            second = f"{temp}.new"
            os.link(temp, second)
            os.replace(second, place)  # noqa: PTH105
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.replace(temp, place)  # noqa: PTH105
