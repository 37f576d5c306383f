"""Curves as lines of braille characters, two dots across and four down a cell, and their times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ACROSS, DOWN = 2, 4
"""Dots of a cell."""
_BLANK = 0x2800
_TICK = 12
"""Columns from one time to the next at least."""
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""By row and column of a cell's dots, as Unicode numbers them."""
Values = NDArray[np.float64]


def extremes(samples: NDArray[np.float32], begin: float, span: float, steps: int) -> Values:
    """The least and greatest value of each of `steps` in a stretch, shape (2, steps).

    `begin` and `span` are in samples. Between two samples the curve is a straight line; NaN is
    where there is none.
    """
    places = np.linspace(begin, begin + span, steps + 1)
    at_edges = _between(samples, places)
    low = np.fmin(at_edges[:-1], at_edges[1:])
    high = np.fmax(at_edges[:-1], at_edges[1:])
    bounds = np.clip(np.ceil(places), 0, len(samples)).astype(np.int64)
    filled = bounds[1:] > bounds[:-1]
    if filled.any():
        within = samples[bounds[0] : bounds[-1]]
        starts = bounds[:-1][filled] - bounds[0]
        low[filled] = np.fmin(low[filled], np.fmin.reduceat(within, starts))
        high[filled] = np.fmax(high[filled], np.fmax.reduceat(within, starts))
    return np.stack((low, high))


def _between(samples: NDArray[np.float32], places: Values) -> Values:
    out = np.full(len(places), np.nan)
    inside = (places >= 0) & (places <= len(samples) - 1)
    before = places[inside].astype(np.int64)
    after = np.minimum(before + 1, len(samples) - 1)
    share = places[inside] - before
    first, second = samples[before], samples[after]
    with np.errstate(invalid="ignore"):
        between = first * (1 - share) + second * share
    # A sample that is missing would spoil the one beside it.
    out[inside] = np.where(share == 0, first, between)
    return out


def drawn(curve: Values, bottom: float, top: float, columns: int, rows: int) -> list[str]:
    """A curve of `columns` × ACROSS extremes as `rows` lines, from `top` down to `bottom`."""
    height = rows * DOWN
    scale = (height - 1) / (top - bottom) if top > bottom else 0.0
    seen = np.isfinite(curve).all(axis=0)
    values = np.where(seen, curve, bottom)
    # A flat line is in the middle, not at the bottom.
    middle = (height - 1) / 2 if not scale else 0.0
    dots = np.clip(np.rint((values - bottom) * scale + middle), 0, height - 1)
    down = np.arange(height - 1, -1, -1)[:, None]
    is_set = (down >= dots[0]) & (down <= dots[1]) & seen
    cells = is_set.reshape(rows, DOWN, columns, ACROSS).transpose(0, 2, 1, 3)
    codes = _BLANK + (cells * _BITS).sum(axis=(2, 3))
    return ["".join(map(chr, row)) for row in codes.tolist()]


def axis(begin: float, seconds: float, columns: int) -> str:
    """Times from left to right, at round numbers; at most `columns` wide."""
    step = _round_step(seconds * _TICK / columns)
    digits = max(0, -int(np.floor(np.log10(step))))
    line, number = "", int(np.ceil(begin / step - 1e-9))
    while (time := number * step) < begin + seconds:
        column = round((time - begin) / seconds * columns)
        word = f"╵{time:.{digits}f} s"
        if column + len(word) > columns:
            break
        if column >= len(line):
            line = line.ljust(column) + word
        number += 1
    return line


def _round_step(least: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is no less."""
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(n * power for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9)))
