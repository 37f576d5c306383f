"""Preamble and File Meta Information of Part 10 files (PS3.10 7.1): written and read."""

from __future__ import annotations

import struct
from typing import BinaryIO

from msgspec import Struct

from core.archive.elements import (
    EXPLICIT_BIG,
    IMPLICIT_LITTLE,
    DamagedError,
    Encoding,
    Source,
    Walk,
)
from core.errors import NotDicomError

IMPLEMENTATION_CLASS_UID = "2.25.272843216538019847325617640988163217943"
IMPLEMENTATION_VERSION_NAME = "MODALITTY"

_PREFIX = 132
_MAX_META = 1 << 16
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_CLASS, _INSTANCE, _SYNTAX = 0x00020002, 0x00020003, 0x00020010


class FileMeta(Struct, frozen=True, kw_only=True):
    """Where a file's data set begins, and what its meta information says of it."""

    offset: int
    transfer_syntax_uid: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    complete: bool = True
    """False where there is no preamble or no meta information, so that a new one is needed."""


def encode_meta(
    *, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, source: str
) -> bytes:
    """Preamble, prefix and File Meta Information, with the AE title the object came from."""
    elements = b"".join(
        (
            struct.pack("<HH2sHL", 2, 0x0001, b"OB", 0, 2) + b"\0\1",
            _element(0x0002, b"UI", sop_class_uid, b"\0"),
            _element(0x0003, b"UI", sop_instance_uid, b"\0"),
            _element(0x0010, b"UI", transfer_syntax_uid, b"\0"),
            _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID, b"\0"),
            _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME, b" "),
            _element(0x0016, b"AE", source[:16], b" ") if source.strip() else b"",
        )
    )
    length = struct.pack("<HH2sHL", 2, 0x0000, b"UL", 4, len(elements))
    return b"\0" * 128 + b"DICM" + length + elements


def _element(number: int, vr: bytes, text: str, padding: bytes) -> bytes:
    value = text.encode("ascii", "replace")
    value += padding * (len(value) % 2)
    return struct.pack("<HH2sH", 2, number, vr, len(value)) + value


def read_meta(file: BinaryIO, size: int) -> FileMeta:
    """What a file says of itself; where it has no meta information, what its first bytes tell.

    NotDicomError where nothing in it looks like a DICOM object.
    """
    head = file.read(_PREFIX + _MAX_META)
    if head[128:132] == b"DICM":
        return _parse_meta(head, _PREFIX, size)
    if head[:4] == b"\2\0\0\0" or head[:4] == b"\2\0\1\0":
        return _parse_meta(head, 0, size, complete=False)
    return FileMeta(offset=0, transfer_syntax_uid=_guess_syntax(head), complete=False)


def _parse_meta(head: bytes, start: int, size: int, *, complete: bool = True) -> FileMeta:
    source = Source(head, len(head))
    found: dict[int, str] = {}
    end = start
    try:
        for element in Walk(source).elements(start, len(head), Encoding(True, True)):
            if element.tag >> 16 != 2:
                break
            if element.tag in (_CLASS, _INSTANCE, _SYNTAX):
                value = source.take(element.at, element.length)
                found[element.tag] = value.decode("latin_1").strip(" \0")
            end = element.at + element.length
    except DamagedError as error:
        # The budget of bytes ends within the data set; within the meta information it is a fault.
        if head[end : end + 2] == b"\2\0" or end >= size:
            raise NotDicomError(f"the file meta information is damaged: {error}") from error
    syntax = found.get(_SYNTAX, "")
    return FileMeta(
        offset=end,
        transfer_syntax_uid=syntax or _guess_syntax(head[end:]),
        sop_class_uid=found.get(_CLASS, ""),
        sop_instance_uid=found.get(_INSTANCE, ""),
        complete=complete and bool(syntax),
    )


def _guess_syntax(head: bytes) -> str:
    """The plain transfer syntax whose first element these bytes can be; NotDicomError."""
    if len(head) >= 8:
        vr = head[4:6]
        explicit = vr.isalpha() and vr.isupper()
        group, _ = struct.unpack("<HH", head[:4])
        if group == 8 and explicit:
            return _EXPLICIT_LITTLE
        if group == 0x0800 and explicit:
            return EXPLICIT_BIG
        if group == 8 and struct.unpack("<L", head[4:8])[0] < 1 << 20:
            return IMPLICIT_LITTLE
    raise NotDicomError("not a DICOM file: no DICM prefix and no data set that begins as one")
