"""A log of what arrives: one sync makes an object durable, whole, and shares it with others.

An object that is not too large is added to the log with all its bytes, and acknowledged once that
is synced. Its file and its journal line are written at once but synced later, many together, by a
thread of its own; then the log is emptied. What a crash left in it is stored again when the archive
opens. There are two log files by turns, so that one takes objects while those of the other are
synced.

Under load a log file is not cut when it is emptied, but written over: a sync of bytes whose place
on the disk is known already costs the file system a fraction of one that makes the file longer. So
each filling has an epoch of its own, and records of another epoch are what an earlier one left.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from core.archive.arrival_log import (
    FILLED,
    HEADER,
    LIVE,
    PAGE,
    RECORD,
    STRUCK,
    Whole,
    next_page,
    records,
    write_whole,
)
from core.archive.journal import fault, sync_folder
from core.errors import ArchiveError

LARGEST = 2 << 20
"""Bytes of the largest object that is logged: to write more than that twice costs too much."""

_FULL = 16 << 20
_SMALL = 64 << 10
_AHEAD = bytes(1 << 20)
"""By what small objects make a file longer: one sync pays for the length, many have the use."""
_QUIET = 1.0  # seconds without an arrival after which the log is emptied


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Where a logged object is: file and offset, and the position to sync up to."""

    uid: str
    place: str
    file: int
    at: int
    position: int


