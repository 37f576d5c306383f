"""Data sets of UIDs, numbers and sequences, read and written by `struct`: PS3.5 7.1 and 7.5.

There may be thousands of references in one, and each is an item of its own; pydicom would take two
seconds for twenty thousand, and complain of each UID that is none.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from core.errors import UsageError
from core.network.contexts import EXPLICIT_BE, IMPLICIT_LE

Values = dict[int, "bytes | list[Values]"]
"""Tag → value as it is encoded, or the items of a sequence."""
Element = tuple[int, bytes, "bytes | Sequence[Sequence[Element]]"]
"""Tag, VR, and a value of even length or the items of a sequence; in the order of tags."""

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG_VRS = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)
_MAX_DEPTH = 8


class _Reader:
    def __init__(self, data: bytes, transfer_syntax: str, sequences: frozenset[int]) -> None:
        endian = ">" if transfer_syntax == EXPLICIT_BE else "<"
        self._data = data
        self._implicit = transfer_syntax == IMPLICIT_LE
        self._sequences = sequences
        self._tag_and_long = struct.Struct(endian + "HHI")
        self._short = struct.Struct(endian + "H")
        self._long = struct.Struct(endian + "I")

    def elements(self, at: int, end: int, depth: int) -> tuple[Values, int]:
        """What is there up to `end` or to the end of the item, and where to go on."""
        if depth > _MAX_DEPTH:
            raise UsageError("sequences are nested too deeply")
        values: Values = {}
        while at < end:
            tag, nested, length, at = self._head(at)
            if tag == _ITEM_END:
                return values, at
            if nested:
                values[tag], at = self._items(at, end, length, depth)
                continue
            if length > end - at:
                raise UsageError("an element is longer than what holds it")
            values[tag] = self._data[at : at + length]
            at += length
        return values, at

    def _head(self, at: int) -> tuple[int, bool, int, int]:
        """Tag, whether it is a sequence, length of the value, and where that begins."""
        group, element, length = self._tag_and_long.unpack_from(self._data, at)
        tag = group << 16 | element
        if self._implicit or group == 0xFFFE:
            nested = tag in self._sequences or (length == _UNDEFINED and tag != _ITEM_END)
            return tag, nested, length, at + 8
        vr = self._data[at + 4 : at + 6]
        if vr not in _LONG_VRS:
            (length,) = self._short.unpack_from(self._data, at + 6)
            return tag, False, length, at + 8
        (length,) = self._long.unpack_from(self._data, at + 8)
        return tag, vr == b"SQ" or length == _UNDEFINED, length, at + 12

    def _items(self, at: int, end: int, length: int, depth: int) -> tuple[list[Values], int]:
        until = end if length == _UNDEFINED else at + length
        if until > end:
            raise UsageError("a sequence is longer than what holds it")
        items: list[Values] = []
        while at < until:
            group, element, size = self._tag_and_long.unpack_from(self._data, at)
            tag, at = group << 16 | element, at + 8
            if tag == _SEQUENCE_END:
                return items, at
            if tag != _ITEM or (size != _UNDEFINED and size > until - at):
                raise UsageError("a sequence has something else in it than items")
            item, at = self.elements(at, until if size == _UNDEFINED else at + size, depth + 1)
            items.append(item)
        if length == _UNDEFINED:
            raise UsageError("a sequence does not end")
        return items, at


def read(data: bytes, transfer_syntax: str, sequences: frozenset[int]) -> Values:
    """Read a data set; `sequences` are the tags that are such where the VR is implicit.

    Raises UsageError where it is none.
    """
    try:
        return _Reader(data, transfer_syntax, sequences).elements(0, len(data), 0)[0]
    except struct.error as exc:
        raise UsageError("the data set ends within an element") from exc


def write(elements: Sequence[Element], transfer_syntax: str) -> bytes:
    """Write a data set, sequences and items with their lengths."""
    endian = ">" if transfer_syntax == EXPLICIT_BE else "<"
    parts: list[bytes] = []
    for tag, vr, value in elements:
        if isinstance(value, bytes):
            raw = value
        else:
            items = (write(item, transfer_syntax) for item in value)
            raw = b"".join(struct.pack(endian + "HHI", 0xFFFE, 0xE000, len(i)) + i for i in items)
        head = tag >> 16, tag & 0xFFFF
        if transfer_syntax == IMPLICIT_LE:
            parts.append(struct.pack("<HHI", *head, len(raw)))
        elif vr in _LONG_VRS:
            parts.append(struct.pack(endian + "HH2sxxI", *head, vr, len(raw)))
        else:
            parts.append(struct.pack(endian + "HH2sH", *head, vr, len(raw)))
        parts.append(raw)
    return b"".join(parts)
