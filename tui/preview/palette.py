"""Fewer colours: the 256 of xterm, and none at all."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from core.model import PixelMode

Codes = NDArray[np.int32]

SHADES = " ░▒▓█"
"""From dark to light, for a terminal without colours; light text on dark is taken for granted."""

_CUBE = np.array([0, 95, 135, 175, 215, 255])
_GREYS = {16 + 43 * step: int(level) for step, level in enumerate(_CUBE)} | {
    232 + step: 8 + 10 * step for step in range(24)
}
"""Every grey among xterm's 256 colours: number → level."""


def indexed(image: Image) -> Codes:
    """The nearest of xterm's colours 16 to 255 for every pixel, shape (height, width).

    The first 16 are left out: their colours are the user's.
    """
    pixels = np.asarray(image)
    if image.mode == PixelMode.GREY.value:
        greys: Codes = _grey_numbers()[pixels]
        return greys
    steps = _cube_steps()[pixels].astype(np.int32)
    cube: Codes = 16 + 36 * steps[..., 0] + 6 * steps[..., 1] + steps[..., 2]
    is_grey = np.ptp(pixels, axis=2) == 0
    return np.where(is_grey, _grey_numbers()[pixels[..., 0]], cube)


def shade_levels(image: Image) -> Codes:
    """The index into SHADES for every pixel, shape (height, width)."""
    levels = np.asarray(image.convert(PixelMode.GREY.value)).astype(np.int32)
    return levels * len(SHADES) // 256


@lru_cache(maxsize=1)
def _grey_numbers() -> Codes:
    """Level 0 to 255 → the number of the nearest grey."""
    numbers = np.array(list(_GREYS), dtype=np.int32)
    levels = np.array(list(_GREYS.values()))
    nearest = np.abs(np.arange(256)[:, None] - levels).argmin(axis=1)
    table: Codes = numbers[nearest]
    return table


@lru_cache(maxsize=1)
def _cube_steps() -> Codes:
    """Sample 0 to 255 → the nearest step of the colour cube, 0 to 5."""
    table: Codes = np.abs(np.arange(256)[:, None] - _CUBE).argmin(axis=1).astype(np.int32)
    return table
