"""How long a frame may take in the decoding process: a little, and more where there are more bytes.

What a frame claims to be gains it nothing; only bytes that are there do. When the time is over the
process ends, wherever it is: a decoder that hangs in C hears nothing else.
"""

from __future__ import annotations

import signal
import time

SECONDS = 1.5
"""For any frame."""
MOST = 15.0
"""For the largest."""
_BYTES_A_SECOND = 4 << 20
"""Some decoders manage ten times as much."""


def allowed(size: int) -> float:
    """Seconds for a frame of `size` bytes in the file."""
    return min(SECONDS + size / _BYTES_A_SECOND, MOST)


class Patience:
    """A limit of wall time for what the process does; it does nothing before :meth:`begin`."""

    def __init__(self) -> None:
        self._began = 0.0

    def begin(self) -> None:
        """Start to count, for one request."""
        self._began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, SECONDS)

    def extend(self, size: int) -> None:
        """Allow more for a frame of `size` bytes in the file."""
        if self._began:
            left = self._began + allowed(size) - time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))

    def end(self) -> None:
        """Stop counting."""
        if self._began:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._began = 0.0


PATIENCE = Patience()
"""Of this process."""
