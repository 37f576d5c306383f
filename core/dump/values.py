"""The value of a data element as text and as values, by its VR (PS3.5 6.2)."""

from __future__ import annotations

import re
import struct

from pydicom.charset import CODES_TO_ENCODINGS, python_encoding

TEXT = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR")
) | {"UT"}
BY_CHARACTER_SET = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))
SINGLE_VALUED = frozenset(("LT", "ST", "UR", "UT"))
NUMBERS = {
    "FL": "f", "FD": "d", "SL": "i", "SS": "h", "SV": "q", "UL": "I", "US": "H", "UV": "Q",
}  # fmt: skip
BYTES_OF_A_ROW = 32
DEFAULT_ENCODING = "latin_1"
_FRAGMENTS = re.compile(rb"^[^\x1b]+|\x1b[^\x1b]*", re.DOTALL)
# The two multi-byte sets whose Python decoders want the escape sequence left in.
_STATEFUL = ("iso2022_jp", "iso2022_jp_2")


def encodings(value: bytes) -> tuple[str, ...]:
    """Python's names for Specific Character Set (0008,0005); unknown ones are left out."""
    terms = [term.strip(" \0") for term in value.decode("ascii", "replace").split("\\")]
    names = [_encoding(term) for term in terms]
    first = names[0] or DEFAULT_ENCODING
    return (first, *(name for name in names[1:] if name))


def _encoding(term: str) -> str:
    tidy = re.sub(r"^ISO[-_ ]?(IR|2022)[-_ ]?", r"ISO_\1 ", term.upper())
    return python_encoding.get(term) or python_encoding.get(
        tidy.replace("ISO_2022", "ISO 2022"), ""
    )


def decoded(value: bytes, names: tuple[str, ...]) -> str:
    """Text by its character sets, with code extensions (PS3.5 6.1.2.5); U+FFFD for what is none."""
    if b"\x1b" not in value:
        return value.decode(names[0], "replace")
    return "".join(_fragment(part, names) for part in _FRAGMENTS.findall(value))


def _fragment(part: bytes, names: tuple[str, ...]) -> str:
    if not part.startswith(b"\x1b"):
        return part.decode(names[0], "replace")
    size = 4 if part[1:3] in (b"$(", b"$)") else 3
    name = CODES_TO_ENCODINGS.get(part[:size])
    if name is None:
        return part.decode(names[0], "replace")
    if name in _STATEFUL:
        return part.decode(name, "replace")
    if name == "iso_ir_58":
        name = "gb2312"
    return part[size:].decode(name, "replace")


def as_text(value: bytes, vr: str, order: str, names: tuple[str, ...]) -> str:
    """The value as one line would show it, several values joined by a backslash."""
    if vr in TEXT:
        text = decoded(value, names if vr in BY_CHARACTER_SET else (DEFAULT_ENCODING,))
        return text.rstrip("\0 ") if vr in SINGLE_VALUED else text.strip("\0 ")
    if vr in NUMBERS or vr == "AT":
        return "\\".join(str(item) for item in numbers(value, vr, order))
    return value.hex(" ")


def numbers(value: bytes, vr: str, order: str) -> list[int | float | str]:
    """The values of a binary numeric VR; an attribute tag as `(gggg,eeee)`."""
    if vr == "AT":
        words = struct.unpack(f"{order}{len(value) // 4 * 2}H", value[: len(value) // 4 * 4])
        return [f"({a:04X},{b:04X})" for a, b in zip(words[::2], words[1::2], strict=True)]
    code = NUMBERS[vr]
    count = len(value) // struct.calcsize(order + code)
    found = struct.unpack(f"{order}{count}{code}", value[: count * struct.calcsize(order + code)])
    return [_shortest(item) for item in found] if vr == "FL" else list(found)


def _shortest(value: float) -> float:
    """The shortest decimal number that is the same single precision one."""
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if struct.pack("<f", value) == _packed(short):
            return short
    return value


def _packed(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return b""


def multiplicity(value: bytes, vr: str, length: int) -> int:
    """VM: the number of values, by the bytes seen for text and by the whole length for numbers."""
    if not length:
        return 0
    if vr in NUMBERS or vr == "AT":
        return length // (4 if vr == "AT" else struct.calcsize("<" + NUMBERS[vr]))
    if vr in TEXT and vr not in SINGLE_VALUED:
        return value.count(b"\\") + 1
    return 1
