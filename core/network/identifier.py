"""Identifiers of queries as bytes, PS3.4 C.4.1: flat ones quickly, all others by pydicom."""

from __future__ import annotations

import contextlib
import struct
from io import BytesIO
from typing import Any

from pydicom import Dataset
from pydicom.charset import convert_encodings, python_encoding
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from core.errors import UsageError
from core.network import flat
from core.network.contexts import EXPLICIT_BE, IMPLICIT_LE

FAILED_UIDS = 0x00080058
"""Failed SOP Instance UID List, in the last response of a retrieval (PS3.4 C.4.2.1.4.2)."""
MAX_IDENTIFIER = 1 << 20
"""Bytes of an identifier we read from a peer."""

_IMPLICIT = struct.Struct("<HHI")
_SHORT = struct.Struct("<HH2sH")
_LONG = struct.Struct("<HH2sxxI")
_LONG_VRS = frozenset({"UC", "UR", "UT"})
_CHARSET_VRS = frozenset({"SH", "LO", "ST", "LT", "UC", "UT", "PN"})
_PLAIN_VRS = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR"})
_NUMBERS = {"US": "H", "UL": "I", "SS": "h", "SL": "i", "FL": "f", "FD": "d"}
_UTF8 = "ISO_IR 192"


def decode(data: bytes, transfer_syntax: str) -> Dataset:
    """Read an identifier; raises UsageError where it is no data set."""
    try:
        if transfer_syntax != EXPLICIT_BE:
            _require_whole(data, implicit=transfer_syntax == IMPLICIT_LE)
        ds = read_dataset(
            BytesIO(data),
            is_implicit_VR=transfer_syntax == IMPLICIT_LE,
            is_little_endian=transfer_syntax != EXPLICIT_BE,
        )
        # A damaged sequence is better found here than later. Other values stay bytes: a key may be
        # what its VR does not allow (a wildcard, a range), and pydicom would warn of that.
        for tag in list(ds.keys()):
            if _is_sequence(ds, tag):
                _ = ds[tag].value
    except Exception as exc:
        # pydicom raises whatever its parsing ran into, down to RecursionError.
        raise UsageError(f"the identifier cannot be read ({type(exc).__name__})") from exc
    return ds


def _is_sequence(ds: Dataset, tag: BaseTag) -> bool:
    vr = getattr(ds.get_item(tag), "VR", None)
    if vr in (None, "UN"):
        return dictionary_has_tag(tag) and str(dictionary_VR(tag)) == "SQ"
    return bool(vr == "SQ")


def _require_whole(data: bytes, *, implicit: bool) -> None:
    """Raise struct.error where the data ends within an element: pydicom would say nothing."""
    with contextlib.suppress(flat.NotFlatError):
        for _ in flat.walk(data, implicit=implicit):
            pass


def encode(ds: Dataset, transfer_syntax: str) -> bytes:
    """Write an identifier in a native transfer syntax, little or big endian.

    Text that its character set cannot hold makes the whole UTF-8 (PS3.3 C.12.1.1.2).
    """
    if transfer_syntax != EXPLICIT_BE:
        try:
            return _encode_flat(ds, implicit=transfer_syntax == IMPLICIT_LE)
        except UnicodeEncodeError:
            ds.SpecificCharacterSet = _UTF8
            return _encode_flat(ds, implicit=transfer_syntax == IMPLICIT_LE)
        except _NotFlatError:
            pass
    return _encode_any(ds, transfer_syntax)


class _NotFlatError(Exception):
    """The data set has something in it that only pydicom writes."""


def _encode_any(ds: Dataset, transfer_syntax: str) -> bytes:
    with DicomBytesIO() as out:
        out.is_implicit_VR = transfer_syntax == IMPLICIT_LE
        out.is_little_endian = transfer_syntax != EXPLICIT_BE
        write_dataset(out, ds)
        return bytes(out.getvalue())


def _encode_flat(ds: Dataset, *, implicit: bool) -> bytes:
    encodings = _encodings(ds.get("SpecificCharacterSet"))
    parts: list[bytes] = []
    for element in ds:
        raw = _encode_value(element, encodings)
        tag, vr = element.tag, element.VR
        if implicit:
            parts.append(_IMPLICIT.pack(tag >> 16, tag & 0xFFFF, len(raw)))
        elif vr in _LONG_VRS:
            parts.append(_LONG.pack(tag >> 16, tag & 0xFFFF, vr.encode(), len(raw)))
        else:
            parts.append(_SHORT.pack(tag >> 16, tag & 0xFFFF, vr.encode(), len(raw)))
        parts.append(raw)
    return b"".join(parts)


def _encodings(charset: str | MultiValue[str] | None) -> list[str]:
    """Python encodings; ASCII alone where there is no set, or none that anybody knows."""
    terms = [charset] if isinstance(charset, str) else list(charset or ())
    if any(terms) and all(term in python_encoding for term in terms):
        return convert_encodings(terms)
    return ["ascii"]


def _encode_value(element: DataElement, encodings: list[str]) -> bytes:
    vr, value = element.VR, element.value
    if value is None or value == "":
        if vr == "SQ":
            raise _NotFlatError
        return b""
    values = list(value) if isinstance(value, MultiValue | list) else [value]
    if vr in _PLAIN_VRS:
        raw = "\\".join(map(str, values)).encode("ascii", "replace")
    elif vr in _CHARSET_VRS:
        raw = _encode_text(values, encodings)
    elif vr in _NUMBERS:
        raw = _encode_numbers(_NUMBERS[vr], values)
    else:
        raise _NotFlatError
    if len(raw) > 0xFFFE and vr not in _LONG_VRS:
        raise _NotFlatError
    return raw + (b"\0" if vr == "UI" else b" ") if len(raw) % 2 else raw


def _encode_numbers(code: str, values: list[Any]) -> bytes:
    """Numbers; nothing where a damaged object had something else there."""
    try:
        return struct.pack(f"<{len(values)}{code}", *values)
    except struct.error:
        return b""


def _encode_text(values: list[object], encodings: list[str]) -> bytes:
    text = "\\".join(map(str, values))
    if text.isascii():
        return text.encode("ascii")
    if len(encodings) > 1:
        raise _NotFlatError  # ISO 2022: the writer knows where to escape
    return text.encode(encodings[0])
