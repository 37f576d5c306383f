"""Response identifiers as a :class:`core.model.Match`: keyword → text, whatever a peer sends.

Flat identifiers in little endian are walked by `struct` (pydicom takes half a millisecond for
each, and there may be thousands); the others are read by pydicom. Nothing here raises.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO

from pydicom import Dataset
from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.datadict import keyword_for_tag
from pydicom.filereader import read_dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

from core.model import Level, Match
from core.network import flat
from core.network.contexts import EXPLICIT_BE, IMPLICIT_LE
from core.network.flat import Element, NotFlatError

_CHARSET = 0x00080005
_MAX_DEPTH = 8
_CHARSET_VRS = frozenset({"SH", "LO", "ST", "LT", "UC", "UT", "PN"})
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
_OPAQUE = frozenset({"SQ", "UN", "OB", "OD", "OF", "OL", "OV", "OW"})


def read(data: bytes, transfer_syntax: str, level: Level, peer: str, *, partial: bool) -> Match:
    """A match out of the identifier's bytes; what cannot be decoded marks it as incomplete."""
    try:
        if transfer_syntax == EXPLICIT_BE:
            raise NotFlatError
        raw = list(flat.walk(data, implicit=transfer_syntax == IMPLICIT_LE))
        values, sound = _decode(raw)
    except NotFlatError:
        values, sound = _decode_slowly(data, transfer_syntax)
    except struct.error:
        # Cut short: pydicom takes what there is, and says nothing of it.
        values, sound = _decode_slowly(data, transfer_syntax)[0], False
    return Match(level=level, values=values, peer=peer, incomplete=partial or not sound)


def _decode(elements: list[Element]) -> tuple[dict[str, str], bool]:
    charset = next((raw for tag, _, raw in elements if tag == _CHARSET), b"")
    encodings, sound = _encodings(charset.decode("latin-1").strip(" \0"))
    values: dict[str, str] = {}
    for tag, vr, raw in elements:
        if raw and vr == "SQ":
            raise NotFlatError
        text, whole = _text(vr, raw, encodings)
        values[_key(tag)] = text
        sound = sound and whole
    return values, sound


@lru_cache(maxsize=64)
def _encodings(charset: str) -> tuple[tuple[str, ...], bool]:
    """Python encodings of a Specific Character Set, and whether it is a known one."""
    terms = [term.strip() for term in charset.split("\\")]
    if all(term in python_encoding for term in terms):
        return tuple(convert_encodings(terms)), True
    return ("iso8859",), False


def _text(vr: str, raw: bytes, encodings: tuple[str, ...]) -> tuple[str, bool]:
    if vr in _CHARSET_VRS:
        return _charset_text(vr, raw.rstrip(b"\0 "), encodings)
    if vr in _NUMBERS:
        code = _NUMBERS[vr]
        size = struct.calcsize(code)
        numbers = struct.iter_unpack("<" + code, raw[: len(raw) // size * size])
        return "\\".join(str(number) for (number,) in numbers), len(raw) % size == 0
    if vr == "AT":
        pairs = struct.iter_unpack("<HH", raw[: len(raw) // 4 * 4])
        return "\\".join(f"{group:04X}{element:04X}" for group, element in pairs), True
    if vr in _OPAQUE:
        return "", True
    return raw.decode("latin-1").strip("\0 "), raw.isascii()


def _charset_text(vr: str, raw: bytes, encodings: tuple[str, ...]) -> tuple[str, bool]:
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii"), True
    try:
        if len(encodings) == 1 and b"\x1b" not in raw:
            return raw.decode(encodings[0]), True
        delimiters = PN_DELIMS if vr == "PN" else TEXT_VR_DELIMS
        text = decode_bytes(raw, list(encodings), delimiters)
    except Exception:
        return raw.decode(encodings[0], "replace"), False
    return text, "\ufffd" not in text


@lru_cache(maxsize=4096)
def _key(tag: int) -> str:
    return keyword_for_tag(tag) or f"{tag:08X}"


def _decode_slowly(data: bytes, transfer_syntax: str) -> tuple[dict[str, str], bool]:
    values: dict[str, str] = {}
    try:
        ds = read_dataset(
            BytesIO(data),
            is_implicit_VR=transfer_syntax == IMPLICIT_LE,
            is_little_endian=transfer_syntax != EXPLICIT_BE,
        )
    except Exception:
        return values, False
    readable = [_add(values, ds, tag) for tag in list(ds.keys())]
    return values, all(readable)


def _add(values: dict[str, str], ds: Dataset, tag: int, depth: int = 0) -> bool:
    """Put one element into `values`; False where it cannot be read."""
    try:
        element = ds[tag]
        value = element.value
        if element.VR == "SQ" and value:
            return _add_items(values, _key(tag), value, depth)
        if element.VR in _OPAQUE or value is None:
            values[_key(tag)] = ""
        elif isinstance(value, MultiValue | list):
            values[_key(tag)] = "\\".join(map(str, value))
        else:
            values[_key(tag)] = str(value)
    except Exception:
        values[_key(tag)] = ""
        return False
    return True


def _add_items(values: dict[str, str], key: str, items: Iterable[Dataset], depth: int) -> bool:
    """Put what is in a sequence into `values` as `Sequence.Keyword`.

    The values of several items are joined as several values are; where an item has none, there is
    nothing between the backslashes.
    """
    if depth >= _MAX_DEPTH:
        values[key] = ""
        return False
    rows: list[dict[str, str]] = []
    sound = True
    for item in items:
        row: dict[str, str] = {}
        for tag in list(item.keys()):
            sound = _add(row, item, tag, depth + 1) and sound
        rows.append(row)
    if not any(rows):
        values[key] = ""
    for inner in dict.fromkeys(inner for row in rows for inner in row):
        parts = [row.get(inner, "") for row in rows]
        values[f"{key}.{inner}"] = "\\".join(parts) if any(parts) else ""
    return sound
