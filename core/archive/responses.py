"""Identifiers of C-FIND responses (PS3.4 C.4.1.1.3.2), encoded from what the index holds.

While a query lasts a value is encoded once: modalities, dates and descriptions repeat.
"""

from __future__ import annotations

import struct
from bisect import bisect
from collections.abc import Callable, Sequence
from typing import Any

from pydicom.datadict import tag_for_keyword

from core.archive import attributes
from core.archive.decoding import NUMBERS, TEXT_VRS
from core.archive.elements import Encoding, encoding_of
from core.archive.keys import Key, vr_of
from core.archive.rows import Row, getter
from core.model import Level

_CHARACTER_SET = 0x00080005
_LEVEL = 0x00080052
_RETRIEVE_AE_TITLE = 0x00080054
_UTF8 = "ISO_IR 192"
_ITEM = 0xFFFEE000
_LONG_VRS = frozenset(
    ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
)
"""VRs whose length has 32 bits where the VR is written (PS3.5 table 7.1-1)."""
_UNSENT = frozenset(("AT", "OB", "OD", "OF", "OL", "OV", "OW", "SV", "UV"))
"""VRs whose values are bytes, or that nobody asks by: answered empty."""
_NUMERIC_TEXT: dict[str, type[int] | type[float]] = {"IS": int, "DS": float}
_LONGEST_SHORT = 0xFFFE
_REMEMBERED = 4096


class Responses:
    """Encodes the responses of one query: the keys asked for, empty where nothing is known.

    `shown` are the attributes of a response; `ae_title` says where its objects can be had.
    """

    def __init__(
        self, level: Level, shown: Sequence[Key], transfer_syntax: str, ae_title: str
    ) -> None:
        write = Writer(encoding_of(transfer_syntax))
        fields = {key.tag: _Field(write, key.tag, key.vr, getter(key, level)) for key in shown}
        for tag, vr, text in ((_LEVEL, "CS", level.value), (_RETRIEVE_AE_TITLE, "AE", ae_title)):
            fields[tag] = _Field(write, tag, vr, _always(text))
        tags = sorted(fields)
        self._fields = [fields[tag] for tag in tags]
        self._character_set = write.element(_CHARACTER_SET, "CS", _UTF8)
        self._character_set_at = bisect(tags, _CHARACTER_SET)

    def encode(self, row: Row) -> bytes:
        """The identifier that answers for a row."""
        parts: list[bytes] = []
        is_ascii = True
        for field in self._fields:
            value = field.get(row)
            if type(value) is str:
                parts.append(field.known.get(value) or field.encode(value))
                is_ascii = is_ascii and value.isascii()
            else:
                parts.append(field.encode(value))
                is_ascii = is_ascii and str(value).isascii()
        if not is_ascii:
            parts.insert(self._character_set_at, self._character_set)
        return b"".join(parts)


def _always(text: str) -> Callable[[Row], Any]:
    return lambda row: text


class _Field:
    """One attribute of the responses: where its value comes from, and what it was encoded to."""

    __slots__ = ("_tag", "_vr", "_write", "get", "known")

    def __init__(self, write: Writer, tag: int, vr: str, get: Callable[[Row], Any]) -> None:
        self._write = write
        self._tag = tag
        self._vr = vr
        self.get = get
        self.known: dict[str, bytes] = {}

    def encode(self, value: Any) -> bytes:
        element = self._write.element(self._tag, self._vr, value)
        if isinstance(value, str):
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            self.known[value] = element
        return element


class Writer:
    """Writes data elements in one encoding; text that is not ASCII in UTF-8."""

    def __init__(self, encoding: Encoding) -> None:
        self._explicit = encoding.explicit
        order = "<" if encoding.little else ">"
        self._order = order
        self._implicit = struct.Struct(f"{order}HHI")
        self._short = struct.Struct(f"{order}HH2sH")
        self._long = struct.Struct(f"{order}HH2sxxI")

    def element(self, tag: int, vr: str, held: Any) -> bytes:
        """An element of what the index holds: text, or items; empty where it is no such value."""
        if vr == "SQ":
            value = b"".join(map(self._item, held)) if isinstance(held, list) else b""
        else:
            value = self._value(vr, held) if isinstance(held, str) else b""
        if not self._explicit:
            return self._implicit.pack(tag >> 16, tag & 0xFFFF, len(value)) + value
        if vr in _LONG_VRS or len(value) > _LONGEST_SHORT:
            # What is too long for its VR goes as UN: PS3.5 6.2.2.
            written = vr if vr in _LONG_VRS else "UN"
            return self._long.pack(tag >> 16, tag & 0xFFFF, written.encode(), len(value)) + value
        return self._short.pack(tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value

    def _value(self, vr: str, text: str) -> bytes:
        if not text or vr in _UNSENT:
            return b""
        if vr in NUMBERS:
            return self._numbers(vr, text)
        if vr in _NUMERIC_TEXT and not _are_numbers(text, _NUMERIC_TEXT[vr]):
            return b""
        raw = text.encode() if vr in TEXT_VRS or vr == "UN" else text.encode("ascii", "replace")
        return raw + (b"\0" if vr == "UI" else b" ") if len(raw) % 2 else raw

    def _numbers(self, vr: str, text: str) -> bytes:
        kind = float if vr in ("FL", "FD") else int
        try:
            numbers = [kind(part) for part in text.split("\\") if part]
            return struct.pack(f"{self._order}{len(numbers)}{NUMBERS[vr]}", *numbers)
        except (ValueError, struct.error, OverflowError):
            return b""

    def _item(self, values: dict[str, Any]) -> bytes:
        tagged = sorted((int(tag_for_keyword(keyword) or 0), keyword) for keyword in values)
        elements = b"".join(
            self.element(tag, _vr_within(tag, keyword), values[keyword]) for tag, keyword in tagged
        )
        return self._implicit.pack(_ITEM >> 16, _ITEM & 0xFFFF, len(elements)) + elements


def _vr_within(tag: int, keyword: str) -> str:
    return attributes.NESTED[keyword][1] if keyword in attributes.NESTED else vr_of(tag)


def _are_numbers(text: str, kind: type[int] | type[float]) -> bool:
    try:
        return bool([kind(part) for part in text.split("\\") if part.strip()])
    except ValueError:
        return False
