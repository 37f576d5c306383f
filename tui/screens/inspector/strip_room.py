"""The small pictures of a series beside the picture: when they are there, and what fills them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from core.model import Picture, Rendering
from tui.screens.inspector.loader import PictureLoader, Wish
from tui.widgets.picture_stage import PictureStage
from tui.widgets.thumbnails import EDGE, Thumbnails

_SMALL = Rendering(edge=EDGE)

Place = tuple[str, int]
"""SOP Instance UID and frame."""


class StripRoom:
    """Shows no small pictures, a strip of them below the picture, or many in its place."""

    SHAPES = ("none", "strip", "all")

    def __init__(self, stage: PictureStage, small: Thumbnails, loader: PictureLoader) -> None:
        self._stage, self._small, self._loader = stage, small, loader
        self._series: tuple[object, ...] = ()
        self._place_of: Callable[[int], Place] = lambda _: ("", 0)
        self.shape = "none"

    def turn(self) -> None:
        """Take the next shape."""
        self.become(self.SHAPES[(self.SHAPES.index(self.shape) + 1) % len(self.SHAPES)])

    def become(self, shape: str) -> None:
        """Take a shape; keys go to what there is more to choose from."""
        screen = self._stage.screen
        had_keys = screen.focused in (self._stage, self._small)
        self.shape = shape
        self._small.display = shape != "none"
        self._small.styles.height = self._small.slot[1] if shape == "strip" else "1fr"
        self._stage.display = shape != "all"
        if had_keys:
            screen.set_focus(self._small if shape == "all" else self._stage)

    def follow(
        self, series: tuple[object, ...], count: int, chosen: int, place_of: Callable[[int], Place]
    ) -> None:
        """The picture in sight is this one of so many of a series; `place_of` names each."""
        self._place_of = place_of
        if self.shape == "none":
            self._series = ()
        elif series != self._series:
            self._series = series
            self._small.offer(count, chosen)
        elif self._small.chosen != chosen and not self._small.has_focus:
            self._small.choose(chosen)

    def empty(self) -> None:
        """Forget the small pictures: nothing is to be seen of the series."""
        self._series = ()
        self._small.offer(0, 0)

    def fill(self, indexes: tuple[int, ...]) -> None:
        """Load these, when nothing else is wished."""
        wishes = []
        for index in indexes:
            wish = Wish(*self._place_of(index), _SMALL)
            wishes.append((wish, partial(self._came, index, self._series)))
        self._loader.want_aside(wishes)

    def _came(
        self, index: int, series: tuple[object, ...], _: Wish, picture: Picture | None
    ) -> None:
        if series == self._series:
            self._small.put(index, picture)
