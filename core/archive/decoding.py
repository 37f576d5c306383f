"""Values of encoded elements to text, as the index keeps them."""

from __future__ import annotations

import struct

from core.archive.elements import UNDEFINED, Element, Encoding, Source
from core.archive.text import decode, encodings_of

MAX_VALUE = 16384
CHARACTER_SET = 0x00080005
NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
TEXT_VRS = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
"""The VRs that Specific Character Set holds for (PS3.5 6.1.2.2)."""
_KEPT_BLANK = ("LT", "ST", "UT")
_ASCII, _ = encodings_of("")


class ValueDecoder:
    """Decodes the values of one data set; what is odd about them gathers in `warnings`."""

    def __init__(self, source: Source, encoding: Encoding, warnings: list[str]) -> None:
        self.source = source
        self._little = encoding.little
        self._codecs = _ASCII
        self._warnings = warnings

    def choose_codecs(self, element: Element) -> None:
        """Decode text by this Specific Character Set from here on."""
        value = self.source.take(element.at, min(element.length, 256))
        self._codecs, warning = encodings_of(value.decode("latin_1").strip(" \0"))
        if warning:
            self._warnings.append(warning)

    def text(self, element: Element, vr: str, name: str) -> str:
        """A value, several joined by a backslash; empty where it is too long to be kept."""
        if element.length > MAX_VALUE:
            if element.length == UNDEFINED or self.source.reaches(element.at + element.length):
                self._warnings.append(f"{name} is too long to be indexed")
            return ""
        raw = self.source.take(element.at, element.length)
        if vr in NUMBERS:
            return numbers(raw, vr, little=self._little)
        text, good = decode(raw, self._codecs if vr in TEXT_VRS else _ASCII, is_name=vr == "PN")
        if not good:
            self._warnings.append(f"{name} does not fit its character set")
        return tidy(text, vr)


def numbers(raw: bytes, vr: str, *, little: bool) -> str:
    """Binary numbers of a VR of NUMBERS as text; half a number at the end is left out."""
    one = struct.Struct(("<" if little else ">") + NUMBERS[vr])
    whole = raw[: len(raw) // one.size * one.size]
    form = ".9g" if vr in ("FL", "FD") else "d"
    return "\\".join(format(number, form) for (number,) in one.iter_unpack(whole))


def tidy(text: str, vr: str) -> str:
    """A value without its padding: outer spaces do not count but in long texts (PS3.5 6.2)."""
    if vr in _KEPT_BLANK:
        return text.rstrip(" \0")
    if "\\" not in text:
        return text.strip(" \0")
    parts = [part.strip(" \0") for part in text.split("\\")]
    return "\\".join(parts) if any(parts) else ""
