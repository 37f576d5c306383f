"""Memory that objects come into, used again: to have it made anew costs more than to fill it."""

from __future__ import annotations

from collections import deque


class Buffers:
    """Lends buffers of one size; some that came back are kept. For any thread."""

    def __init__(self, size: int, kept: int = 16) -> None:
        self._size = size
        self._free: deque[bytearray] = deque(maxlen=kept)

    def take(self) -> bytearray:
        """A buffer with anything in it."""
        try:
            return self._free.pop()
        except IndexError:
            return bytearray(self._size)

    def give_back(self, buffer: bytearray) -> None:
        """Let others have a buffer that was taken."""
        self._free.append(buffer)
