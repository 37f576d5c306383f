"""Pictures made of pixels: which cells one takes, and the escapes that draw it there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.model import Picture
from core.settings import Protocol
from tui.preview import iterm2, kitty, sixel
from tui.preview.marks import NO_MARKS, Marks, lettered, marked
from tui.preview.scale import centred, seen
from tui.preview.terminal import Terminal
from tui.preview.viewport import WHOLE, Grid, Viewport, place

if TYPE_CHECKING:
    from PIL.Image import Image

Piece = tuple[int, int, str]
"""Column and row of its first cell, counted from the picture's, and the escapes that draw it."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture ready to be written: the cells it takes, and pieces for the places among them.

    Every drawing is its own: two are the same only where they are one object.
    """

    columns: int
    rows: int
    pieces: tuple[Piece, ...]

    def at(self, column: int, row: int) -> str:
        """Escapes that put it on the screen, its first cell at these, counted from 0."""
        return "".join(
            f"\x1b[{row + down + 1};{column + across + 1}H{escapes}"
            for across, down, escapes in self.pieces
        )


def draw(
    picture: Picture,
    columns: int,
    rows: int,
    terminal: Terminal,
    number: int,
    viewport: Viewport = WHOLE,
    marks: Marks = NO_MARKS,
    *,
    coarse: bool = False,
) -> Drawing:
    """The part of the picture that `viewport` asks for, as large as the cells offered allow.

    `number` names the image where the protocol can name one: drawing another by the same number
    replaces it. `coarse` sends a quarter of the pixels. May take some tenths of a second for a
    large sixel picture.
    """
    offered = Grid(columns, rows, *terminal.cell)
    if coarse:
        offered = Grid(columns, rows, *(max(1, side // 2) for side in terminal.cell))
        viewport = replace(viewport, zoom=viewport.zoom * offered.across / terminal.cell[0])
    image, grid = composed(picture, offered, terminal, viewport, marks)
    if coarse and terminal.protocol is Protocol.SIXEL:
        image = _enlarged(image, grid, terminal)  # it has no size but that of its pixels
    return Drawing(grid.columns, grid.rows, _pieces(image, grid, terminal, number))


def _enlarged(image: Image, grid: Grid, terminal: Terminal) -> Image:
    from PIL.Image import Resampling

    size = grid.columns * terminal.cell[0], grid.rows * terminal.cell[1]
    return image.resize(size, Resampling.NEAREST)


def composed(
    picture: Picture,
    offered: Grid,
    terminal: Terminal,
    viewport: Viewport = WHOLE,
    marks: Marks = NO_MARKS,
) -> tuple[Image, Grid]:
    """What is to be seen with everything over it, in as few cells as it needs, and those cells."""
    placement = place(picture, offered, terminal.cell, viewport)
    image = marked(seen(picture, placement), picture, placement, marks, offered)
    return centred(lettered(image, marks, offered), offered)


def _pieces(image: Image, grid: Grid, terminal: Terminal, number: int) -> tuple[Piece, ...]:
    if terminal.protocol is Protocol.SIXEL:
        return sixel.tiles(image, terminal.registers, terminal.cell, terminal.largest)
    if terminal.protocol is Protocol.KITTY:
        z = kitty.UNDER_EVERYTHING if terminal.under_text else 0
        return ((0, 0, kitty.draw(image, grid.columns, grid.rows, number, z)),)
    return ((0, 0, iterm2.draw(image, grid.columns, grid.rows)),)
