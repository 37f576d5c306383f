"""A log of what arrives: one sync makes an object durable, whole, and shares it with others.

An object that is not too large is added to the log with all its bytes, and acknowledged once that
is synced. Its file and its journal line are written meanwhile or a moment later, and synced later
still, many together, by a thread of its own; then the log is emptied. What a crash left in it is
stored again when the archive opens. There are two log files by turns, so that one takes objects
while those of the other are synced.

A station that listens has a log file made ready, by zeros, and under load files are written over:
bytes whose place on the disk is known already cost the file system half of what they cost where
they make the file longer. So each filling has an epoch of its own, and records of another epoch are
what an earlier one left.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from core.archive.arrival_log import LogFile, next_page, records
from core.archive.disk import fault, sync_folder
from core.archive.parcel import Parcel
from core.errors import ArchiveError

log = logging.getLogger(__name__)

_FULL = 32 << 20
_MANY = 8192
"""Records with which it is emptied, however small: who replaces an object waits for that."""
_MOST = 4
"""How many times as long a log file may become where the other one takes long to be emptied."""
_PATIENCE = 10.0  # seconds for those who are still at it when the log is closed
_BREATH = 0.001  # seconds that others have the disk between two pieces of tidying
_BLINK = 0.00001  # and where there are no others
_QUIET = 1.0  # seconds without an arrival after which the log is emptied


class Entry(msgspec.Struct, gc=False):
    """Where a logged object is, and how many records are to be synced for it to be durable."""

    uid: str
    place: str
    file: int
    at: int
    size: int
    number: int
    position: int = 0


class Arrivals:
    """The log. Every method may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        settle: Callable[[Sequence[str]], None],
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        """A log within `folder`; `settle` makes the files of these paths, and the journal, durable.

        `rest` is called when there is nothing to settle for a while.

        Nothing is opened before :meth:`open`, and until then nothing is taken.
        """
        self._state = threading.Condition()
        self._files = tuple(
            LogFile(folder / f"arrivals-{number}", self._state) for number in range(2)
        )
        self._settle = settle
        self._rest = rest
        self._current = 0
        self._usable = self._wanted = self._closing = self._is_tidy = False
        self._number = 0
        self._ready = (0, 0)
        self._making: list[int] = []
        self._last = 0.0
        self._entries: dict[str, list[Entry]] = {}
        self._left: frozenset[str] = frozenset()
        self._thread: threading.Thread | None = None

    # -- opening

    def left_over(self) -> Iterator[bytes]:
        """The objects that a crash left in the log, as whole files, in the order of arrival."""
        with contextlib.ExitStack() as opened:
            logs = []
            for file in self._files:
                with contextlib.suppress(FileNotFoundError):
                    logs.append(records(opened.enter_context(file.path.open("rb"))))
            for _, data in heapq.merge(*logs):
                yield data

    def leave(self, uids: Iterable[str]) -> None:
        """What a crash left of these stays until the next opening, which will store it again."""
        self._left = frozenset(uids)

    def require_not_left(self, uid: str) -> None:
        """Raise ArchiveError where what is done to an object would be undone by :meth:`leave`."""
        if uid in self._left:
            raise ArchiveError(
                "it is in a log of arrivals that could not be emptied when the archive was opened",
                "make room on the disk and start again",
            )

    def open(self) -> None:
        """Begin with an empty log; what was in it is to be durable by now. Raises OSError."""
        for file in self._files:
            file.open()
        sync_folder(self._files[0].path.parent)
        self._usable = True

    def make_ready(self, size: int) -> None:
        """Make `size` bytes ready for a burst, soon: until they are full nothing else is synced."""
        with self._state:
            # The second one takes what comes while the first one is made ready.
            self._ready = (next_page(size), next_page(size // 4))
            self._making = [1, 0]
            self._is_tidy = False
            if self._usable:
                self._wake(first=True, full=False)

    def wait_ready(self, seconds: float) -> None:
        """Return when what :meth:`make_ready` asked for is ready, or after so many seconds."""
        with self._state:
            self._state.wait_for(lambda: not (self._usable and self._making), seconds)

    @property
    def usable(self) -> bool:
        """Whether it takes objects: not before it is open, nor after a sync that failed."""
        return self._usable

    # -- an object's way

    def append(self, uid: str, place: str, parcel: Parcel) -> Entry:
        """Log an object whose file is about to be written to `place`; durable after :meth:`sync`.

        Raises OutOfResourcesError where the disk is full, and then it is not logged.
        """
        checksum = parcel.digest()
        with self._state:
            entry, epoch = self._reserve(uid, place, parcel.size)
            file = self._files[entry.file]
            # With nobody to share a sync with, write and sync are one call.
            alone = file.under_way == 1
        try:
            record = parcel.record(entry.number, epoch, checksum)
            is_synced = file.write(record, entry.at, synced=alone)
        except BaseException as error:
            with self._state:
                file.failed(entry.at, entry.size, entry.number)
                self._drop(entry)
                self._ended(file)
                if alone and getattr(error, "errno", 0) == errno.EIO:
                    self._usable = False  # as where a sync fails
            if isinstance(error, OSError):
                raise fault(error, "store an object") from error
            raise
        with self._state:
            position = file.wrote(record, entry.at)
            entry.position = 0 if is_synced else position
        return entry

    def done(self, entry: Entry) -> None:
        """An object has its place now, or was taken back: its record may be forgotten in time.

        To be said once of each that was appended; until then its file of the log is not emptied.
        """
        with self._state:
            self._ended(self._files[entry.file])

    def _ended(self, file: LogFile) -> None:
        file.under_way -= 1
        if self._closing or file is not self._files[self._current]:
            # It is about to be emptied, and is waited for.
            self._state.notify_all()

    def _reserve(self, uid: str, place: str, size: int) -> tuple[Entry, int]:
        """A place for a record in the file that takes them now, and its epoch."""
        while self._usable and self._is_overfull(self._files[self._current]):
            self._state.wait()
        self._require_usable()
        number = self._current
        file = self._files[number]
        try:
            at, epoch = file.reserve(size)
        except OSError as error:
            raise fault(error, "store an object") from error
        self._number += 1
        entry = Entry(uid, place, number, at, size, self._number)
        self._last = time.monotonic()
        self._is_tidy = False
        first = not self._entries
        self._entries.setdefault(uid, []).append(entry)
        self._wake(first=first, full=self._is_full(file))
        return entry, epoch

    def sync(self, entry: Entry) -> None:
        """Return when an object is durable; simultaneous callers share a sync."""
        file = self._files[entry.file]
        with self._state:
            while file.commit.synced < entry.position:
                self._sync_once(file)

    def _sync_once(self, file: LogFile) -> None:
        """Sync, or wait for who does; more may have come meanwhile."""
        if not file.commit.joined():
            self._require_usable()
            self._lead_sync(file)

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
        self.require_not_left(uid)
        if uid not in self._entries and not any(file.struck for file in self._files):
            return
        with self._state:
            for file in self._files:
                # It may have been deleted a moment ago, and is not to come back either.
                while self._usable and file.struck:
                    self._sync_once(file)
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
            self._usable = False
            # A descriptor that is closed may be somebody else's a moment later.
            self._state.wait_for(
                lambda: not any(file.under_way or file.commit.syncing for file in self._files),
                _PATIENCE,
            )
            is_empty = self._is_empty
            for file in self._files:
                file.close(cut=is_empty)

    def _require_usable(self) -> None:
        if not self._usable:
            raise ArchiveError("the log of arrivals could not be made durable", "see to the disk")

    def _strike(self, entry: Entry) -> None:
        self._files[entry.file].strike(entry.at, entry.size, entry.number)

    def _lead_sync(self, file: LogFile) -> None:
        """Sync for everybody who waits; entered and left with the state held."""
        file.struck = False
        try:
            file.commit.lead(file.sync)
        except BaseException as error:
            self._usable = False
            if isinstance(error, OSError):
                raise fault(error, "store an object") from error
            raise

    # -- emptying

    def _wake(self, *, first: bool, full: bool) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="archive-arrivals", daemon=True)
            self._thread.start()
        elif first or full:
            self._state.notify_all()

    def _run(self) -> None:
        try:
            while (number := self._next()) is not None:
                self._empty(number)
        except (ArchiveError, OSError):
            pass
        except Exception:
            log.exception("the log of arrivals is not emptied any more")
        finally:
            # What the log holds, if anything, is stored again at the next opening.
            with self._state:
                self._usable = False
                self._state.notify_all()

    def _next(self) -> int | None:
        """Wait until a file is to be emptied, and let others use the other one; None at the end."""
        with self._state:
            while (left := self._seconds_left()) > 0:
                self._state.wait(left)
            if self._closing and self._is_empty:
                return None
            number = self._current
            self._current = 1 - number
            self._wanted = False
            # Who waits for room has it now in the other file.
            self._state.notify_all()
            while self._files[number].under_way or self._files[number].commit.syncing:
                self._state.wait()
            # All that is in it was synced by who brought it, and has its place, or was taken back.
            return number

    def _seconds_left(self) -> float:
        """Until the file that takes objects is to be emptied; meanwhile room is made."""
        if self._closing or self._wanted or self._is_full(self._files[self._current]):
            return 0.0
        if self._makes_ready():
            return _BREATH if self._entries else _BLINK
        left = max(0.0, self._last + _QUIET - time.monotonic())
        if left or not self._is_empty:
            return left
        return _BREATH if self._tidy() else threading.TIMEOUT_MAX

    @property
    def _is_empty(self) -> bool:
        return not any(file.size for file in self._files)

    @staticmethod
    def _is_full(file: LogFile) -> bool:
        return file.size >= max(_FULL, file.room) or file.count >= _MANY

    @staticmethod
    def _is_overfull(file: LogFile) -> bool:
        return file.size >= _MOST * max(_FULL, file.room)

    def _empty(self, number: int) -> None:
        file = self._files[number]
        with self._state:
            entries = [e for of_uid in self._entries.values() for e in of_uid if e.file == number]
        self._settle([entry.place for entry in entries])
        file.forget()
        with self._state:
            file.size = file.count = 0
            for entry in entries:
                self._drop(entry)
            self._state.notify_all()

    def _makes_ready(self) -> bool:
        """Do a piece of making a file ready, while the other one takes what comes."""
        for number in self._making:
            if not self._files[number].size:
                if not self._tidied(number, self._ready[number]):
                    # It is ready, or as long as the disk allows.
                    self._current = number
                    self._making.remove(number)
                    self._state.notify_all()
                return True
        return False

    def _tidy(self) -> bool:
        """Do a piece of what is to be done once nothing comes; False where all is done."""
        if self._is_tidy:
            return False
        # Until something comes: into the other file perhaps, while one is tidied.
        self._is_tidy = True
        for number, file in enumerate(self._files):
            if file.size or self._tidied(number, self._ready[number]):
                self._is_tidy = False
                return True
        self._current = 0
        self._rest()
        return True

    def _tidied(self, number: int, room: int) -> bool:
        """Do a piece of tidying an empty file; False where all is done.

        The state is let go meanwhile: what was known of it before is to be looked at again.
        """
        self._current = 1 - number
        self._state.release()
        try:
            return self._files[number].tidy(room)
        except OSError:
            return False  # it goes without
        finally:
            self._state.acquire()

    def _drop(self, entry: Entry) -> bool:
        """Whether an entry was there, and is no more."""
        entries = self._entries.get(entry.uid, [])
        if entry not in entries:
            return False
        entries.remove(entry)
        if not entries:
            del self._entries[entry.uid]
        return True
