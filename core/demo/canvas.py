"""Ellipses on a grid: what phantoms are made of."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def grid(rows: int, columns: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(y, x) of each pixel, from -1 to 1, as an open grid that broadcasts."""
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :]
    return y, x


class Canvas:
    """A square picture, -1 to 1 both ways, on which later ellipses cover earlier ones."""

    def __init__(self, size: int, background: float) -> None:
        self.image = np.full((size, size), background, dtype=np.float32)
        self.y, self.x = grid(size, size)

    def fill(self, value: float, cx: float, cy: float, rx: float, ry: float) -> None:
        """Fill the ellipse around (cx, cy) with radii rx and ry."""
        rows, columns = self._around(cy, ry), self._around(cx, rx)
        inside = ((self.x[:, columns] - cx) / rx) ** 2 + ((self.y[rows] - cy) / ry) ** 2 < 1
        self.image[rows, columns][inside] = value

    def _around(self, center: float, radius: float) -> slice:
        """The pixels that can lie inside: looking at no others makes small ellipses cheap."""
        half = len(self.image) / 2
        first = math.floor((center - radius + 1) * half) - 1
        return slice(max(0, first), max(0, math.ceil((center + radius + 1) * half) + 1))
