"""What a view is to show: a picture, which part of it, and what is drawn over it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

from core.model import Picture
from tui.preview.block import Line, block_grid, block_lines
from tui.preview.graphics import Drawing, draw
from tui.preview.marks import NO_MARKS, Marks
from tui.preview.terminal import Terminal
from tui.preview.viewport import WHOLE, Grid, Placement, Viewport, place

_turns = itertools.count(1)


@dataclass(frozen=True, eq=False)
class Sight:
    """One thing to show; `coarse` draws it with half as many pixels each way, where it has many.

    `turn` grows from one to the next, so that it can be told what has been seen.
    """

    picture: Picture
    viewport: Viewport = WHOLE
    marks: Marks = NO_MARKS
    coarse: bool = False
    turn: int = field(default_factory=lambda: next(_turns))

    def placement(self, columns: int, rows: int, terminal: Terminal, *, graphic: bool) -> Placement:
        """What of the picture so many cells show; `graphic` where the terminal draws pixels."""
        grid = self.grid((columns, rows), terminal, graphic=graphic)
        return place(self.picture, grid, terminal.cell, self.viewport)

    @staticmethod
    def grid(cells: tuple[int, int], terminal: Terminal, *, graphic: bool) -> Grid:
        """The pixels that so many columns and rows of cells have."""
        if graphic:
            return Grid(*cells, *terminal.cell)
        return block_grid(*cells, terminal.depth)

    def lines(
        self, columns: int, rows: int, terminal: Terminal, *, graphic: bool = False
    ) -> list[Line]:
        """It as characters; `graphic` where they stand in for pixels and show the same part."""
        viewport = self.viewport
        if graphic:
            across = self.grid((1, 1), terminal, graphic=False).across
            viewport = replace(viewport, zoom=viewport.zoom * across / terminal.cell[0])
        return block_lines(
            self.picture, columns, rows, terminal.cell, terminal.depth, viewport, self.marks
        )

    def drawing(self, columns: int, rows: int, terminal: Terminal, number: int) -> Drawing:
        """It as pixels, by the terminal's protocol."""
        return draw(
            self.picture,
            columns,
            rows,
            terminal,
            number,
            self.viewport,
            self.marks,
            coarse=self.coarse,
        )
