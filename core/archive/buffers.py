"""Memory that objects come into, used again: to have it made anew costs more than to fill it."""

from __future__ import annotations

import mmap
from collections import deque


class Buffers:
    """Lends buffers of one size that begin at a memory page; some that came back are kept.

    For any thread.
    """

    def __init__(self, size: int, kept: int = 16) -> None:
        self._size = size
        self._free: deque[memoryview] = deque(maxlen=kept)

    def take(self) -> memoryview:
        """A buffer with anything in it."""
        try:
            return self._free.pop()
        except IndexError:
            return memoryview(mmap.mmap(-1, self._size))

    def give_back(self, buffer: memoryview) -> None:
        """Let others have a buffer that was taken."""
        self._free.append(buffer)
