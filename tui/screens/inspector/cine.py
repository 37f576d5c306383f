"""Cine: one picture after another at a rate, as far as line and decoder keep up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

DEFAULT_RATE = 10.0
"""Frames per second of what says nothing about it."""
RATES = (0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 12.5, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0)
"""What faster and slower go through."""
SPAN = 2.0
"""Seconds over which the rate that is achieved is counted."""


class Cine:
    """Calls `advance` with how many pictures to go on, whenever the next one is due.

    `advance` says whether there is anywhere to go. The owner says by :meth:`seen` that the one
    before is on the screen; nothing is due earlier. Where `keeps_time`, what comes too late is left
    out, and otherwise every picture is shown and it takes longer.
    """

    def __init__(self, owner: Widget, advance: Callable[[int], bool]) -> None:
        self._owner, self._advance = owner, advance
        self._timer: Timer | None = None
        self._due = 0.0
        self._times: deque[float] = deque()
        self._own_rate = 0.0
        self.header_rate = 0.0
        """Frames per second that the object asks for, 0 where it does not."""
        self.is_playing = False
        self.sweeps = False
        """Back and forth in place of from the beginning again."""
        self.keeps_time = False

    @property
    def rate(self) -> float:
        """Frames per second wanted: the user's, the object's, or :data:`DEFAULT_RATE`."""
        return self._own_rate or self.header_rate or DEFAULT_RATE

    @rate.setter
    def rate(self, rate: float) -> None:
        self._own_rate = rate
        self._times.clear()

    @property
    def achieved(self) -> float | None:
        """Frames per second seen of late; None while too few are counted."""
        if len(self._times) < 3 or self._times[-1] - self._times[0] < 0.25:
            return None
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])

    def faster(self, step: int) -> None:
        """Take the next rate above, or below where `step` is negative."""
        now = self.rate
        beyond = [rate for rate in RATES if (rate > now if step > 0 else rate < now)]
        if beyond:
            self.rate = beyond[0] if step > 0 else beyond[-1]

    def play(self) -> None:
        """Begin with what is in sight."""
        self.is_playing = True
        self._times.clear()
        self._due = time.monotonic() + 1 / self.rate
        self._wait()

    def stop(self) -> None:
        """Stay with what is in sight."""
        self.is_playing = False
        if self._timer is not None:
            self._timer.stop()

    def seen(self) -> None:
        """The picture before is on the screen: wait until the next one is due."""
        if not self.is_playing:
            return
        now = time.monotonic()
        self._times.append(now)
        while now - self._times[0] > SPAN:
            self._times.popleft()
        self._wait()

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        left = self._due - time.monotonic()
        if left > 0:
            self._timer = self._owner.set_timer(left, self._go)
        else:
            self._owner.call_later(self._go)

    def _go(self) -> None:
        if not self.is_playing:
            return
        late = time.monotonic() - self._due
        steps = 1 + int(max(0.0, late) * self.rate) if self.keeps_time else 1
        self._due += steps / self.rate
        if late > 1 / self.rate:
            self._due = max(self._due, time.monotonic())
        if not self._advance(steps):
            self.stop()


def next_index(
    index: int, direction: int, steps: int, count: int, *, sweeps: bool
) -> tuple[int, int]:
    """Where so many steps lead among `count` pictures, and in which direction it goes on."""
    if count < 2:
        return index, direction
    if not sweeps:
        return (index + steps * direction) % count, direction
    around = 2 * (count - 1)
    place = (index if direction > 0 else around - index) + steps
    place %= around
    if place < count - 1:
        return place, 1
    return around - place, -1
