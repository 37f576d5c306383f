"""Keys that come several at a time, taken one after another.

Textual sends each key at once to what has the focus, and moves the focus, opens screens and runs
bindings later, by messages. Of keys that come in one read, as over a slow line, all would go to the
table that the first of them leaves: what is meant for a field would run commands.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from textual import events
from textual.app import App, ScreenStackError
from textual.command import CommandPalette
from textual.driver import Driver
from textual.screen import Screen

PATIENCE = 2.0
"""Seconds that a key waits for what the one before it began, at most."""
_PAUSE = 0.005
"""Seconds between two looks whether a screen is ready."""


class KeysInOrder(App[object]):
    """An app that takes a key when the one before it has had its effect, and not earlier."""

    typed_before = b""
    """What was typed before the screen stood: it comes before all else."""
    alt_keys: Collection[str] = ()
    """Keys with alt that somebody has chosen; others are escape and a key that came together."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._typed = _Queue(self, super().on_event)

    def get_driver_class(self) -> type[Driver]:
        """Our own reader in place of Textual's, where there is a terminal of the Unix kind."""
        usual = super().get_driver_class()
        if usual.__name__ != "LinuxDriver":
            return usual
        from tui.input_line import InputLine  # not there on Windows

        return InputLine

    async def on_event(self, event: events.Event) -> None:
        """Let keys, clicks and pasted text wait for each other; all else goes on at once."""
        if isinstance(event, (events.InputEvent, events.Paste)) and not event.is_forwarded:
            await self._typed.take(event)
        else:
            await super().on_event(event)


class _Queue:
    """What was typed and waits, in order.

    A key has had its effect when the event loop has nothing left to do: all that follows from it
    (messages from widget to widget, the focus, another screen's parts) is by then done, or waits
    for a thread or a clock. So it hangs on no widget, and none that is busy or gone can hold it up.
    """

    def __init__(
        self, app: App[object], forward: Callable[[events.Event], Awaitable[None]]
    ) -> None:
        self._app = app
        self._forward = forward
        self._waiting: deque[events.Event] = deque()
        self._next: events.Event | None = None
        """The one whose turn it is, on its way through the app's messages."""
        self._busy = False
        self._went = 0.0
        """When the last one had its turn, by the loop's clock."""
        self._told: Screen[Any] | None = None

    async def take(self, event: events.Event) -> None:
        """Hand an event on, or keep it until its turn."""
        loop = asyncio.get_running_loop()
        if event is not self._next and (self._busy or not self._has_turn(event, loop)):
            self._waiting.append(event)
            if not self._busy:
                self._wait(loop)
            return
        self._next = None
        self._busy = True
        try:
            if not self._is_too_early(event):
                await self._forward(event)
        finally:
            self._went = loop.time()
            self._wait(loop)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._busy = True
        loop.call_soon(self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the next one go, or look again when others had their turn."""
        if getattr(loop, "_ready", None) and loop.time() < self._went + PATIENCE:
            loop.call_soon(self._look, loop)
        elif not self._waiting:
            self._busy = False
            self._paint()
        elif not self._has_turn(self._waiting[0], loop):
            loop.call_later(_PAUSE, self._look, loop)
        else:
            self._next = self._waiting.popleft()
            if not self._app.post_message(self._next):
                self._waiting.clear()  # the app ends

    def _paint(self) -> None:
        """Paint what the last one did now; behind a frame of others the next may be two away."""
        with contextlib.suppress(ScreenStackError):  # the app ends
            screen = self._app.screen
            screen.call_later(screen._on_timer_update)

    def _has_turn(self, event: events.Event, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether what `event` would act on is there, or has had time enough."""
        try:
            screen = self._app.screen
        except ScreenStackError:
            return False
        if isinstance(event, events.MouseMove) or loop.time() >= self._went + PATIENCE:
            return True
        if not screen.is_mounted or _is_searching(self._app, screen, event):
            return False
        takes: Callable[[str], bool] | None = getattr(screen, "takes", None)
        return takes is None or takes(event.key if isinstance(event, events.Key) else "")

    def _is_too_early(self, event: events.Event) -> bool:
        """Whether it was typed before a question was to be seen that it would answer."""
        try:
            screen = self._app.screen
        except ScreenStackError:  # the app ends
            return True
        seen_at: float | None = getattr(screen, "seen_at", None)
        if seen_at is None or event.time >= seen_at or isinstance(event, events.MouseMove):
            return False
        if isinstance(event, events.Key) and event.key == "escape":
            return False  # it answers nothing
        if self._told is not screen:
            self._told = screen
            self._app.notify("What was typed before this was asked is no answer.", markup=False)
        return True


def _is_searching(app: App[object], screen: Screen[Any], event: events.Event) -> bool:
    """Whether the palette looks for commands still: enter would run one of those found before."""
    is_text = isinstance(event, events.Key) and event.is_printable
    return (
        isinstance(screen, CommandPalette)
        and not is_text
        and any(worker.node is screen and not worker.is_finished for worker in app.workers)
    )
