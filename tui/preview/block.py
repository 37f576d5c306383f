"""Pictures from half blocks: every cell shows two pixels, one above the other.

The lower half block is drawn, not the upper one: some terminals leave a seam above the upper one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style

from core.model import Picture, PixelMode
from tui.preview.marks import NO_MARKS, Marks, marked
from tui.preview.palette import SHADES, indexed, shade_levels
from tui.preview.scale import seen
from tui.preview.terminal import Depth
from tui.preview.viewport import WHOLE, Grid, Viewport, place

LOWER = "\N{LOWER HALF BLOCK}"
BARE = Style(bgcolor="default")
"""The terminal's own background: what a kitty picture can lie under."""

_LEAST_FOR_LETTERS = 8
"""Lines that a picture has to have for letters over it."""
_BOLD = Style(bold=True)
_BLACK, _WHITE = Color.from_rgb(0, 0, 0), Color.from_rgb(255, 255, 255)

Codes = NDArray[np.int32]
Line = list[Segment]


def block_grid(columns: int, rows: int, depth: Depth) -> Grid:
    """The pixels that so many cells have: two each, one where there are no colours."""
    return Grid(columns, rows, 1, 1 if depth is Depth.MONO else 2)


def block_lines(
    picture: Picture,
    columns: int,
    rows: int,
    cell: tuple[int, int],
    depth: Depth,
    viewport: Viewport = WHOLE,
    marks: Marks = NO_MARKS,
) -> list[Line]:
    """The picture as lines of segments of one width, at most `rows` of at most `columns` cells.

    `cell` is a cell's size in pixels, by which the aspect is kept. Under an odd number of pixel
    rows comes a black one.
    """
    grid = block_grid(columns, rows, depth)
    placement = place(picture, grid, cell, viewport)
    image = marked(seen(picture, placement), picture, placement, marks, grid)
    return lettered(_lines(image, depth), marks.letters)


def _lines(image: Image, depth: Depth) -> list[Line]:
    if depth is Depth.MONO:
        return [_shades(row) for row in shade_levels(image)]
    if image.height % 2:
        image = image.crop((0, 0, image.width, image.height + 1))
    codes = indexed(image) if depth is Depth.INDEXED else _rgb(image)
    segment = _indexed_segment if depth is Depth.INDEXED else _rgb_segment
    return [
        _line(upper, lower, segment) for upper, lower in zip(codes[::2], codes[1::2], strict=True)
    ]


def lettered(lines: list[Line], letters: tuple[str, str, str, str]) -> list[Line]:
    """The lines with characters in the middle of the left, right, upper and lower edge.

    None are put where they would take a large part of the picture.
    """
    width, height = Segment.get_line_length(lines[0]), len(lines)
    if not any(letters) or width < _LEAST_FOR_LETTERS * 2 or height < _LEAST_FOR_LETTERS:
        return lines
    left, right, top, bottom = letters
    lines = list(lines)
    for text, x, y in (
        (left, 0, height // 2),
        (right, width - len(right), height // 2),
        (top, (width - len(top)) // 2, 0),
        (bottom, (width - len(bottom)) // 2, height - 1),
    ):
        if text:
            lines[y] = _with_text(lines[y], x, text)
    return lines


def _with_text(line: Line, x: int, text: str) -> Line:
    before, under, after = Segment.divide(line, [x, x + len(text), Segment.get_line_length(line)])
    style = under[0].style if under else None
    ground = (style.bgcolor if style else None) or Color.default()
    return [*before, Segment(text, Style.from_color(_ink(ground), ground) + _BOLD), *after]


def _ink(ground: Color) -> Color:
    """Black or white, whatever can be read on it."""
    if ground.is_default:
        return Color.default()
    return _BLACK if sum(ground.get_truecolor()) > 3 * 128 else _WHITE


def _rgb(image: Image) -> Codes:
    """Each pixel as one number 0xRRGGBB, shape (height, width)."""
    pixels = np.asarray(image).astype(np.int32)
    if image.mode == PixelMode.GREY.value:
        return pixels * 0x010101
    return pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]


def _line(upper: Codes, lower: Codes, segment: Callable[[int, int], Segment]) -> Line:
    """One row of cells; equal neighbours share a segment."""
    changes = (upper[1:] != upper[:-1]) | (lower[1:] != lower[:-1])
    starts = [0, *(np.flatnonzero(changes) + 1).tolist()]
    ends = [*starts[1:], len(upper)]
    line = []
    for start, end, above, below in zip(
        starts, ends, upper[starts].tolist(), lower[starts].tolist(), strict=True
    ):
        cell = segment(above, below)
        line.append(cell if end - start == 1 else Segment(cell.text * (end - start), cell.style))
    return line


@lru_cache(maxsize=16384)
def _rgb_segment(upper: int, lower: int) -> Segment:
    return _segment(_true(upper), _true(lower))


@lru_cache(maxsize=16384)
def _indexed_segment(upper: int, lower: int) -> Segment:
    return _segment(_xterm(upper), _xterm(lower))


def _segment(upper: Color, lower: Color) -> Segment:
    if upper == lower:
        return Segment(" ", Style.from_color(None, upper))
    return Segment(LOWER, Style.from_color(lower, upper))


@lru_cache(maxsize=4096)
def _true(code: int) -> Color:
    return Color.from_triplet(ColorTriplet(code >> 16, code >> 8 & 255, code & 255))


@lru_cache(maxsize=256)
def _xterm(number: int) -> Color:
    """One of xterm's 256 colours, kept by number: the terminal may have its own idea of it."""
    return Color(f"color({number})", ColorType.EIGHT_BIT, number=number)


def _shades(row: Codes) -> Line:
    return [Segment("".join(SHADES[level] for level in row.tolist()), BARE)]
