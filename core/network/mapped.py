"""The data set in a file as the kernel sends it: mapped a window at a time, never copied."""

from __future__ import annotations

import mmap
import os
import weakref
from pathlib import Path

from core.network.faults import LinkError

WINDOW = 8 << 20
"""Bytes that are mapped at once: what was sent is let go, so that a large file takes no memory."""
_NOTHING = memoryview(b"")


class MappedFile:
    """The bytes of a file from `offset` on, given out as views of at most WINDOW bytes.

    Nothing here looks into them: a file cut short meanwhile is an error of the send, and no SIGBUS.
    A file that is replaced under its name stays the one it was. For one thread.
    """

    def __init__(self, path: Path, offset: int) -> None:
        """Map the first window; raises OSError where the file cannot be read."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, fd)
        self._fd = fd
        self._offset = offset
        self._size = os.fstat(fd).st_size
        self._start, self._window = 0, _NOTHING
        if self._size > offset:
            self._map(offset)

    def __len__(self) -> int:
        return max(0, self._size - self._offset)

    def __getitem__(self, part: slice) -> memoryview:
        """A view, valid as long as it is held; raises LinkError where the file was cut short."""
        first, last, _ = part.indices(len(self))
        start, end = self._offset + first, self._offset + last
        if start < end and (start < self._start or end > self._start + len(self._window)):
            try:
                self._map(start)
            except (OSError, ValueError) as exc:
                raise LinkError("the file was cut short while it was sent") from exc
        return self._window[start - self._start : end - self._start] if start < end else _NOTHING

    def _map(self, position: int) -> None:
        start = position - position % mmap.ALLOCATIONGRANULARITY
        length = min(WINDOW + position - start, self._size - start)
        mapped = mmap.mmap(self._fd, length, access=mmap.ACCESS_READ, offset=start)
        self._start, self._window = start, memoryview(mapped)


DataSet = bytes | memoryview | MappedFile
"""What a message has beside its command set."""
