"""Builds the places that nobody has gone to yet, so that the first key to one finds it standing."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable, Mapping

from textual.app import App

from tui.command import MODES, Place
from tui.screens.place import PlaceScreen

QUIET = 0.5
"""Seconds without a key or the mouse until a place may be built: a key would wait for it."""
REST = 0.1
"""Seconds between one piece of work and the next, for whatever else there is to do."""


class Ahead:
    """Has `build` make one place after another that is not in `places`, while nobody types.

    Nothing is built behind a dialog or an inspector: what one does there comes first.
    """

    def __init__(
        self,
        app: App[object],
        places: Mapping[Place, PlaceScreen],
        build: Callable[[Place], Awaitable[object]],
    ) -> None:
        self._app = app
        self._places = places
        self._build = build
        self._busy_until = 0.0

    def begin(self) -> None:
        """Build what is missing, from now on."""
        self.hold()
        self._later(QUIET)

    def hold(self) -> None:
        """Take note that somebody is typing."""
        self._busy_until = time.monotonic() + QUIET

    def _later(self, seconds: float) -> None:
        self._app.set_timer(seconds, self._go_on)

    async def _go_on(self) -> None:
        place = next((place for place in MODES if not self._stands(place)), None)
        wait = self._busy_until - time.monotonic()
        if wait > 0:
            self._later(wait)
        elif place is None:
            # They stay: to look through them for garbage would hold a key up now and then.
            gc.collect()
            gc.freeze()
        elif not isinstance(self._app.screen, PlaceScreen):
            self._later(QUIET)
        else:
            if place in self._places:
                self._places[place].lay_out()
            else:
                await self._build(place)
            self._later(REST)

    def _stands(self, place: Place) -> bool:
        return place in self._places and self._places[place].stands
