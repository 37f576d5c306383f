"""Files that are written after their objects were acknowledged out of the log of arrivals.

Such an object is durable, and nobody has to wait for its file but who wants to read it. So who
brings it writes the file once the peer has its answer, while the peer makes its next object ready;
who wants to read it earlier writes it himself. What cannot be promised is not put off.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable

from core.archive.parcel import Parcel

_PER_LOOK, _LOOK_AGAIN = 32 << 20, 0.5
"""Bytes that are promised, and seconds that pass, before the disk is looked at again."""
_SPARE_BYTES, _SPARE_FILES = 256 << 20, 1 << 14
"""What is to be left on it: the log grows too, and others write."""

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
        self._done = threading.Condition()

    def put_off(self, place: str, parcel: Parcel) -> bool:
        """Whether the file may be written later; then the parcel is taken over."""
        with self._done:
            if not self._can_promise(parcel.size):
                return False
            self._waiting[place] = parcel.hand_over()
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

    def finish(self, place: str) -> None:
        """Return when nothing is to be written to a place any more, be it in vain."""
        if place not in self._waiting and place not in self._writing:
            return
        with self._done:
            parcel = self._waiting.pop(place, None)
            if parcel is not None:
                self._writing.add(place)
            while parcel is None and place in self._writing:
                self._done.wait()
        if parcel is not None:
            self._write_one(place, parcel)

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

    def _write_one(self, place: str, parcel: Parcel) -> None:
        try:
            self._write(place, parcel.file)
        except OSError as error:
            self._failed[place] = error
            # Half a file is none; the log has the whole.
            with contextlib.suppress(OSError):
                os.unlink(place)  # noqa: PTH108
        finally:
            parcel.let_go()
            with self._done:
                self._writing.discard(place)
                self._done.notify_all()
