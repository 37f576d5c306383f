"""From a rendered frame to an image that fits a region of cells, with the right aspect.

Pillow only resizes here: images are made from pixels this program decoded itself, and no byte from
outside ever meets one of Pillow's own decoders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.model import Picture, PixelMode
from tui.preview.viewport import Box, Grid, Placement

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS_SHOW = 8.0
"""From so many drawn pixels for a stored one on, stored pixels are drawn as what they are."""


def image_of(picture: Picture) -> Image:
    """The frame as a Pillow image of mode L or RGB, over the picture's own bytes."""
    from PIL import Image

    mode = picture.mode.value
    size = (picture.width, picture.height)
    return Image.frombuffer(mode, size, picture.pixels, "raw", mode, 0, 1)


def resize(picture: Picture, size: tuple[int, int], box: Box | None = None) -> Image:
    """The frame, or the part of it in `box`, at `size`.

    Where it shrinks the mean of the pixels, where it grows linear, and where it grows very much
    every pixel as a rectangle.
    """
    from PIL.Image import Resampling

    image = image_of(picture)
    if size == image.size and box is None:
        return image
    left, top, right, bottom = box or (0, 0, *image.size)
    across, down = size[0] / (right - left), size[1] / (bottom - top)
    method = Resampling.BILINEAR
    if across <= 1 and down <= 1:
        method = Resampling.BOX
    elif box is not None and min(across, down) >= PIXELS_SHOW:
        method = Resampling.NEAREST
    return image.resize(size, method, box)


def seen(picture: Picture, placement: Placement) -> Image:
    """The part of the frame that is seen, as many pixels as it is drawn with."""
    if placement.is_whole and placement.zoom < PIXELS_SHOW:
        return resize(picture, placement.size)
    columns, rows = placement.stored
    left, top, right, bottom = placement.box
    # The frame may be a smaller one of the stored matrix.
    across, down = picture.width / columns, picture.height / rows
    box = (left * across, top * down, right * across, bottom * down)
    return resize(picture, placement.size, box)


def centred(image: Image, grid: Grid) -> tuple[Image, Grid]:
    """The image on black in the middle of as few cells as it needs, and those cells."""
    from PIL import Image

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
