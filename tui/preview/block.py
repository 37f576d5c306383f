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
from tui.preview.palette import SHADES, indexed, shade_levels
from tui.preview.scale import Grid, fit, resize
from tui.preview.terminal import Depth

LOWER = "\N{LOWER HALF BLOCK}"
BARE = Style(bgcolor="default")
"""The terminal's own background: what a kitty picture can lie under."""

Codes = NDArray[np.int32]
Line = list[Segment]


def block_lines(
    picture: Picture, columns: int, rows: int, cell: tuple[int, int], depth: Depth
) -> list[Line]:
    """The picture as lines of segments of one width, at most `rows` of at most `columns` cells.

    `cell` is a cell's size in pixels, by which the aspect is kept. Under an odd number of pixel
    rows comes a black one.
    """
    if depth is Depth.MONO:
        image = resize(picture, fit(picture, Grid(columns, rows, 1, 1), cell))
        return [_shades(row) for row in shade_levels(image)]
    image = resize(picture, fit(picture, Grid(columns, rows, 1, 2), cell))
    if image.height % 2:
        image = image.crop((0, 0, image.width, image.height + 1))
    codes = indexed(image) if depth is Depth.INDEXED else _rgb(image)
    segment = _indexed_segment if depth is Depth.INDEXED else _rgb_segment
    return [
        _line(upper, lower, segment) for upper, lower in zip(codes[::2], codes[1::2], strict=True)
    ]


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