class Arrivals:
    """The log. Every method may be called from any thread."""

    def __init__(self, folder: Path, settle: Callable[[Sequence[str]], None]) -> None:
        """A log within `folder`; `settle` makes the files of these paths, and the journal, durable.

        Nothing is opened before :meth:`open`, and until then nothing is taken.
        """
        self._paths = tuple(folder / f"arrivals-{number}" for number in range(2))
        self._settle = settle
        self._state = threading.Condition()
        self._fds: list[int] = []
        self._sizes = [0, 0]
        self._lengths = [0, 0]
        self._epochs = [0, 0]
        self._current = 0
        self._busy = self._usable = self._wanted = self._closing = False
        self._number = self._synced = 0
        self._last = 0.0
        self._entries: dict[str, list[Entry]] = {}
        self._thread: threading.Thread | None = None

    # -- opening

    def left_over(self) -> Iterator[bytes]:
        """The objects that a crash left in the log, as whole files, in the order of arrival."""
        with contextlib.ExitStack() as opened:
            logs = []
            for path in self._paths:
                with contextlib.suppress(FileNotFoundError):
                    logs.append(records(opened.enter_context(path.open("rb"))))
            for _, data in heapq.merge(*logs):
                yield data

    def open(self) -> None:
        """Begin with an empty log; what was in it is to be durable by now. Raises OSError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        for path in self._paths:
            self._fds.append(os.open(path, flags, 0o600))
            os.fsync(self._fds[-1])
        sync_folder(self._paths[0].parent)
        self._usable = True

    @property
    def usable(self) -> bool:
        """Whether it takes objects: not before it is open, nor after a sync that failed."""
        return self._usable

    # -- an object's way

    def append(self, uid: str, place: str, data: Whole) -> Entry:
        """Log an object that is about to be written to `place`; durable after :meth:`sync`.

        Raises OutOfResourcesError where the disk is full, and then it is not logged.
        """
        with self._state:
            self._require_usable()
            file = self._current
            at, number = self._sizes[file], self._number + 1
            try:
                if not at:
                    at = self._begin(file)
                record = RECORD.pack(LIVE, len(data.bytes), data.crc, number, self._epochs[file])
                write_whole(self._fds[file], (record, data.bytes), at)
            except OSError as error:
                # What was written of it is no record, and is written over by the next one.
                raise fault(error, "store an object") from error
            self._sizes[file] = end = next_page(at + len(record) + len(data.bytes))
            self._grow(file, at, end)
            self._number = number
            entry = Entry(uid, place, file, at, number)
            self._last = time.monotonic()
            first = not self._entries
            self._entries.setdefault(uid, []).append(entry)
            self._wake(first=first, full=self._sizes[file] >= _FULL)
            return entry

    def _begin(self, file: int) -> int:
        """Begin to fill an empty file; where its first record goes."""
        self._epochs[file] = epoch = int.from_bytes(os.urandom(8), "little")
        write_whole(self._fds[file], (HEADER.pack(FILLED, epoch),), 0)
        return PAGE

    def _grow(self, file: int, at: int, end: int) -> None:
        """Where a small object made a file longer, make it longer for those that follow."""
        if end <= self._lengths[file]:
            return
        self._lengths[file] = end
        if end - at <= _SMALL:
            # A disk too full for that may well have room for what comes.
            with contextlib.suppress(OSError):
                self._lengths[file] += os.pwrite(self._fds[file], _AHEAD, end)

    def sync(self, entry: Entry) -> None:
        """Return when an object is durable; simultaneous callers share a sync."""
        with self._state:
            while self._synced < entry.position:
                if self._busy:
                    self._state.wait()
                    continue
                self._require_usable()
                self._lead_sync()

    def take_back(self, entry: Entry) -> None:
        """Strike out an object that could not be stored after all."""
        with self._state:
            if self._drop(entry):
                self._strike(entry)

    def strike_out(self, uid: str) -> None:
        """Forget an object that is being deleted, so that it does not come back."""
        if uid in self._entries:
            with self._state:
                for entry in self._entries.pop(uid, ()):
                    self._strike(entry)

    def wait_settled(self, uid: str) -> None:
        """Return when an object is out of the log, so that it may be replaced by other means."""
        if uid not in self._entries:
            return
        with self._state:
            while uid in self._entries:
                self._require_usable()
                self._wanted = True
                self._state.notify_all()
                self._state.wait()

    def close(self) -> None:
        """Make everything durable outside of the log, and let it go."""
        with self._state:
            self._closing = True
            self._state.notify_all()
        if self._thread is not None:
            self._thread.join()
        with self._state:
            for fd in self._fds:
                if not any(self._sizes):
                    os.ftruncate(fd, 0)
                os.close(fd)
            self._fds.clear()
            self._usable = False

    def _require_usable(self) -> None:
        if not self._usable:
            raise ArchiveError("the log of arrivals could not be made durable", "see to the disk")

    def _strike(self, entry: Entry) -> None:
        # In place: needs no room on the disk.
        with contextlib.suppress(OSError):
            os.pwrite(self._fds[entry.file], STRUCK, entry.at)

    def _lead_sync(self) -> None:
        """Sync for everybody who waits; entered and left with the state held."""
        self._busy = True
        target, fd = self._number, self._fds[self._current]
        self._state.release()
        failure: OSError | None = None
        try:
            os.fdatasync(fd)
        except OSError as error:
            failure = error
        self._state.acquire()
        self._busy = False
        self._state.notify_all()
        if failure is not None:
            # The kernel forgets what it could not write, so a second sync that succeeds would lie.
            self._usable = False
            raise fault(failure, "store an object") from failure
        self._synced = target

    # -- emptying

    def _wake(self, *, first: bool, full: bool) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="archive-arrivals", daemon=True)
            self._thread.start()
        elif first or full:
            self._state.notify_all()

    def _run(self) -> None:
        try:
            while (file := self._next()) is not None:
                self._empty(file)
        except (ArchiveError, OSError):
            # What the log holds is stored again at the next opening.
            with self._state:
                self._usable = False
                self._state.notify_all()

    def _next(self) -> int | None:
        """Wait until the log is to be emptied, and let others use the other file; None at the end.

        Raises OSError.
        """
        with self._state:
            while self._busy or (left := self._seconds_left()) > 0:
                self._state.wait(None if self._busy or not self._entries else left)
            if self._closing and not any(self._sizes):
                return None
            file = self._current
            os.fdatasync(self._fds[file])
            self._synced = self._number
            self._current = 1 - file
            self._wanted = False
            return file

    def _seconds_left(self) -> float:
        if self._closing or self._wanted or self._sizes[self._current] >= _FULL:
            return 0.0
        return max(0.0, self._last + _QUIET - time.monotonic()) if self._entries else _QUIET

    def _empty(self, file: int) -> None:
        with self._state:
            of_file = [e for entries in self._entries.values() for e in entries if e.file == file]
            under_load = self._sizes[file] >= _FULL and not self._closing
        self._settle([entry.place for entry in of_file])
        if under_load:
            self._forget(file)
        else:
            self._cut(file)
        with self._state:
            self._sizes[file] = 0
            for entry in of_file:
                self._drop(entry)
            self._state.notify_all()

    def _forget(self, file: int) -> None:
        """Make the records of a file invalid, but keep its room on the disk, within bounds."""
        fd = self._fds[file]
        os.pwrite(fd, bytes(HEADER.size), 0)
        if os.fstat(fd).st_size > _FULL + LARGEST:
            os.ftruncate(fd, _FULL)
            self._lengths[file] = _FULL
        os.fdatasync(fd)

    def _cut(self, file: int) -> None:
        """Give the room of a file back, and of the other one where it is empty."""
        with self._state:
            for number in (file, 1 - file):
                if number == file or not self._sizes[number]:
                    os.ftruncate(self._fds[number], 0)
                    self._lengths[number] = 0
        for fd in self._fds:
            os.fsync(fd)

    def _drop(self, entry: Entry) -> bool:
        """Whether an entry was there, and is no more."""
        entries = self._entries.get(entry.uid, [])
        if entry not in entries:
            return False
        entries.remove(entry)
        if not entries:
            del self._entries[entry.uid]
        return True
