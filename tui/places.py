"""The screen of each place, loaded when somebody goes there: the first frame needs one of them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from tui.command import Place

if TYPE_CHECKING:
    from tui.screens.place import PlaceScreen

SCREENS: Mapping[Place, str] = {
    Place.NETWORK: "network:NetworkScreen",
    Place.QUERY: "query:QueryScreen",
    Place.TRANSFERS: "transfers:TransfersScreen",
    Place.ARCHIVE: "archive:ArchiveScreen",
    Place.TRAFFIC: "traffic:TrafficScreen",
    Place.SETTINGS: "settings:SettingsScreen",
}
"""Place → its module in :mod:`tui.screens`, and its class."""


def screen_of(place: Place) -> type[PlaceScreen]:
    """The class of a place's screen; its module is loaded when it is asked for first."""
    module, _, name = SCREENS[place].partition(":")
    found: type[PlaceScreen] = getattr(import_module(f"tui.screens.{module}"), name)
    return found


def load_all() -> None:
    """Load what is not loaded yet, so that no key waits for it; for a thread."""
    for place in SCREENS:
        screen_of(place)
