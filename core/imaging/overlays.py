"""Overlay planes, drawn over a frame (PS3.3 C.9.2).

They stand in groups 6000 to 601E, as bits of their own or, as was usual long ago, in bits of the
pixel data that its values do not use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian

from core.imaging.frame import floats
from core.imaging.grey import Bytes
from core.imaging.layout import Array
from core.imaging.opened import OpenedImage

GROUPS = range(0x6000, 0x6020, 2)
MAX_PIXELS = 64 << 20
_ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST = 0x0010, 0x0011, 0x0015, 0x0050, 0x0051
_ALLOCATED, _POSITION, _DATA = 0x0100, 0x0102, 0x3000

Mask = NDArray[np.bool_]


class Plane(Struct, frozen=True):
    """One overlay as it applies to a frame: its bits, and where its first row and column lie."""

    bits: Mask
    row: int
    column: int


def planes(image: OpenedImage, frame: int) -> Iterator[Plane]:
    """The overlays of one frame that can be drawn."""
    for group in GROUPS:
        elements = _Elements(image.ds, group)
        if not elements.is_there:
            continue
        bits = _own_bits(image, elements, frame)
        if bits is None:
            bits = _embedded(image, elements, frame)
        if bits is not None:
            row, column = elements.pair(_ORIGIN, (1, 1))
            yield Plane(bits, row - 1, column - 1)


def drawn(shown: Bytes, found: Sequence[Plane]) -> Bytes:
    """The picture with what the planes cover in white."""
    if found:
        shown = shown.copy()
    for plane in found:
        _draw(shown, plane)
    return shown


def _draw(shown: Bytes, plane: Plane) -> None:
    rows, columns = shown.shape[:2]
    top, left = max(0, plane.row), max(0, plane.column)
    part = plane.bits[
        top - plane.row : rows - plane.row, left - plane.column : columns - plane.column
    ]
    if part.size:
        shown[top : top + part.shape[0], left : left + part.shape[1]][part] = 255


class _Elements:
    """The elements of one overlay group."""

    def __init__(self, ds: Dataset, group: int) -> None:
        self._ds, self._group = ds, group << 16

    @property
    def is_there(self) -> bool:
        return (self._group | _ROWS) in self._ds or (self._group | _POSITION) in self._ds

    def value(self, element: int) -> Any:
        tag = self._group | element
        return self._ds[tag].value if tag in self._ds else None

    def vr(self, element: int) -> str:
        return str(self._ds[self._group | element].VR)

    def number(self, element: int, otherwise: int) -> int:
        found = floats(self.value(element))
        return int(found[0]) if found else otherwise

    def pair(self, element: int, otherwise: tuple[int, int]) -> tuple[int, int]:
        found = floats(self.value(element))
        return (int(found[0]), int(found[1])) if len(found) == 2 else otherwise


def _own_bits(image: OpenedImage, elements: _Elements, frame: int) -> Mask | None:
    data = elements.value(_DATA)
    if not isinstance(data, bytes) or not data:
        return None
    layout = image.layout
    rows = elements.number(_ROWS, layout.rows)
    columns = elements.number(_COLUMNS, layout.columns)
    if not 0 < rows * columns <= MAX_PIXELS or rows < 0:
        return None
    place = 0
    # Without a number of frames it lies over all of them.
    if elements.value(_FRAMES) is not None:
        place = frame + 1 - elements.number(_FIRST, 1)
        if not 0 <= place < max(1, elements.number(_FRAMES, 1)):
            return None
    packed = np.frombuffer(data, np.uint8)
    if elements.vr(_DATA) == "OW" and image.file.transfer_syntax == ExplicitVRBigEndian:
        packed = packed[: len(packed) // 2 * 2].view(">u2").astype("<u2").view(np.uint8)
    count = rows * columns
    first, shift = divmod(place * count, 8)
    bits = np.unpackbits(packed[first : first + (count + shift + 7) // 8], bitorder="little")
    bits = bits[shift : shift + count]
    # Cut short: what is there is drawn.
    return np.pad(bits, (0, count - len(bits))).reshape(rows, columns).astype(bool)


def _embedded(image: OpenedImage, elements: _Elements, frame: int) -> Mask | None:
    layout, bit = image.layout, elements.number(_POSITION, 0)
    used = range(layout.high_bit - layout.stored + 1, layout.high_bit + 1)
    if elements.number(_ALLOCATED, 1) != layout.allocated or layout.samples != 1:
        return None
    if bit in used or not 0 <= bit < layout.allocated:
        return None
    array: Array = image.raw(frame)
    if array.dtype.kind not in "iu":
        return None
    return np.asarray((array >> bit) & 1, dtype=bool)
