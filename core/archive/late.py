"""Files that are written after their objects were acknowledged out of the log of arrivals.

Such an object is durable, and nobody has to wait for its file but who wants to read it. So who
brings it writes the file once the peer has its answer, while the peer makes its next object ready;
who wants to read it earlier writes it himself. Small objects that come in numbers are left to a
process apart, by the dozen: to make a file for one takes longer than all else. What cannot be
promised is not put off.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from core.archive.helper import Helper
from core.archive.parcel import Parcel

log = logging.getLogger(__name__)

_PER_LOOK, _LOOK_AGAIN = 32 << 20, 0.5
"""Bytes that are promised, and seconds that pass, before the disk is looked at again."""
_SPARE_BYTES, _SPARE_FILES = 256 << 20, 1 << 14
"""What is to be left on it: the log grows too, and others write."""

_SMALL = 64 << 10
_IN_NUMBERS = 0.02  # seconds after the one before, at most
_BATCH, _MOST = 64, 512  # files
_NAP = 0.05  # seconds until a batch goes that is not whole
_PASSING = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS))
_PATIENCE = 10.0  # seconds
_IDLE = 2.0  # seconds without work after which thread and process end

Write = Callable[[str, memoryview], None]


class LateFiles:
    """Files that are still to be written. Every method may be called from any thread."""

    def __init__(self, folder: str, write: Write) -> None:
        """Write by `write(place, data)`, which raises OSError, to places under `folder`."""
        self._folder = folder
        self._write = write
        self._waiting: dict[str, Parcel] = {}
        self._writing: set[str] = set()
        self._failed: dict[str, OSError] = {}
        self._promised, self._looked, self._has_room = 0, -_LOOK_AGAIN, False
        self._lock = threading.Lock()
        self._done = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        self._left: deque[str] = deque()
        """Places that are left to the thread below."""
        self._last = 0.0
        self._helper = Helper()
        self._thread: threading.Thread | None = None
        self._closing = False

    def put_off(self, place: str, parcel: Parcel) -> bool:
        """Whether the file may be written later; then the parcel is taken over."""
        with self._lock:
            if not self._can_promise(parcel.size):
                return False
            self._waiting[place] = parcel.hand_over(copied=parcel.size <= _SMALL)
        return True

    def _can_promise(self, size: int) -> bool:
        if self._failed:
            return False
        if self._promised + size > _PER_LOOK or time.monotonic() > self._looked + _LOOK_AGAIN:
            self._look_at_disk()
        self._promised += size
        return self._has_room

    def _look_at_disk(self) -> None:
        self._looked, self._promised = time.monotonic(), 0
        try:
            disk = os.statvfs(self._folder)
        except OSError:
            self._has_room = False
            return
        files_left = not disk.f_files or disk.f_favail > _SPARE_FILES  # btrfs does not count them
        self._has_room = files_left and disk.f_bavail * disk.f_frsize > _SPARE_BYTES

    def go_on(self, place: str) -> None:
        """Write a file that was put off, or leave it to who writes many."""
        parcel = self._waiting.get(place)
        if parcel is None:
            return
        now = time.monotonic()
        in_numbers, self._last = now < self._last + _IN_NUMBERS, now
        if not in_numbers or parcel.size > _SMALL or len(self._left) >= _MOST:
            self.finish(place)
            return
        with self._lock:
            self._left.append(place)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="archive-files", daemon=True)
                self._thread.start()
            elif len(self._left) in (1, _BATCH):
                self._work.notify()

    def finish(self, place: str) -> None:
        """Return when nothing is to be written to a place any more, be it in vain."""
        if place not in self._waiting and place not in self._writing:
            return
        with self._done:
            parcel = self._waiting.get(place)
            if parcel is not None:
                # In this order: others look without the lock.
                self._writing.add(place)
                del self._waiting[place]
            while parcel is None and place in self._writing:
                self._done.wait()
        if parcel is not None:
            self._write_all([(place, parcel)])

    def finish_all(self) -> None:
        """Return when all that was left to others by now is written."""
        with self._lock:
            places = [*self._left, *self._writing]
        # Those that were left last: others are at the first ones.
        for place in reversed(places):
            self.finish(place)

    def require(self, places: Iterable[str]) -> None:
        """Return when all these are written; raises the OSError of one that could not be."""
        for place in places:
            self.finish(place)
            if place in self._failed:
                raise self._failed[place]

    def forget(self, place: str) -> None:
        """Write nothing there any more, and hold it against nobody that it could not be written."""
        self.finish(place)
        self._failed.pop(place, None)

    def written(self, place: str) -> None:
        """A file was written there after all."""
        self._failed.pop(place, None)

    def close(self) -> None:
        """End what helps; nobody puts files off any more."""
        with self._lock:
            self._closing = True
            self._work.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            written = self._written_apart(batch)
            self._written(batch[:written])
            # Too few for a process, or something is in its way.
            self._write_all(batch[written:])
        self._helper.close()

    def _written_apart(self, batch: Sequence[tuple[str, Parcel]]) -> int:
        try:
            return self._helper.write([(place, parcel.file) for place, parcel in batch])
        except Exception:
            log.exception("no process can be had to write files")
            return 0

    def _next_batch(self) -> list[tuple[str, Parcel]]:
        """What is to be written now, waited for; nothing once the thread is to end."""
        with self._lock:
            while True:
                if not self._left and not self._closing:
                    self._work.wait(_IDLE)
                if not self._left:
                    self._thread = None
                    return []
                if len(self._left) < _BATCH and not self._closing:
                    self._work.wait(_NAP)
                places = [self._left.popleft() for _ in range(min(len(self._left), _BATCH))]
                batch = [(p, self._waiting[p]) for p in places if p in self._waiting]
                self._writing.update(place for place, _ in batch)
                for place, _ in batch:
                    del self._waiting[place]
                if batch:
                    return batch

    def _write_all(self, files: Sequence[tuple[str, Parcel]]) -> None:
        for place, parcel in files:
            try:
                self._write_patiently(place, parcel)
            except OSError as error:
                self._failed[place] = error
            finally:
                self._written([(place, parcel)])

    def _write_patiently(self, place: str, parcel: Parcel) -> None:
        """Write a file, again and again for a while where what is lacking may come back."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._write(place, parcel.file)
            except OSError as error:
                # Half a file is none; the log has the whole.
                with contextlib.suppress(OSError):
                    os.unlink(place)  # noqa: PTH108
                if error.errno not in _PASSING or time.monotonic() > deadline:
                    raise
                time.sleep(_NAP)
            else:
                return

    def _written(self, files: Sequence[tuple[str, Parcel]]) -> None:
        for _, parcel in files:
            parcel.let_go()
        with self._done:
            self._writing.difference_update(place for place, _ in files)
            self._done.notify_all()
