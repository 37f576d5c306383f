"""Data sets written in a native transfer syntax, value by value as they were read (PS3.5 7).

Text stays the bytes it was, whatever character set it claims; only the order of bytes and the form
of the headers change. Retired group lengths are left out: they would be wrong.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from msgspec import Struct
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.sequence import Sequence

UNDEFINED = 0xFFFFFFFF
_LONG_VRS = frozenset(
    ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
)
_SIZES = {
    **dict.fromkeys(("US", "SS", "OW", "AT"), 2),
    **dict.fromkeys(("UL", "SL", "FL", "OL", "OF"), 4),
    **dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), 8),
}
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

Changes = Mapping[int, tuple[str, bytes]]
"""Tag → VR and value in little endian, of elements that are to be written instead."""


class Form(Struct, frozen=True):
    """How elements are encoded."""

    implicit: bool
    little: bool


def swapped(value: bytes, vr: str) -> bytes:
    """A value in the other order of bytes; what does not consist of whole words stays."""
    size = _SIZES.get(vr, 1)
    if size == 1 or len(value) % size:
        return value
    return bytes(np.frombuffer(value, f"u{size}").byteswap().tobytes())


def write_header(out: BinaryIO, form: Form, tag: int, vr: str, length: int) -> None:
    """Tag, VR where it is explicit, and length of an element (PS3.5 7.1)."""
    order = "<" if form.little else ">"
    group, element = tag >> 16, tag & 0xFFFF
    if form.implicit or group == 0xFFFE:
        out.write(struct.pack(order + "HHI", group, element, length))
    elif vr in _LONG_VRS:
        out.write(struct.pack(order + "HH2sHI", group, element, vr.encode(), 0, length))
    elif length > 0xFFFF:  # PS3.5 6.2.2
        out.write(struct.pack(order + "HH2sHI", group, element, b"UN", 0, length))
    else:
        out.write(struct.pack(order + "HH2sH", group, element, vr.encode(), length))


class Writer:
    """Writes the elements of data sets that were read in `little` or big endian."""

    def __init__(self, out: BinaryIO, form: Form, *, little: bool) -> None:
        self._out = out
        self._form = form
        self._swap = form.little != little

    def write(self, ds: Dataset, changes: Changes, signed: bool = False) -> None:
        """Each element in order; those in `changes` take the place of what was there."""
        signed = _is_signed(ds, signed)
        tags = {int(tag) for tag in ds.keys()} | set(changes)  # noqa: SIM118  keys alone
        for tag in sorted(tags):
            if tag & 0xFFFF == 0:
                continue
            if tag in changes:
                vr, value = changes[tag]
                self._plain(tag, vr, value if self._form.little else swapped(value, vr))
            else:
                self._element(ds, tag, signed)

    def _element(self, ds: Dataset, tag: int, signed: bool) -> None:
        item: Any = ds.get_item(tag)
        if isinstance(item, RawDataElement):
            # In big endian nobody could tell any more how an unknown value was encoded.
            known = None if item.VR == "UN" and self._swap and not self._form.little else item.VR
            vr = vr_of(ds, tag, known, signed)
            if vr != "SQ":
                value = bytes(item.value or b"")
                self._plain(tag, vr, swapped(value, vr) if self._swap else value)
                return
            item = ds[tag]
        if isinstance(item.value, Sequence):
            self._sequence(tag, item.value, signed)
        else:
            self._foreign(item)

    def _plain(self, tag: int, vr: str, value: bytes) -> None:
        if len(value) % 2:
            value += b" " if vr not in ("UI", "OB", "UN") else b"\0"
        write_header(self._out, self._form, tag, vr, len(value))
        self._out.write(value)

    def _sequence(self, tag: int, items: Sequence, signed: bool) -> None:
        write_header(self._out, self._form, tag, "SQ", UNDEFINED)
        for item in items:
            write_header(self._out, self._form, _ITEM, "", UNDEFINED)
            self.write(item, {}, signed)
            write_header(self._out, self._form, _ITEM_END, "", 0)
        write_header(self._out, self._form, _SEQUENCE_END, "", 0)

    def _foreign(self, item: DataElement) -> None:
        """An element that pydicom has made a value of already."""
        buffer = DicomBytesIO()
        buffer.is_implicit_VR, buffer.is_little_endian = self._form.implicit, self._form.little
        write_data_element(buffer, item, ["utf-8"])
        self._out.write(buffer.getvalue())


def _is_signed(ds: Dataset, otherwise: bool) -> bool:
    """Pixel Representation, which decides between US and SS; an item inherits it."""
    item: Any = ds.get_item(0x00280103) if 0x00280103 in ds else None
    value = getattr(item, "value", None)
    if isinstance(value, (bytes, bytearray)):
        return any(value)
    return bool(value) if isinstance(value, int) else otherwise


def vr_of(ds: Dataset, tag: int, known: str | None, signed: bool) -> str:
    """The VR to write an element with; implicit VR leaves that to the dictionary (PS3.5 A.1)."""
    if known:
        return str(known)
    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    try:
        vr = str(dictionary_VR(tag))
    except KeyError:
        return "UN"
    if " or " not in vr:
        return vr
    if vr == "US or SS":
        return "SS" if signed else "US"
    return "OB" if tag == 0x54001010 and _bits(ds, 0x54001004) == 8 else "OW"


def _bits(ds: Dataset, tag: int) -> int:
    item: Any = ds.get_item(tag) if tag in ds else None
    value = getattr(item, "value", 0)
    return int.from_bytes(value, "little") if isinstance(value, bytes) else int(value or 0)
