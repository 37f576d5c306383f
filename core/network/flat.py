"""The elements of a data set without nesting, walked by `struct`: little endian, PS3.5 7.1."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache

from pydicom.datadict import dictionary_VR

_ELEMENT = struct.Struct("<HHI")
_LENGTH = struct.Struct("<I")
_UNDEFINED = 0xFFFFFFFF
_LONG_VRS = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)

Element = tuple[int, str, bytes]
"""Tag, VR and value as it is encoded; sequences of a known length are one value."""


class NotFlatError(Exception):
    """There is something of undefined length in it, which only pydicom reads."""


def walk(data: bytes, *, implicit: bool) -> Iterator[Element]:
    """Each element; raises NotFlatError, and struct.error where the data ends too soon."""
    offset, end = 0, len(data)
    while offset < end:
        group, element, length = _ELEMENT.unpack_from(data, offset)
        tag = group << 16 | element
        offset += 8
        if implicit:
            vr = _implicit_vr(tag)
        else:
            code = data[offset - 4 : offset - 2]
            vr = code.decode("latin-1")
            if code in _LONG_VRS:
                (length,) = _LENGTH.unpack_from(data, offset)
                offset += 4
            else:
                length >>= 16
        if length == _UNDEFINED:
            raise NotFlatError
        if length > end - offset:
            raise struct.error("an element longer than the identifier")
        yield tag, vr, data[offset : offset + length]
        offset += length


@lru_cache(maxsize=4096)
def _implicit_vr(tag: int) -> str:
    try:
        return str(dictionary_VR(tag)).split(" or ")[0]
    except KeyError:
        return "UN"
