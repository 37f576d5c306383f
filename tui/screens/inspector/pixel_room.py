"""What the pixel under the cursor says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from core.model import PixelValue
from core.station import Station
from tui.calls import Calls

Spot = tuple[str, int, int, int]
"""SOP Instance UID, frame, column, row."""


class PixelRoom:
    """Asks for one pixel at a time; while an answer is due only the last wish counts."""

    def __init__(self, station: Station, calls: Calls, changed: Callable[[], None]) -> None:
        self._station, self._calls, self._changed = station, calls, changed
        self._wanted: Spot | None = None
        self._asked: Spot | None = None
        self.value: PixelValue | None = None
        """What the pixel wanted says; None while it is not known."""

    def want(self, spot: Spot | None) -> None:
        """Have the value of a pixel; None for none."""
        if spot != self._wanted:
            self._wanted = spot
            self._ask()
        if spot is None:
            self.value = None

    def _ask(self) -> None:
        if self._asked is not None or self._wanted is None:
            return
        spot = self._asked = self._wanted
        uid, frame, column, row = spot
        self._calls.ask(
            lambda: self._station.objects.pixel(uid, frame=frame, column=column, row=row),
            partial(self._take, spot),
            failed=lambda _: self._take(spot, None),
        )

    def _take(self, spot: Spot, value: PixelValue | None) -> None:
        self._asked = None
        if spot == self._wanted:
            self.value = value
        else:
            self._ask()
        self._changed()
