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

from core.archive.arrival_log import LogFile, records
from core.archive.arrival_pair import LogPair
from core.archive.disk import fault, sync_folder
from core.archive.parcel import Parcel
from core.errors import ArchiveError

log = logging.getLogger(__name__)

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
        self._log = LogPair(folder, self._state)
        self._settle = settle
        self._rest = rest
        self._usable = self._wanted = self._closing = False
        self._number = 0
        self._last = 0.0
        self._entries: dict[str, list[Entry]] = {}
        self._left: frozenset[str] = frozenset()
        self._thread: threading.Thread | None = None

    # -- opening

    def left_over(self) -> Iterator[bytes]:
        """The objects that a crash left in the log, as whole files, in the order of arrival."""
        with contextlib.ExitStack() as opened:
            logs = []
            for file in self._log:
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
        for file in self._log:
            file.open()
        sync_folder(self._log.current.path.parent)
        self._usable = True

    def make_ready(self, size: int) -> None:
        """Make `size` bytes ready for a burst, soon: until they are full nothing else is synced."""
        with self._state:
            self._log.make_ready(size)
            if self._usable:
                self._wake(first=True, full=False)

    def wait_ready(self, seconds: float) -> None:
        """Return when what :meth:`make_ready` asked for is ready, or after so many seconds."""
        with self._state:
            self._state.wait_for(lambda: self._log.is_ready or not self._usable, seconds)

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
            file = self._log[entry.file]
            # With nobody to share a sync with, write and sync are one call.
            alone = file.under_way == 1 and file.is_begun
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
            self._ended(self._log[entry.file])

    def _ended(self, file: LogFile) -> None:
        file.under_way -= 1
        if self._closing or file is not self._log.current:
            # It is about to be emptied, and is waited for.
            self._state.notify_all()

    def _reserve(self, uid: str, place: str, size: int) -> tuple[Entry, int]:
        """A place for a record in the file that takes them now, and its epoch."""
        while self._usable and self._log.is_overfull:
            self._state.wait()
        self._require_usable()
        file, number = self._log.current, self._log.number
        try:
            at, epoch = file.reserve(size)
        except OSError as error:
            raise fault(error, "store an object") from error
        self._number += 1
        entry = Entry(uid, place, number, at, size, self._number)
        self._last = time.monotonic()
        self._log.is_tidy = False
        first = not self._entries
        self._entries.setdefault(uid, []).append(entry)
        self._wake(first=first, full=self._log.is_full)
        return entry, epoch

    def sync(self, entry: Entry) -> None:
        """Return when an object is durable; simultaneous callers share a sync."""
        file = self._log[entry.file]
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

    def sync_struck(self) -> None:
        """Return when what was struck out is so durably."""
        if not any(file.struck for file in self._log):
            return
        with self._state:
            for file in self._log:
                while self._usable and file.struck:
                    self._sync_once(file)

    def wait_settled(self, uid: str) -> None:
        """Return when an object is out of the log, so that it may be replaced by other means."""
        self.require_not_left(uid)
        # It may have been deleted a moment ago, and is not to come back either.
        self.sync_struck()
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
            self._usable = False
            # A descriptor that is closed may be somebody else's a moment later.
            self._state.wait_for(
                lambda: not any(file.under_way or file.commit.syncing for file in self._log),
                _PATIENCE,
            )
            is_empty = self._log.is_empty
            for file in self._log:
                file.close(cut=is_empty)

    def _require_usable(self) -> None:
        if not self._usable:
            raise ArchiveError("the log of arrivals could not be made durable", "see to the disk")

    def _strike(self, entry: Entry) -> None:
        self._log[entry.file].strike(entry.at, entry.size, entry.number)

    def _lead_sync(self, file: LogFile) -> None:
        """Sync for everybody who waits; entered and left with the state held."""
        file.struck = False
        epoch = file.epoch
        try:
            file.commit.lead(file.sync)
            file.began(epoch)
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
            if self._closing and self._log.is_empty:
                return None
            number = self._log.turn()
            file = self._log[number]
            self._wanted = False
            # Who waits for room has it now in the other file.
            self._state.notify_all()
            while file.under_way or file.commit.syncing:
                self._state.wait()
            # All that is in it was synced by who brought it, and has its place, or was taken back.
            return number

    def _seconds_left(self) -> float:
        """Until the file that takes objects is to be emptied; meanwhile room is made."""
        if self._closing or self._wanted or self._log.is_full:
            return 0.0
        if self._log.makes_ready():
            return _BREATH if self._entries else _BLINK
        left = max(0.0, self._last + _QUIET - time.monotonic())
        if left or not self._log.is_empty:
            return left
        return _BREATH if self._tidy() else threading.TIMEOUT_MAX

    def _empty(self, number: int) -> None:
        file = self._log[number]
        with self._state:
            entries = [e for of_uid in self._entries.values() for e in of_uid if e.file == number]
        self._settle([entry.place for entry in entries])
        file.forget()
        with self._state:
            file.size = file.count = 0
            for entry in entries:
                self._drop(entry)
            self._state.notify_all()

    def _tidy(self) -> bool:
        """Do a piece of what is to be done once nothing comes; False where all is done."""
        if self._log.is_tidy:
            return False
        if not self._log.tidies():
            self._rest()
        return True

    def _drop(self, entry: Entry) -> bool:
        """Whether an entry was there, and is no more."""
        entries = self._entries.get(entry.uid, [])
        if entry not in entries:
            return False
        entries.remove(entry)
        if not entries:
            del self._entries[entry.uid]
        return True
