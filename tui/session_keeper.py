"""Gathers what a session leaves behind, and puts it back when the next one begins."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from tui import kept
from tui.command import MODES, Place
from tui.kept import Kept
from tui.screens.place import PlaceScreen
from tui.widgets.row_table import RowTable, TableState

log = logging.getLogger(__name__)


class SessionKeeper:
    """What the last session left, by place; `word` says where that could not be read."""

    def __init__(self, folder: Path, *, on: bool) -> None:
        self._folder = folder
        self._on = on
        self.last, self.word = kept.load(folder) if on else (Kept(), "")

    @property
    def place(self) -> Place:
        """Where to begin."""
        known = (place for place in MODES if place.value == self.last.place)
        return next(known, Place.NETWORK)

    def theme(self, setting: str) -> str:
        """The theme to begin with: that of the settings where it has changed since."""
        same = self.last.theme_setting == setting
        return self.last.theme if same and self.last.theme else setting

    def put_back(self, screen: PlaceScreen) -> None:
        """Give the tables of a place what they had."""
        name = screen.PLACE.value
        for table in screen.query(RowTable):
            state = self.last.tables.get(f"{name}/{table.id}")
            if state is not None:
                table.restore(state)
        screen.put_back(self.last.places.get(name, {}))

    def keep(
        self,
        place: str,
        screens: Mapping[Place, PlaceScreen],
        *,
        theme: str,
        theme_setting: str,
    ) -> None:
        """Keep this session; places that nobody looked at stay as they were.

        `theme` is empty where it is the one of the settings.
        """
        if not self._on:
            return
        tables = dict(self.last.tables)
        places = dict(self.last.places)
        for screen in (screen for screen in screens.values() if screen.seen):
            tables.update(_tables(screen))
            places[screen.PLACE.value] = screen.to_keep()
        now = Kept(
            place=place,
            theme=theme,
            theme_setting=theme_setting,
            tables={name: state for name, state in tables.items() if state != TableState()},
            places={name: values for name, values in places.items() if values},
        )
        if now != self.last:
            self.last = now
            if fault := kept.save(self._folder, now):
                log.warning("the session is not kept: %s", fault)


def _tables(screen: PlaceScreen) -> Iterable[tuple[str, TableState]]:
    """What was chosen for the tables of a place that have a name."""
    return [(f"{screen.PLACE.value}/{t.id}", t.state) for t in screen.query(RowTable) if t.id]
