"""A picture on a plain terminal, in the stream of text; and in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.color import ColorSystem

from core.errors import NoPreviewError
from core.model import Picture
from core.settings import Protocol
from tui.preview import sixel
from tui.preview.block import Line, block_lines
from tui.preview.graphics import composed
from tui.preview.png import png
from tui.preview.scale import image_of, is_usable
from tui.preview.terminal import Depth, Terminal
from tui.preview.viewport import Grid

if TYPE_CHECKING:
    from PIL.Image import Image

_FILE_LEVEL = 6


def draw(picture: Picture, terminal: Terminal, out: TextIO, columns: int, rows: int) -> None:
    """Write the picture as large as so many cells allow, and leave the cursor on the line below.

    Raises NoPreviewError where the pixels do not fill the picture's size, or there are no cells.
    """
    _check(picture)
    if columns < 1 or rows < 1:
        raise NoPreviewError("there is no room for a picture", "make the terminal larger")
    if terminal.protocol is Protocol.BLOCK:
        lines = block_lines(picture, columns, rows, terminal.cell, terminal.depth)
        out.write("".join(f"{_text(line, terminal.depth)}\n" for line in lines))
    else:
        image, grid = composed(picture, Grid(columns, rows, *terminal.cell), terminal)
        out.write(_escapes(image, grid, terminal))
    out.flush()


def save_png(picture: Picture, path: Path) -> None:
    """Write the picture to a PNG file: a pixel for each of its own, their aspect beside them.

    Raises NoPreviewError where the pixels do not fill the picture's size, OSError by the disk.
    """
    _check(picture)
    path.write_bytes(png(image_of(picture), _FILE_LEVEL, picture.aspect or 1.0))


def _check(picture: Picture) -> None:
    if not is_usable(picture):
        raise NoPreviewError("the picture's pixels do not fill its size")


def _text(line: Line, depth: Depth) -> str:
    if depth is Depth.MONO:
        return "".join(segment.text for segment in line)
    system = ColorSystem.EIGHT_BIT if depth is Depth.INDEXED else ColorSystem.TRUECOLOR
    return "".join(
        segment.style.render(segment.text, color_system=system) if segment.style else segment.text
        for segment in line
    )


def _escapes(image: Image, grid: Grid, terminal: Terminal) -> str:
    if terminal.protocol is not Protocol.SIXEL:
        return _by_term_image(image, grid, terminal.protocol) + "\n"
    # Room is made first: a terminal that scrolls in the middle of a picture tears it.
    room = "\n" * grid.rows
    pieces = sixel.tiles(image, terminal.registers, terminal.cell, terminal.largest)
    picture = "".join(
        f"\x1b8{_moved('C', across)}{_moved('B', down)}{escapes}"
        for across, down, escapes in pieces
    )
    return f"{room}\x1b[{grid.rows}A\x1b7{picture}\x1b8\x1b[{grid.rows}B"


def _moved(way: str, cells: int) -> str:
    return f"\x1b[{cells}{way}" if cells else ""


def _by_term_image(image: Image, grid: Grid, protocol: Protocol) -> str:
    """The image by term-image, in one piece and at its fastest compression."""
    from tui.preview.library import ITerm2Image, KittyImage

    style = KittyImage if protocol is Protocol.KITTY else ITerm2Image
    # A protocol that is configured holds, whatever term-image thinks of this terminal.
    style.forced_support = True
    whole: str = format(style(image, width=grid.columns, height=grid.rows), "1.1#+Wc1")
    return whole
