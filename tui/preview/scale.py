"""From a rendered frame to an image that fits a region of cells, with the right aspect.

Pillow only resizes here: images are made from pixels this program decoded itself, and no byte from
outside ever meets one of Pillow's own decoders.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.model import Picture, PixelMode

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Grid:
    """Where a picture goes: `columns` by `rows` cells, of `across` by `down` pixels each."""

    columns: int
    rows: int
    across: int
    down: int

    @property
    def size(self) -> tuple[int, int]:
        """The whole grid in pixels, width first."""
        return self.columns * self.across, self.rows * self.down

    def around(self, size: tuple[int, int]) -> Grid:
        """The cells that a picture of so many pixels needs."""
        columns, rows = -(-size[0] // self.across), -(-size[1] // self.down)
        return replace(self, columns=columns, rows=rows)


def fit(picture: Picture, grid: Grid, cell: tuple[int, int]) -> tuple[int, int]:
    """The largest size in the grid's own pixels (width, height) that keeps the aspect.

    `cell` is the size of a cell on the screen: a block picture has 1 by 2 pixels to the cell
    whatever the cell's shape.
    """
    wide, high = float(picture.width), picture.height * (picture.aspect or 1.0)
    limit_x, limit_y = grid.size
    to_x, to_y = grid.across / cell[0], grid.down / cell[1]
    scale = min(limit_x / (wide * to_x), limit_y / (high * to_y))
    width, height = round(wide * scale * to_x), round(high * scale * to_y)
    return min(max(width, 1), limit_x), min(max(height, 1), limit_y)


def image_of(picture: Picture) -> Image:
    """The frame as a Pillow image of mode L or RGB, over the picture's own bytes."""
    from PIL import Image

    mode = picture.mode.value
    size = (picture.width, picture.height)
    return Image.frombuffer(mode, size, picture.pixels, "raw", mode, 0, 1)


def resize(picture: Picture, size: tuple[int, int]) -> Image:
    """The frame at `size`: the mean of the pixels where it shrinks, linear where it grows."""
    from PIL.Image import Resampling

    image = image_of(picture)
    if size == image.size:
        return image
    shrinks = size[0] <= image.width and size[1] <= image.height
    return image.resize(size, Resampling.BOX if shrinks else Resampling.BILINEAR)


def fitted(picture: Picture, grid: Grid, cell: tuple[int, int]) -> tuple[Image, Grid]:
    """The frame scaled into as few cells as it needs, centred on black, and those cells."""
    from PIL import Image

    image = resize(picture, fit(picture, grid, cell))
    needed = grid.around(image.size)
    if needed.size == image.size:
        return image, needed
    width, height = needed.size
    canvas = Image.new(image.mode, (width, height))
    canvas.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return canvas, needed


def is_usable(picture: Picture) -> bool:
    """True where the bytes are as many as the picture's size says, and it has a size at all."""
    samples = 1 if picture.mode is PixelMode.GREY else 3
    count = picture.width * picture.height * samples
    return picture.width > 0 and picture.height > 0 and len(picture.pixels) == count
