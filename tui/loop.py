"""The screen's event loop: it gives the interpreter away where it waits, and not in between."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import time
from collections.abc import Iterator

TURN = 0.005
"""Seconds of work after which the loop looks at its files though more work is waiting.

As long as Python lets a thread that computes go on while others wait (`sys.getswitchinterval`).
"""


class PatientSelector(selectors.DefaultSelector):
    """Looks at its files only when the loop has nothing to do, or has been at work for a while.

    Each look gives the interpreter away; where many threads receive, to get it back takes longer
    than all that a key has to do, and asyncio looks before each callback. What other threads hand
    to the loop needs no look, and is not late for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._looked = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready within `timeout` seconds; nothing where a look may wait."""
        if timeout is not None and timeout <= 0 and time.monotonic() < self._looked + TURN:
            return []
        ready = super().select(timeout)
        self._looked = time.monotonic()
        return ready


class _Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(PatientSelector())


@contextlib.contextmanager
def patient_loop() -> Iterator[None]:
    """Have `asyncio.run` use such a loop; all else it does stays as it is."""
    before = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(_Policy())
    try:
        yield
    finally:
        asyncio.set_event_loop_policy(before)
