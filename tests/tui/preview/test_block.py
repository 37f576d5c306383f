from __future__ import annotations

import numpy as np
import pytest
from PIL.Image import Resampling
from rich.segment import Segment

from core.model import Picture
from tests.tui.preview.pictures import colour, grey
from tui.preview.block import LOWER, Line, block_lines
from tui.preview.scale import image_of
from tui.preview.terminal import Depth

CELL = (10, 20)


def pixels(lines: list[Line]) -> list[list[tuple[int, int, int]]]:
    """What a terminal would show: two rows of colours for each line."""
    rows: list[list[tuple[int, int, int]]] = []
    for line in lines:
        upper, lower = [], []
        for segment in line:
            assert segment.style is not None
            assert segment.style.bgcolor is not None
            above = tuple(segment.style.bgcolor.get_truecolor())
            below = above
            if segment.text[0] == LOWER:
                assert segment.style.color is not None
                below = tuple(segment.style.color.get_truecolor())
            upper += [above] * len(segment.text)
            lower += [below] * len(segment.text)
        rows += [upper, lower]
    return rows


@pytest.mark.parametrize("picture", [grey(160, 120), colour(160, 120)])
def test_the_cells_are_the_box_resized_pixels(picture: Picture) -> None:
    image = image_of(picture).resize((40, 30), Resampling.BOX).convert("RGB")
    expected = np.asarray(image).tolist()
    shown = pixels(block_lines(picture, 40, 15, CELL, Depth.TRUECOLOR))
    assert [[list(pixel) for pixel in row] for row in shown] == expected


def test_every_line_is_as_wide_as_the_first_and_none_is_too_many() -> None:
    for columns, rows in ((1, 1), (7, 3), (80, 24), (120, 58)):
        for depth in Depth:
            lines = block_lines(grey(100, 77), columns, rows, CELL, depth)
            widths = {Segment.get_line_length(line) for line in lines}
            assert len(widths) == 1
            assert 1 <= widths.pop() <= columns
            assert 1 <= len(lines) <= rows


def test_an_odd_row_of_pixels_has_black_below() -> None:
    shown = pixels(block_lines(grey(40, 15), 40, 40, CELL, Depth.TRUECOLOR))
    assert len(shown) == 16
    assert set(shown[-1]) == {(0, 0, 0)}


def test_equal_neighbours_share_a_segment() -> None:
    flat = grey(1, 1)
    lines = block_lines(flat, 40, 10, CELL, Depth.TRUECOLOR)
    assert [len(line) for line in lines] == [1] * 10


def test_256_colours_are_sent_by_number_and_the_nearest_there_are() -> None:
    lines = block_lines(grey(40, 30), 40, 15, CELL, Depth.INDEXED)
    numbers = {
        s.style.bgcolor.number for line in lines for s in line if s.style and s.style.bgcolor
    }
    assert numbers <= set(range(16, 256))
    true = np.array(pixels(block_lines(grey(40, 30), 40, 15, CELL, Depth.TRUECOLOR)))
    near = np.array(pixels(lines))
    assert np.abs(true - near).max() <= 10


def test_256_colours_keep_a_colour_a_colour() -> None:
    red = colour(1, 1)
    red = type(red)(width=1, height=1, mode=red.mode, pixels=bytes([250, 10, 5]))
    (line,) = block_lines(red, 2, 1, CELL, Depth.INDEXED)
    assert line[0].style is not None
    assert line[0].style.bgcolor is not None
    assert line[0].style.bgcolor.number == 196


def test_without_colours_dark_is_empty_and_light_is_full() -> None:
    picture = grey(2, 1)
    picture = type(picture)(width=2, height=1, mode=picture.mode, pixels=b"\x00\xff")
    (line, *_) = block_lines(picture, 4, 1, CELL, Depth.MONO)
    text = "".join(segment.text for segment in line)
    assert (text[0], text[-1]) == (" ", "█")
    assert all(segment.style is None or segment.style.color is None for segment in line)
