"""A value in full, a page at a time: 100 MB are read by going to one place of them."""

from __future__ import annotations

import struct
from pathlib import Path

from core.dump import values
from core.dump.source import Source, opened
from core.dump.walker import Kind, Walker
from core.model import ValuePage, ValuePlace

BYTES_OF_A_PAGE = 8192
"""A multiple of every line's length, and of every word's."""
_BYTES_OF_A_LINE = 16
_WORDS = {"OL": 4, "OV": 8, "OW": 2}
_READ_AS = {"OF": "FL", "OD": "FD"}
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_PARTS = ("family", "given", "middle", "prefix", "suffix")


def page(source: Path, place: ValuePlace, number: int = 0, *, as_bytes: bool = False) -> ValuePage:
    """Give page `number` of a value, counted from 0, the last one where there are fewer.

    Text is given as text, numbers and words as such, all else as hexadecimal bytes with their
    offsets, as everything is where `as_bytes`. Raises NotDicomError where the file is gone.
    """
    pages = max(1, -(-place.size // BYTES_OF_A_PAGE))
    number = max(0, min(number, pages - 1))
    first = number * BYTES_OF_A_PAGE
    last = min(first + BYTES_OF_A_PAGE, place.size)
    with opened(source) as file:
        bytes_of_it = clear(file) if place.deflated else file
        kind, lines = _Reading(bytes_of_it, place, as_bytes).lines(first, last)
    return ValuePage(
        page=number, pages=pages, first=first, last=last, size=place.size, kind=kind, lines=lines
    )


def clear(source: Source) -> Source:
    """The inflated data set behind the File Meta group."""
    walker = Walker(source)
    for step in walker.steps():
        if step.kind is Kind.ELEMENT and step.tag >> 16 != 2:
            break
    return walker.source


class _Reading:
    """One stretch of a value as lines."""

    def __init__(self, source: Source, place: ValuePlace, as_bytes: bool) -> None:
        self.source = source
        self.place = place
        self.as_bytes = as_bytes

    def lines(self, first: int, last: int) -> tuple[str, tuple[str, ...]]:
        """(What the lines are, the lines) of the bytes from `first` up to `last`."""
        vr, size = self.place.vr, _size_of_item(self.place.vr)
        if vr in values.TEXT and not self.as_bytes:
            return "text", tuple(self._text(first, last))
        if self.as_bytes or not size:
            return "bytes", tuple(_hexadecimal(self._raw(first, last), first))
        what = "tags" if vr == "AT" else f"{'words' if vr in _WORDS else 'numbers'} of"
        bits = "" if vr == "AT" else f" {8 * size} bits"
        return what + bits, tuple(self._items(first, last, max(_BYTES_OF_A_LINE, 4 * size)))

    def _raw(self, first: int, last: int) -> bytes:
        return self.source.at(self.place.offset + first, last - first)

    def _text(self, first: int, last: int) -> list[str]:
        place = self.place
        names = place.character_set or (values.DEFAULT_ENCODING,)
        if names[0].lower() in ("utf8", "utf-8"):
            first, last = self._at_character(first), self._at_character(last)
        text = values.decoded(self._raw(first, last), names)
        if last >= place.size:
            text = text.rstrip("\0 ")
        if place.vr == "PN" and place.size <= BYTES_OF_A_PAGE:
            return [line for name in text.split("\\") for line in _name(name)]
        if place.vr in values.SINGLE_VALUED:
            return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return text.split("\\")

    def _at_character(self, position: int) -> int:
        """The start of the UTF-8 character at a position."""
        if not 0 < position < self.place.size:
            return position
        around = self._raw(position - 3, position + 1) if position >= 3 else b""
        back = 0
        while back < 3 and len(around) == 4 and around[3 - back] & 0xC0 == 0x80:
            back += 1
        return position - back

    def _items(self, first: int, last: int, per_line: int) -> list[str]:
        order = ">" if self.place.big_endian else "<"
        raw = self._raw(first, last)
        return [
            f"{first + start:08x}  {_numbers(raw[start : start + per_line], self.place.vr, order)}"
            for start in range(0, len(raw), per_line)
        ]


def _size_of_item(vr: str) -> int:
    """Bytes of one number, word or tag; 0 for what is a row of bytes."""
    if vr == "AT":
        return 4
    code = values.NUMBERS.get(_READ_AS.get(vr, vr))
    return struct.calcsize("<" + code) if code else _WORDS.get(vr, 0)


def _numbers(raw: bytes, vr: str, order: str) -> str:
    if size := _WORDS.get(vr):
        words = (raw[at : at + size] for at in range(0, len(raw), size))
        return " ".join((word if order == ">" else word[::-1]).hex() for word in words)
    return "  ".join(str(item) for item in values.numbers(raw, _READ_AS.get(vr, vr), order))


def _hexadecimal(raw: bytes, first: int) -> list[str]:
    """Lines of offset, bytes, and what is printable in ASCII."""
    lines = []
    for start in range(0, len(raw), _BYTES_OF_A_LINE):
        part = raw[start : start + _BYTES_OF_A_LINE]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        hexadecimal = part.hex(" ").ljust(3 * _BYTES_OF_A_LINE - 1)
        lines.append(f"{first + start:08x}  {hexadecimal}  {shown}")
    return lines


def _name(text: str) -> list[str]:
    """A person name, and what its groups and components are, PS3.5 6.2.1."""
    lines = [text]
    for group, name in zip(_GROUPS, text.split("="), strict=False):
        parts = [
            f"{label} {part.strip()}"
            for label, part in zip(_PARTS, name.split("^"), strict=False)
            if part.strip()
        ]
        if parts:
            lines.append(f"  {group}: {', '.join(parts)}")
    return lines
