from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from core.model import Picture
from tests.tui.preview.pictures import colour, grey
from tui.preview.graphics import composed
from tui.preview.scale import image_of, is_usable, resize
from tui.preview.terminal import Terminal
from tui.preview.viewport import Grid, fit


def shape_on_screen(size: tuple[int, int], grid: Grid, cell: tuple[int, int]) -> float:
    """Height by width as a ruler on the screen would find it."""
    return (size[1] * cell[1] / grid.down) / (size[0] * cell[0] / grid.across)


@pytest.mark.parametrize("cell", [(10, 20), (8, 18), (9, 17)])
@pytest.mark.parametrize("down", [2, 18, 20])
@pytest.mark.parametrize(
    ("width", "height", "aspect"), [(512, 512, 1.0), (640, 240, 1.7), (64, 512, 0.5)]
)
def test_the_picture_keeps_its_shape_whatever_the_cells(
    cell: tuple[int, int], down: int, width: int, height: int, aspect: float
) -> None:
    grid = Grid(120, 50, 1 if down == 2 else cell[0], down)
    size = fit(grey(width, height, aspect=aspect), grid, cell)
    assert shape_on_screen(size, grid, cell) == pytest.approx(height * aspect / width, rel=0.05)


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (80, 24), (3, 200), (200, 3)])
def test_the_picture_fills_one_side_and_never_leaves_the_grid(columns: int, rows: int) -> None:
    grid = Grid(columns, rows, 10, 20)
    width, height = fit(grey(512, 300), grid, (10, 20))
    assert 1 <= width <= columns * 10
    assert 1 <= height <= rows * 20
    assert width == columns * 10 or height == rows * 20


def test_shrinking_takes_the_mean_of_what_falls_into_a_pixel() -> None:
    picture = grey(64, 48)
    pixels = np.frombuffer(picture.pixels, np.uint8).reshape(48, 64).astype(float)
    means = pixels.reshape(24, 2, 32, 2).mean(axis=(1, 3))
    assert np.abs(np.asarray(resize(picture, (32, 24))) - means).max() <= 1


def test_pixels_pass_unchanged_where_nothing_is_scaled() -> None:
    for picture in (grey(), colour()):
        assert resize(picture, (64, 48)).tobytes() == picture.pixels


def test_what_is_left_of_the_last_cells_is_black_and_even_on_both_sides() -> None:
    white = replace(grey(50, 50), pixels=b"\xff" * 2500)
    image, grid = composed(white, Grid(40, 9, 9, 20), Terminal(cell=(9, 20)))
    assert image.size == grid.size == (20 * 9, 9 * 20)
    image, grid = composed(white, Grid(21, 40, 9, 20), Terminal(cell=(9, 20)))
    rows = np.asarray(image)[:, 90]
    assert image.size == (189, 200)
    assert rows.tolist() == [0] * 5 + [255] * 189 + [0] * 6


@pytest.mark.parametrize(
    "broken",
    [
        replace(grey(), pixels=b""),
        replace(grey(), pixels=grey().pixels[:-1]),
        replace(grey(), width=0),
        replace(grey(), width=-64, height=-48),
        replace(colour(), pixels=grey().pixels),
    ],
)
def test_a_picture_whose_pixels_do_not_fill_it_is_not_usable(broken: Picture) -> None:
    assert not is_usable(broken)
    assert is_usable(grey())
    assert is_usable(colour())


def test_an_image_shares_the_pictures_bytes() -> None:
    assert image_of(colour()).getpixel((3, 2)) == (12, 10, 10)
