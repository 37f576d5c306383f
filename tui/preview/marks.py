"""What is drawn over a picture: the sides of the patient, a cursor, an overview when zoomed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from core.model import Picture, PixelMode
from tui.preview.scale import resize
from tui.preview.viewport import Grid, Placement

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw as Draw
    from PIL.ImageFont import FreeTypeFont, ImageFont

CURSOR = (255, 220, 0)
_OVERVIEW_SHARE = 4
"""The overview takes at most one part in so many of the picture's sides."""
_OVERVIEW_LEAST = 8
_DIM = 0.55
_LETTER_CELLS = 0.8
"""Height of a letter in cells."""


@dataclass(frozen=True)
class Marks:
    """What to draw over a picture, nothing by default.

    `cursor` is column and row of a stored pixel. `letters` name the sides at left, right, top and
    bottom; where a picture is made of characters they are characters too, and drawn elsewhere.
    """

    cursor: tuple[int, int] | None = None
    letters: tuple[str, str, str, str] = ("", "", "", "")
    overview: bool = False


NO_MARKS = Marks()


def marked(image: Image, picture: Picture, placement: Placement, marks: Marks, grid: Grid) -> Image:
    """The image with overview and cursor; the one given where there is nothing to draw."""
    if marks.overview and not placement.is_whole:
        image = _with_overview(image, picture, placement)
    if marks.cursor is not None:
        image = _with_cursor(image, placement, marks.cursor, grid)
    return image


def lettered(image: Image, marks: Marks, grid: Grid) -> Image:
    """The image with the letters in the middle of its edges; they keep off it where it is small."""
    if not any(marks.letters):
        return image
    font = _font(max(8, round(grid.down * _LETTER_CELLS)))
    draw, image = _drawing_on(image)
    for text, (x, y, anchor) in zip(marks.letters, _edges(image.size, grid), strict=True):
        draw.text((x, y), text, _white(image), font, anchor, stroke_width=1, stroke_fill=0)
    return image


def _edges(size: tuple[int, int], grid: Grid) -> tuple[tuple[float, float, str], ...]:
    width, height = size
    inset = grid.across // 2
    return (
        (inset, height / 2, "lm"),
        (width - inset, height / 2, "rm"),
        (width / 2, inset, "ma"),
        (width / 2, height - inset, "md"),
    )


def _with_overview(image: Image, picture: Picture, placement: Placement) -> Image:
    """A small picture of the whole in the corner, the part that is seen as a frame in it."""
    size = _overview_size(image.size, placement)
    if size is None:
        return image
    small = resize(picture, size).point(lambda level: level * _DIM)
    draw, small = _drawing_on(small)
    white = _white(small)
    draw.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=white)
    across, down = size[0] / placement.stored[0], size[1] / placement.stored[1]
    left, top, right, bottom = placement.box
    corner = round(left * across), round(top * down)
    end = max(corner[0], round(right * across) - 1), max(corner[1], round(bottom * down) - 1)
    draw.rectangle((*corner, *end), outline=white)
    image = image.copy()
    image.paste(small, (image.width - size[0], image.height - size[1]))
    return image


def _overview_size(size: tuple[int, int], placement: Placement) -> tuple[int, int] | None:
    """As the whole picture would look at the same scale, made small; None without room."""
    across, down = placement.scale
    whole = placement.stored[0] * across, placement.stored[1] * down
    most = max(min(size) // _OVERVIEW_SHARE, _OVERVIEW_LEAST)
    if most * 2 > min(size):
        return None
    scale = most / max(whole)
    return max(3, round(whole[0] * scale)), max(3, round(whole[1] * scale))


def _with_cursor(image: Image, placement: Placement, cursor: tuple[int, int], grid: Grid) -> Image:
    """Four arms around the stored pixel, which stays free itself."""
    draw, image = _drawing_on(image.convert(PixelMode.COLOUR.value))
    x, y = placement.drawn(cursor[0], cursor[1])
    end_x, end_y = placement.drawn(cursor[0] + 1, cursor[1] + 1)
    left, top, right, bottom = (
        int(x),
        int(y),
        max(int(x), int(end_x) - 1),
        max(int(y), int(end_y) - 1),
    )
    gap, arm = max(1, grid.across // 3), max(2, grid.across)
    middle_x, middle_y = (left + right) // 2, (top + bottom) // 2
    for line in (
        (left - gap - arm, middle_y, left - gap, middle_y),
        (right + gap, middle_y, right + gap + arm, middle_y),
        (middle_x, top - gap - arm, middle_x, top - gap),
        (middle_x, bottom + gap, middle_x, bottom + gap + arm),
    ):
        draw.line(line, fill=CURSOR, width=max(1, grid.across // 5))
    return image


def _drawing_on(image: Image) -> tuple[Draw, Image]:
    """A copy to draw on: images lie over the picture's own bytes."""
    from PIL import ImageDraw

    image = image.copy()
    return ImageDraw.Draw(image), image


def _white(image: Image) -> int | tuple[int, int, int]:
    return 255 if image.mode == PixelMode.GREY.value else (255, 255, 255)


@lru_cache(maxsize=8)
def _font(size: int) -> FreeTypeFont | ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)
