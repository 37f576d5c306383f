"""Functional groups of single frames, found by skipping and read when asked for (PS3.3 C.7.6.16).

An object of twenty thousand frames has as many items, each of them sequences in sequences: to make
data sets of all for one frame would take seconds.
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from core.imaging.patience import PATIENCE

PER_FRAME = 0x52009230
MAX_BYTES = 512 << 20
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIECE = 4 << 20
_LONG = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UR", b"UT", b"UV")
)
_SHORT = frozenset(
    (
        b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN",
        b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
    )
)  # fmt: skip


class UnreadableError(Exception):
    """The sequence is not as it should be, or in a form that is left to pydicom."""


class FrameGroups:
    """The items of a Per-Frame Functional Groups Sequence, the file standing at its element.

    Afterwards it stands behind it. Raises UnreadableError.
    """

    def __init__(self, file: BinaryIO, *, implicit: bool, little: bool) -> None:
        self._file, self._implicit, self._little = file, implicit, little
        order = "<" if little else ">"
        self._tag = struct.Struct(order + "HH")
        self._short, self._word = struct.Struct(order + "H"), struct.Struct(order + "I")
        self._start = file.tell()
        self._data = bytearray()
        try:
            self._items, length = self._found()
        except (struct.error, IndexError) as fault:
            raise UnreadableError from fault
        file.seek(self._start + length)
        self._data.clear()

    def __len__(self) -> int:
        return len(self._items)

    def item(self, frame: int) -> Dataset | None:
        """The functional groups of one frame, None where there are none."""
        if not 0 <= frame < len(self._items):
            return None
        begin, end = self._items[frame]
        self._file.seek(self._start + begin)
        data = io.BytesIO(self._file.read(end - begin))
        return read_dataset(data, self._implicit, self._little)

    def _found(self) -> tuple[list[tuple[int, int]], int]:
        """Where each item's elements begin and end, and how long the whole element is."""
        header, length = self._element(0)
        items: list[tuple[int, int]] = []
        place = header
        stop = None if length == _UNDEFINED else header + length
        while stop is None or place < stop:
            tag, size = self._tag_at(place), self._length_at(place + 4)
            if tag == _SEQUENCE_END and stop is None:
                return items, place + 8
            if tag != _ITEM:
                raise UnreadableError
            begin = place + 8
            place = begin + size
            end = place
            if size == _UNDEFINED:
                place = self._behind(begin)
                end = place - 8
            items.append((begin, end))
        return items, place

    def _behind(self, place: int) -> int:
        """Where an item without a length ends, its delimiter included."""
        depth = 1
        while depth:
            tag = self._tag_at(place)
            if tag == _ITEM:
                length, header = self._length_at(place + 4), 8
            elif tag in (_ITEM_END, _SEQUENCE_END):
                depth -= 1
                place += 8
                continue
            else:
                header, length = self._element(place)
            place += header
            if length == _UNDEFINED:
                depth += 1
            else:
                place += length
        return place

    def _element(self, place: int) -> tuple[int, int]:
        """Length of an element's header, and of its value."""
        self._have(place + 12)
        if self._implicit:
            return 8, self._length_at(place + 4)
        vr = bytes(self._data[place + 4 : place + 6])
        if vr in _SHORT:
            return 8, int(self._short.unpack_from(self._data, place + 6)[0])
        if vr in _LONG:
            return 12, int(self._word.unpack_from(self._data, place + 8)[0])
        if vr == b"UN" and (length := self._length_at(place + 8)) != _UNDEFINED:
            return 12, length
        raise UnreadableError

    def _tag_at(self, place: int) -> int:
        self._have(place + 8)
        group, element = self._tag.unpack_from(self._data, place)
        return int(group << 16 | element)

    def _length_at(self, place: int) -> int:
        return int(self._word.unpack_from(self._data, place)[0])

    def _have(self, size: int) -> None:
        """Read on until so many bytes are there, or the file ends."""
        while len(self._data) < size and size <= MAX_BYTES:
            piece = self._file.read(_PIECE)
            if not piece:
                return
            self._data += piece
            PATIENCE.extend(len(self._data))
