"""Sixel graphics: six rows of pixels at a time, one pass of each colour.

VT330/VT340 Programmer Reference Manual, volume 2, chapter 14.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.model import PixelMode

if TYPE_CHECKING:
    from PIL.Image import Image

BAND = 6
"""Rows of pixels in a row of sixels."""
_MOST_GREYS = 101
"""Colours are given in percent."""
_BLANK = 63
_WORTH_REPEATING = 4
"""From so many equal sixels on, `!n` is shorter."""

_UNSAID_LARGEST = 1000

Numbers = NDArray[np.uint8]
Palette = list[tuple[int, int, int]]


def draw(image: Image, registers: int) -> str:
    """Escapes that put the image at the cursor.

    `registers` is how many colours the terminal holds, 2 to 256.
    """
    return _encoded(*_numbered(image, registers))


def tiles(
    image: Image, registers: int, cell: tuple[int, int], largest: tuple[int, int]
) -> tuple[tuple[int, int, str], ...]:
    """The image in pieces that a terminal takes: column and row of their first cell, and escapes.

    A terminal leaves out what is larger than `largest` pixels, or than xterm's thousand where it
    did not say.
    """
    numbers, palette = _numbered(image, registers)
    height, width = numbers.shape
    across, down = (
        max(1, (limit or _UNSAID_LARGEST) // side) * side
        for limit, side in zip(largest, cell, strict=True)
    )
    return tuple(
        (
            left // cell[0],
            top // cell[1],
            _encoded(numbers[top : top + down, left : left + across], palette),
        )
        for top in range(0, height, down)
        for left in range(0, width, across)
    )


def _numbered(image: Image, registers: int) -> tuple[Numbers, Palette]:
    if image.mode == PixelMode.GREY.value:
        return _greys(image, min(registers, _MOST_GREYS))
    return _palette(image, registers)


def _encoded(numbers: Numbers, palette: Palette) -> str:
    height, width = numbers.shape
    colours = "".join(
        f"#{number};2;{red};{green};{blue}" for number, (red, green, blue) in enumerate(palette)
    )
    bands = "-".join(_band(numbers[top : top + BAND]) for top in range(0, height, BAND))
    return f'\x1bP0;1;0q"1;1;{width};{height}{colours}{bands}\x1b\\'


def _greys(image: Image, count: int) -> tuple[Numbers, Palette]:
    """Pixels as numbers of evenly spaced greys, and those greys in percent."""
    levels = np.asarray(image).astype(np.uint16)
    numbers = ((levels * (count - 1) + 127) // 255).astype(np.uint8)
    percents = [round(100 * number / (count - 1)) for number in range(count)]
    return numbers, [(percent, percent, percent) for percent in percents]


def _palette(image: Image, count: int) -> tuple[Numbers, Palette]:
    """Pixels as numbers in a palette of their own, and that palette in percent."""
    from PIL.Image import Dither, Quantize

    reduced = image.quantize(count, Quantize.MEDIANCUT, dither=Dither.NONE)
    samples = np.array(reduced.getpalette() or [0, 0, 0]).reshape(-1, 3)
    percents = np.rint(samples * (100 / 255)).astype(int).tolist()
    return np.asarray(reduced), [(red, green, blue) for red, green, blue in percents]


def _band(numbers: Numbers) -> str:
    """Up to six rows: each colour in turn from the left margin, where `$` leads back to."""
    used, places = np.unique(numbers, return_inverse=True)
    places = places.reshape(numbers.shape)
    width = numbers.shape[1]
    columns = np.arange(width)
    sixels = np.zeros((len(used), width), dtype=np.uint8)
    for bit, row in enumerate(places):
        sixels[row, columns] |= 1 << bit
    starts, ends = _runs(sixels)
    passes = [[f"#{number}"] for number in used.tolist()]
    values = sixels.ravel()[starts].tolist()
    for start, end, value in zip(starts.tolist(), ends.tolist(), values, strict=True):
        if value or end % width:
            passes[start // width].append(_repeated(value, end - start))
    return "$".join("".join(parts) for parts in passes)


def _runs(sixels: Numbers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where runs of equal sixels start and end in the flattened array; no run spans two lines."""
    new = np.ones(sixels.shape, dtype=bool)
    new[:, 1:] = sixels[:, 1:] != sixels[:, :-1]
    starts = np.flatnonzero(new)
    return starts, np.append(starts[1:], sixels.size)


@lru_cache(maxsize=65536)
def _repeated(value: int, count: int) -> str:
    sixel = chr(_BLANK + value)
    return sixel * count if count < _WORTH_REPEATING else f"!{count}{sixel}"
