"""Palettes (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6), segmented (C.7.9.2) and supplemental (C.7.6.19)."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.errors import NoPreviewError
from core.imaging.frame import floats
from core.imaging.layout import Array

Bytes = NDArray[np.uint8]

COLOURS = ("Red", "Green", "Blue")
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
MAX_ENTRIES = 1 << 16


class Palette(Struct, frozen=True):
    """Colours of eight bits, one row of three for each entry; the first belongs to `first`."""

    first: int
    colours: Bytes

    def apply(self, array: Array) -> Bytes:
        """Look up; what lies outside takes the first or last entry."""
        index = np.clip(array.astype(np.int64) - self.first, 0, len(self.colours) - 1)
        return self.colours[index]

    def covers(self, array: Array) -> NDArray[np.bool_]:
        """Where stored values are meant for the palette: from its first entry on."""
        return np.asarray(array >= self.first)


def palette_of(ds: Dataset, *, signed: bool, little: bool) -> Palette | None:
    """The palette of an object, None where it has none; raises NoPreviewError where it is broken.

    Tables of 16 bits are brought to eight, but for those that claim 16 and hold 8.
    """
    if "RedPaletteColorLookupTableDescriptor" not in ds:
        return None
    tables, firsts = zip(*(_table(ds, colour, signed, little) for colour in COLOURS), strict=True)
    size = max(len(table) for table in tables)
    joined = np.stack([np.pad(table, (0, size - len(table)), "edge") for table in tables], axis=1)
    if joined.max() > 255:
        joined = joined >> 8
    return Palette(firsts[0], joined.astype(np.uint8))


def _table(ds: Dataset, colour: str, signed: bool, little: bool) -> tuple[Array, int]:
    descriptor = floats(ds.get(f"{colour}PaletteColorLookupTableDescriptor"))
    if len(descriptor) != 3:
        raise NoPreviewError(f"no preview: the {colour.lower()} palette has no descriptor")
    count, first, bits = (int(value) for value in descriptor)
    count = count % 65536 or 65536
    if signed and first > 32767:
        first -= 65536
    plain = _bytes(ds, f"{colour}PaletteColorLookupTableData", little)
    if plain is not None:
        # Entries of 8 bits may be packed two in a word.
        table = plain if len(plain) in (count, count + 1) else _words(plain)
    else:
        coded = _bytes(ds, f"Segmented{colour}PaletteColorLookupTableData", little)
        if coded is None:
            raise NoPreviewError(f"no preview: the {colour.lower()} palette is missing")
        table = _expanded(coded if bits == 8 else _words(coded))
    if not len(table):
        raise NoPreviewError(f"no preview: the {colour.lower()} palette is empty")
    return table[:count], first


def _bytes(ds: Dataset, keyword: str, little: bool) -> Array | None:
    """The table's data in little endian order, as bytes."""
    value: Any = ds.get(keyword)
    if isinstance(value, bytes) and value:
        data = np.frombuffer(value, np.uint8)
        swap = not little and ds[keyword].VR == "OW" and not len(value) % 2
        return data.view(">u2").astype("<u2").view(np.uint8) if swap else data
    numbers = floats(value)
    return np.array(numbers).astype("<u2").view(np.uint8) if numbers else None


def _words(data: Array) -> Array:
    return data[: len(data) // 2 * 2].view("<u2")


def _expanded(data: Array) -> Array:
    """A segmented table; raises NoPreviewError where a segment makes no sense."""
    found: list[Array] = []
    _Segments(data, found).expand(0, None, depth=0)
    return np.concatenate(found) if found else data[:0]


class _Segments:
    """Reads segments one after the other, and those that they refer to."""

    def __init__(self, data: Array, found: list[Array]) -> None:
        self._data, self._found = data, found
        self._size = 0

    def expand(self, place: int, segments: int | None, depth: int) -> None:
        """Expand `segments` segments from `place` on, all up to the end where None is given."""
        while place + 1 < len(self._data) and segments != 0:
            code, length = int(self._data[place]), int(self._data[place + 1])
            place += 2
            if code == _DISCRETE:
                self._add(self._data[place : place + length])
                place += length
            elif code == _LINEAR and place < len(self._data) and self._found:
                last, end = int(self._found[-1][-1]), int(self._data[place])
                line = last + (end - last) * np.arange(1, length + 1) / max(length, 1)
                self._add(np.rint(line).astype(np.uint16))
                place += 1
            elif code == _INDIRECT and depth == 0:
                width = 4 // self._data.itemsize
                target = int.from_bytes(self._data[place : place + width].tobytes(), "little")
                self.expand(target // self._data.itemsize, length, depth + 1)
                place += width
            else:
                raise NoPreviewError(f"no preview: the palette has a segment of kind {code}")
            if segments is not None:
                segments -= 1

    def _add(self, values: Array) -> None:
        self._size += len(values)
        if self._size > MAX_ENTRIES:
            raise NoPreviewError("no preview: the palette has too many entries")
        if len(values):
            self._found.append(values)
