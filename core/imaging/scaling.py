"""Pictures made smaller before they are sent: thumbnails, and half resolution in cine."""

from __future__ import annotations

import numpy as np

from core.imaging.grey import Bytes
from core.imaging.layout import Array


def shrunk(shown: Bytes, edge: int) -> Bytes:
    """The mean of boxes so that the longest side has `edge` pixels; as it is where that is less."""
    rows, columns = shown.shape[:2]
    longest = max(rows, columns)
    if not 0 < edge < longest:
        return shown
    if longest % edge == 0 and not (rows % (longest // edge) or columns % (longest // edge)):
        return _by_whole_boxes(shown, longest // edge)
    for axis, size in enumerate((rows, columns)):
        wanted = max(1, round(size * edge / longest))
        starts = np.arange(wanted) * size // wanted
        counts = np.diff(starts, append=size)
        sums = np.add.reduceat(shown, starts, axis=axis, dtype=np.uint32)
        shape = [-1 if place == axis else 1 for place in range(shown.ndim)]
        shown = ((sums + counts.reshape(shape) // 2) // counts.reshape(shape)).astype(np.uint8)
    return shown


def thinned(array: Array, edge: int) -> Array:
    """Every so many rows and columns of stored values, twice as many as `edge` needs at least.

    Bringing twenty million values to grey levels for a small picture would take its time.
    """
    step = max(array.shape[:2]) // (2 * edge) if edge > 0 else 1
    return array[::step, ::step] if step > 1 else array


def _by_whole_boxes(shown: Bytes, size: int) -> Bytes:
    rows, columns = shown.shape[0] // size, shown.shape[1] // size
    boxes = shown.reshape(rows, size, columns, size, *shown.shape[2:])
    means: Bytes = ((boxes.sum(axis=(1, 3), dtype=np.uint32) + size * size // 2) // size**2).astype(
        np.uint8
    )
    return means
