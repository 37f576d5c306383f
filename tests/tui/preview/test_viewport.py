"""Zoom and pan: what is seen is where the arithmetic says, keeps its shape, and stays inside."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace

from core.model import Picture
from tests.tui.preview.pictures import grey
from tui.preview.graphics import composed
from tui.preview.marks import Marks
from tui.preview.scale import image_of
from tui.preview.terminal import Terminal
from tui.preview.viewport import (
    LARGEST_PIXEL,
    WHOLE,
    Grid,
    Viewport,
    brought_into_sight,
    panned,
    place,
    zoomed,
)

CELL = (10, 20)
BLOCK = Grid(80, 22, 1, 2)
PIXELS = Grid(80, 22, *CELL)


@pytest.mark.parametrize("grid", [BLOCK, PIXELS])
@pytest.mark.parametrize("cell", [(10, 20), (9, 17), (8, 18)])
@pytest.mark.parametrize("aspect", [1.0, 1.7, 0.5])
@pytest.mark.parametrize("zoom", [0.0, 0.7, 1.0, 3.3, 20.0])
def test_what_is_seen_keeps_its_shape_at_every_zoom(
    grid: Grid, cell: tuple[int, int], aspect: float, zoom: float
) -> None:
    grid = grid if grid is BLOCK else replace_cell(grid, cell)
    now = place(grey(512, 300, aspect=aspect), grid, cell, Viewport(zoom, 0.3, 0.9))
    across, down = now.scale
    # A ruler on the screen: a stored pixel is `aspect` times as high as it is wide.
    high, wide = down * cell[1] / grid.down, across * cell[0] / grid.across
    assert high / wide == pytest.approx(aspect, rel=0.05)
    left, top, right, bottom = now.box
    assert 0 <= left < right <= 512 + 1e-6
    assert 0 <= top < bottom <= 300 + 1e-6
    assert now.size[0] <= grid.size[0]
    assert now.size[1] <= grid.size[1]


def replace_cell(grid: Grid, cell: tuple[int, int]) -> Grid:
    return Grid(grid.columns, grid.rows, *cell)


def test_one_to_one_shows_stored_pixels_unchanged() -> None:
    picture = grey(2000, 1000)
    image, _ = composed(picture, PIXELS, Terminal(cell=CELL), Viewport(1.0, 0.5, 0.5))
    assert image.size == (800, 440)
    whole = np.asarray(image_of(picture))
    assert np.array_equal(np.asarray(image), whole[280:720, 600:1400])


def test_every_stored_pixel_is_found_where_it_is_drawn() -> None:
    for viewport in (WHOLE, Viewport(2.0, 0.1, 0.9), Viewport(17.3, 0.6, 0.4)):
        now = place(grey(200, 150, aspect=1.3), BLOCK, CELL, viewport)
        left, top, right, bottom = (round(side) for side in now.box)
        for column in range(left + 1, right - 1, 7):
            for row in range(top + 1, bottom - 1, 7):
                x, y = now.drawn(column + 0.5, row + 0.5)
                assert now.stored_at(x, y) == (column, row)
        assert now.stored_at(-1, 0) is None
        assert now.stored_at(now.size[0], 0) is None


def test_a_smaller_picture_of_the_stored_matrix_is_addressed_by_stored_pixels() -> None:
    small = replace(grey(64, 48), columns=640, rows=480)
    now = place(small, PIXELS, CELL, Viewport(4.0, 1.0, 1.0))
    assert now.box[2:] == (640, 480)
    assert now.stored_at(now.size[0] - 1, now.size[1] - 1) == (639, 479)


def test_steps_nearer_and_farther_end_at_the_whole_picture_and_at_large_pixels() -> None:
    picture = grey(512, 512)
    whole = now = place(picture, BLOCK, CELL)
    middles = []
    viewport = WHOLE
    for _ in range(60):
        viewport = zoomed(now, 1, whole)
        now = place(picture, BLOCK, CELL, viewport)
        middles.append((viewport.x, viewport.y))
    assert now.zoom == LARGEST_PIXEL
    assert np.allclose(middles, 0.5, atol=0.02)
    for _ in range(60):
        viewport = zoomed(now, -1, whole)
        now = place(picture, BLOCK, CELL, viewport)
    assert viewport == WHOLE


def test_a_picture_smaller_than_the_screen_shrinks_to_one_to_one_and_grows_to_fit() -> None:
    picture = grey(16, 16)
    whole = now = place(picture, PIXELS, CELL)
    seen = []
    for step in (-1,) * 20 + (1,) * 20:
        viewport = zoomed(now, step, whole)
        now = place(picture, PIXELS, CELL, viewport)
        seen.append((viewport, now.zoom))
    assert min(zoom for _, zoom in seen) == 1.0
    assert seen[19][1] == 1.0
    ratios = [after / before for (_, before), (_, after) in pairwise(seen[:9])]
    assert ratios == pytest.approx([2**-0.5] * 8), "by steps, not at once"
    assert WHOLE in [viewport for viewport, _ in seen[20:]]
    assert seen[-1][1] > whole.zoom


def test_zooming_at_a_place_keeps_that_place_under_the_pointer() -> None:
    picture = grey(512, 512)
    now = place(picture, PIXELS, CELL, Viewport(2.0, 0.5, 0.5))
    before = now.stored_at(100, 50)
    after = place(picture, PIXELS, CELL, zoomed(now, 2, place(picture, PIXELS, CELL), (100, 50)))
    assert before == after.stored_at(100, 50)


def test_panning_goes_as_far_as_the_edge_and_comes_back_at_once() -> None:
    picture = grey(512, 512)
    viewport = Viewport(8.0, 0.5, 0.5)
    for _ in range(100):
        viewport = panned(viewport, place(picture, BLOCK, CELL, viewport), 30, 30)
    now = place(picture, BLOCK, CELL, viewport)
    assert now.box[2:] == pytest.approx((512, 512))
    back = place(picture, BLOCK, CELL, panned(viewport, now, -8, 0))
    assert back.box[0] == pytest.approx(now.box[0] - 1)
    assert panned(WHOLE, place(picture, BLOCK, CELL), 5, 5) == WHOLE


def test_a_cursor_that_leaves_takes_what_is_seen_along() -> None:
    picture = grey(512, 512)
    viewport = Viewport(8.0, 0.5, 0.5)
    now = place(picture, BLOCK, CELL, viewport)
    inside = now.stored_at(9, 9)
    assert inside is not None
    assert brought_into_sight(viewport, now, inside) == viewport
    for target in ((0, 0), (511, 511), (0, 300)):
        moved = place(picture, BLOCK, CELL, brought_into_sight(viewport, now, target))
        left, top, right, bottom = moved.box
        assert left <= target[0] <= right - 1 + 1e-6
        assert top <= target[1] <= bottom - 1 + 1e-6


def _with(marks: Marks, viewport: Viewport, picture: Picture) -> np.ndarray:
    image, _ = composed(picture, PIXELS, Terminal(cell=CELL), viewport, marks)
    return np.asarray(image.convert("RGB")).astype(int)


def test_the_cursor_stands_around_its_pixel_and_changes_nothing_else() -> None:
    picture = grey(512, 512)
    for viewport in (WHOLE, Viewport(16.0, 0.25, 0.75)):
        now = place(picture, PIXELS, CELL, viewport)
        plain, marked = (
            _with(Marks(), viewport, picture),
            _with(Marks(cursor=(128, 384)), viewport, picture),
        )
        rows, columns = np.nonzero((plain != marked).any(axis=2))
        x, y = now.drawn(128.5, 384.5)
        offset = (plain.shape[1] - now.size[0]) / 2, (plain.shape[0] - now.size[1]) / 2
        assert len(rows) > 10
        assert columns.mean() == pytest.approx(x + offset[0], abs=2)
        assert rows.mean() == pytest.approx(y + offset[1], abs=2)
        at = int(y + offset[1]), int(x + offset[0])
        assert (plain[at] == marked[at]).all(), "the pixel itself is covered"
        assert np.abs(columns - columns.mean()).max() < 32


def test_the_overview_is_there_only_when_zoomed_and_frames_what_is_seen() -> None:
    dark = replace(grey(400, 400), pixels=bytes(160000))
    assert _with(Marks(overview=True), WHOLE, dark).max() == 0
    frames = []
    for x in (0.1, 0.9):
        shown = _with(Marks(overview=True), Viewport(8.0, x, 0.5), dark)
        corner = shown[-110:, -110:, 0]
        assert shown[:-110].max() == 0
        _, columns = np.nonzero(corner[1:-1, 1:-1])
        frames.append(columns.mean())
    assert frames[0] < frames[1] - 20


def test_letters_stand_in_the_middle_of_the_edges() -> None:
    dark = replace(grey(400, 400), pixels=bytes(160000))
    marks = Marks(letters=("R", "L", "A", ""))
    changed = _with(marks, WHOLE, dark).max(axis=2) > 0
    height, width = changed.shape
    third = height // 3, width // 3
    assert changed[third[0] : -third[0], : third[1]].any()
    assert changed[third[0] : -third[0], -third[1] :].any()
    assert changed[: third[0], third[1] : -third[1]].any()
    assert not changed[-third[0] :].any(), "the lower side has no name"
    assert not changed[: third[0], : third[1]].any()
