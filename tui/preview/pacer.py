"""Lets no more pictures wait in the line than the terminal can take.

Whatever is written waits in queues on its way: on a slow line a person would see what was wanted
half a minute ago. So each picture is followed by the question where the cursor is (DSR 6); a
terminal answers in order, and its answer says that everything before it has been drawn.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from textual.app import App
from textual.timer import Timer

from tui import line
from tui.preview.painter import Painter

QUESTION = "\x1b[6n"
PATIENCE = 10.0
"""Seconds for a first answer; a terminal that gives none is asked no more."""
LOST = 2.0
"""Seconds after which an answer is taken for lost where others came, or so many times their own."""
QUICK = 0.25
"""Seconds for an answer, up to which one more picture may be sent before the answer is there."""
UNSEEN = 1.0
"""Seconds that a picture may take to be written at all: something may lie over it."""
MUTE_PAUSE = 0.1
"""Seconds between two pictures for a terminal that does not answer."""

GoOn = Callable[[], None]


class Seen(Protocol):
    """A view of pictures that knows which of them has been written."""

    @property
    def turn(self) -> int:
        """Grows with each that is to be shown."""
        ...

    @property
    def seen_turn(self) -> int:
        """The turn of the last one written."""
        ...


class Pacer:
    """Says when the next picture may be sent; one view at a time."""

    def __init__(self, app: App[object], painter: Painter) -> None:
        self._app = app
        self._view: Seen | None = None
        self._turn = 0
        self._go_on: GoOn | None = None
        self._asked: deque[float] = deque()
        self._timer: Timer | None = None
        self._has_answered = self._is_mute = False
        self.lag = 0.0
        """Seconds that the last answer took."""
        painter.after = self._look

    def when_seen(self, view: Seen, go_on: GoOn) -> None:
        """Call `go_on` once the terminal has drawn what `view` is to show, or nearly so."""
        self._view, self._turn, self._go_on = view, view.turn, go_on
        self._wait(UNSEEN, self._written)
        self._look()

    def forget(self) -> None:
        """Call nobody any more."""
        self._view = self._go_on = None
        self._wait(0, None)

    def answered(self) -> None:
        """The terminal has answered: it has drawn what came before the question."""
        if self._asked:
            self.lag = time.monotonic() - self._asked.popleft()
            self._has_answered = True
            self._proceed()

    def _look(self) -> None:
        if self._view is not None and self._view.seen_turn >= self._turn:
            self._written()

    def _written(self) -> None:
        """It is on its way, or nothing will be: ask."""
        self._view = None
        driver = self._app._driver
        if self._app.is_headless or driver is None or not line.is_open(self._app):
            self._app.call_later(self._done)
        elif self._is_mute:
            self._wait(MUTE_PAUSE, self._done)
        else:
            driver.write(QUESTION)
            driver.flush()
            self._asked.append(time.monotonic())
            patience = max(LOST, LOST * 4 * self.lag) if self._has_answered else PATIENCE
            self._wait(patience, self._give_up)
            self._proceed()

    def _proceed(self) -> None:
        if self._view is None and len(self._asked) <= (self.lag < QUICK):
            self._done()

    def _give_up(self) -> None:
        self._is_mute = not self._has_answered
        self._asked.clear()
        self._done()

    def _done(self) -> None:
        go_on, self._go_on = self._go_on, None
        if go_on is not None:
            self._wait(0, None)
            go_on()

    def _wait(self, seconds: float, then: GoOn | None) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._app.set_timer(seconds, then) if then else None
