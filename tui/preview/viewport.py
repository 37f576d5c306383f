"""Which part of a picture is seen, and where on the cells: the geometry of zoom and pan."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.model import Picture

STEP = 2**0.5
"""How much larger one step of zoom makes it."""
LARGEST_PIXEL = 64.0
"""Drawn pixels that one stored pixel may take at most."""
_ALIKE = 0.01
"""Share by which two zooms may differ and be the same for people."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


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


@dataclass(frozen=True)
class Viewport:
    """What is wanted to be seen: `zoom` drawn pixels for each stored column, 0 for all of it.

    `x` and `y` are the middle of what is seen, as shares of the picture's width and height.
    """

    zoom: float = 0.0
    x: float = 0.5
    y: float = 0.5


WHOLE = Viewport()


@dataclass(frozen=True)
class Placement:
    """What of a picture is seen: the part in `box` (stored pixels), drawn as `size` pixels.

    `stored` is the size of the whole picture, `zoom` the drawn pixels for each stored column.
    """

    size: tuple[int, int]
    box: Box
    stored: tuple[int, int]
    zoom: float

    @property
    def is_whole(self) -> bool:
        """True where nothing of the picture is left out."""
        return self.box == (0.0, 0.0, *map(float, self.stored))

    @property
    def scale(self) -> tuple[float, float]:
        """Drawn pixels for each stored one, across and down."""
        left, top, right, bottom = self.box
        return self.size[0] / (right - left), self.size[1] / (bottom - top)

    def stored_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Column and row of the stored pixel at a drawn place; None beside the picture."""
        if not (0 <= x < self.size[0] and 0 <= y < self.size[1]):
            return None
        across, down = self.scale
        column, row = int(self.box[0] + x / across), int(self.box[1] + y / down)
        return min(column, self.stored[0] - 1), min(row, self.stored[1] - 1)

    def drawn(self, column: float, row: float) -> tuple[float, float]:
        """Where a place in stored pixels is drawn; it may lie outside of what is seen."""
        across, down = self.scale
        return (column - self.box[0]) * across, (row - self.box[1]) * down


def stored_size(picture: Picture) -> tuple[int, int]:
    """Columns and rows of the stored matrix: the picture may be a smaller one of it."""
    return picture.columns or picture.width, picture.rows or picture.height


def fit(picture: Picture, grid: Grid, cell: tuple[int, int]) -> tuple[int, int]:
    """The largest size in the grid's own pixels (width, height) that keeps the aspect.

    `cell` is the size of a cell on the screen: a block picture has 1 by 2 pixels to the cell
    whatever the cell's shape.
    """
    limit_x, limit_y = grid.size
    across, down = _units(picture, grid, cell)
    columns, rows = stored_size(picture)
    zoom = min(limit_x / (columns * across), limit_y / (rows * down))
    width, height = round(columns * across * zoom), round(rows * down * zoom)
    return min(max(width, 1), limit_x), min(max(height, 1), limit_y)


def place(
    picture: Picture, grid: Grid, cell: tuple[int, int], viewport: Viewport = WHOLE
) -> Placement:
    """What of the picture is seen on the grid: never beyond its edges, with the right aspect."""
    stored = stored_size(picture)
    if not viewport.zoom:
        size = fit(picture, grid, cell)
        return Placement(size, (0.0, 0.0, *map(float, stored)), stored, size[0] / stored[0])  # type: ignore[arg-type]
    units = _units(picture, grid, cell)
    parts = [
        _part(count, viewport.zoom * unit, limit, middle)
        for count, unit, limit, middle in zip(
            stored, units, grid.size, (viewport.x, viewport.y), strict=True
        )
    ]
    (width, left, right), (height, top, bottom) = parts
    return Placement((width, height), (left, top, right, bottom), stored, viewport.zoom)


def _units(picture: Picture, grid: Grid, cell: tuple[int, int]) -> tuple[float, float]:
    """Drawn pixels that a stored one takes across and down, where it takes one across."""
    down = (picture.aspect or 1.0) * (grid.down / cell[1]) / (grid.across / cell[0])
    return 1.0, down


def _part(count: int, scale: float, limit: int, middle: float) -> tuple[int, float, float]:
    """Along one side: drawn pixels, and from where to where in stored ones."""
    whole = count * scale
    if whole <= limit:
        return max(1, round(whole)), 0.0, float(count)
    seen = limit / scale
    first = min(max(0.0, middle * count - seen / 2), count - seen)
    return limit, first, first + seen


def zoomed(
    now: Placement, steps: int, whole: Placement, at: tuple[float, float] | None = None
) -> Viewport:
    """Some steps nearer or farther than `now`; `at` is a drawn place that stays where it is.

    `whole` is where the picture fits, which no step passes by. Smaller than that it gets only
    down to one drawn pixel for each stored one.
    """
    zoom = min(now.zoom * STEP**steps, max(LARGEST_PIXEL, whole.zoom))
    ratios = now.zoom / whole.zoom, zoom / whole.zoom
    is_at_it = abs(ratios[0] - 1) < _ALIKE
    if not is_at_it and min(ratios) < 1 + _ALIKE and max(ratios) > 1 - _ALIKE:
        return WHOLE
    if steps < 0 and zoom < min(whole.zoom, 1.0):
        return WHOLE if whole.zoom <= 1 else Viewport(1.0, *_middle(now))
    across, down = now.scale
    x, y = at or (now.size[0] / 2, now.size[1] / 2)
    grown = zoom / now.zoom
    column = now.box[0] + x / across + (now.size[0] / 2 - x) / (across * grown)
    row = now.box[1] + y / down + (now.size[1] / 2 - y) / (down * grown)
    return Viewport(zoom, column / now.stored[0], row / now.stored[1])


def _middle(now: Placement) -> tuple[float, float]:
    left, top, right, bottom = now.box
    return (left + right) / 2 / now.stored[0], (top + bottom) / 2 / now.stored[1]


def panned(viewport: Viewport, now: Placement, x: float, y: float) -> Viewport:
    """Moved by so many drawn pixels, as far as there is something to see."""
    if now.is_whole:
        return viewport
    left, top, right, bottom = now.box
    across, down = now.scale
    half = (right - left) / 2, (bottom - top) / 2
    middles = (left + half[0] + x / across, top + half[1] + y / down)
    shares = (
        min(max(middle, most), count - most) / count
        for middle, most, count in zip(middles, half, now.stored, strict=True)
    )
    return Viewport(viewport.zoom, *shares)


def brought_into_sight(viewport: Viewport, now: Placement, place: tuple[int, int]) -> Viewport:
    """Moved no farther than needed for a stored pixel to be seen whole."""
    across, down = now.scale
    x, y = now.drawn(*place)
    return panned(
        viewport,
        now,
        min(0.0, x) + max(0.0, x + across - now.size[0]),
        min(0.0, y) + max(0.0, y + down - now.size[1]),
    )


def drawn_at(
    at: tuple[int, int], placement: Placement, grid: Grid, room: tuple[int, int]
) -> tuple[float, float]:
    """The drawn place in the middle of a cell, where the picture is in the middle of `room` cells.

    It may lie beside the picture.
    """
    needed = grid.around(placement.size)
    first = (room[0] - needed.columns) // 2, (room[1] - needed.rows) // 2
    black = [(of - size) // 2 for of, size in zip(needed.size, placement.size, strict=True)]
    return (
        (at[0] - first[0] + 0.5) * grid.across - black[0],
        (at[1] - first[1] + 0.5) * grid.down - black[1],
    )
