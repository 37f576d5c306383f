"""Pictures made of pixels: which cells one takes, and the escapes that draw it there."""

from __future__ import annotations

from core.model import Picture
from core.settings import Protocol
from tui.preview import iterm2, kitty, sixel
from tui.preview.scale import Grid, fit, fitted
from tui.preview.terminal import Terminal


def extent(picture: Picture, columns: int, rows: int, terminal: Terminal) -> tuple[int, int]:
    """How many columns and rows of those offered a picture takes."""
    grid = _grid(columns, rows, terminal)
    needed = grid.around(fit(picture, grid, terminal.cell))
    return needed.columns, needed.rows


def draw(picture: Picture, columns: int, rows: int, terminal: Terminal, number: int) -> str:
    """Escapes that draw the picture from the cursor on, into the cells that `extent` says.

    `number` names the image where the protocol can name one.
    """
    image, grid = fitted(picture, _grid(columns, rows, terminal), terminal.cell)
    if terminal.protocol is Protocol.KITTY:
        z = kitty.UNDER_EVERYTHING if terminal.under_text else 0
        return kitty.draw(image, grid.columns, grid.rows, number, z)
    if terminal.protocol is Protocol.ITERM2:
        return iterm2.draw(image, grid.columns, grid.rows)
    return sixel.draw(image, terminal.registers)


def _grid(columns: int, rows: int, terminal: Terminal) -> Grid:
    step = sixel.BAND if terminal.protocol is Protocol.SIXEL else 1
    return Grid(columns, rows, *terminal.cell, step)
