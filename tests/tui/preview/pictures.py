"""Pictures whose every pixel is known."""

from __future__ import annotations

import numpy as np

from core.model import Picture, PixelMode


def grey(width: int = 64, height: int = 48, *, aspect: float = 1.0) -> Picture:
    """A picture of greys that differ from pixel to pixel."""
    y, x = np.mgrid[:height, :width]
    pixels = ((x * 3 + y * 5) % 256).astype(np.uint8)
    return Picture(
        width=width, height=height, mode=PixelMode.GREY, pixels=pixels.tobytes(), aspect=aspect
    )


def colour(width: int = 64, height: int = 48) -> Picture:
    """A picture of colours that differ from pixel to pixel."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 4 % 256, y * 5 % 256, (x + y) * 2 % 256], axis=2).astype(np.uint8)
    return Picture(width=width, height=height, mode=PixelMode.COLOUR, pixels=pixels.tobytes())
