"""What a DICOMDIR says of an object, read from its file and encoded for a record."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from core.archive.elements import (
    DEFLATED,
    UNDEFINED,
    DamagedError,
    Element,
    Encoding,
    Source,
    Walk,
    encoding_of,
)
from core.archive.filemeta import read_meta
from core.transfers.media_records import (
    CONTENT_SEQUENCE,
    NESTED,
    RELATIONSHIP_TYPE,
    SERIES_INSTANCE_UID,
    STUDY_INSTANCE_UID,
    VERIFICATION_DATE_TIME,
    VERIFICATION_FLAG,
    VERIFYING_OBSERVERS,
    WANTED,
)

_HEAD = 256 << 10
_MAX_VALUE = 1024
_MAX_ITEMS = 5000
_MAX_DEPTH = 4
_LAST = max(WANTED)
_LONG_FORM = (b"SQ", b"UC", b"UR", b"UT")


@dataclass(frozen=True)
class Described:
    """An object as a DICOMDIR knows it: `values` are encoded as in a record, by tag."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    values: Mapping[int, bytes]

    @property
    def study(self) -> bytes:
        """Study Instance UID (0020,000D)."""
        return self.values.get(STUDY_INSTANCE_UID, b"")

    @property
    def series(self) -> bytes:
        """Series Instance UID (0020,000E)."""
        return self.values.get(SERIES_INSTANCE_UID, b"")


def describe(file: BinaryIO, size: int) -> Described:
    """Read what a DICOMDIR says of a Part 10 file of `size` bytes.

    An object that breaks off is described as far as it goes. Raises NotDicomError, OSError.
    """
    meta = read_meta(file, size)
    file.seek(meta.offset)
    head = file.read(_HEAD)
    source = Source(head, size - meta.offset, _fd(file), meta.offset)
    values: dict[int, bytes] = {}
    try:
        if meta.transfer_syntax_uid == DEFLATED:
            source = source.inflated()
        _collect(source, encoding_of(meta.transfer_syntax_uid), values)
    except DamagedError:
        pass
    if values.get(VERIFICATION_FLAG, b"").strip(b" \0") != b"VERIFIED":
        values.pop(VERIFICATION_DATE_TIME, None)
    return Described(meta.sop_class_uid, meta.sop_instance_uid, meta.transfer_syntax_uid, values)


def _fd(file: BinaryIO) -> int:
    try:
        return file.fileno()
    except (OSError, AttributeError):
        return -1


def _collect(source: Source, encoding: Encoding, values: dict[int, bytes]) -> None:
    walk = Walk(source)
    for element in walk.elements(0, source.size, encoding, WANTED):
        vr = WANTED.get(element.tag)
        if vr == b"SQ":
            _collect_sequence(walk, element, encoding, values)
        elif vr is not None and element.length <= _MAX_VALUE:
            value = _value(source, element, vr, encoding)
            if value:
                values.setdefault(element.tag, value)
        elif element.tag > _LAST or (element.length == UNDEFINED and element.tag >= 0x7FE00000):
            return


def _collect_sequence(
    walk: Walk, element: Element, encoding: Encoding, values: dict[int, bytes]
) -> None:
    if element.vr == b"UN":
        encoding = Encoding(explicit=False, little=True)
    if element.tag == VERIFYING_OBSERVERS:
        times = [
            _value(walk.source, inner, b"DT", encoding)
            for start, end in walk.items(element, encoding)
            for inner in walk.elements(start, end, encoding)
            if inner.tag == VERIFICATION_DATE_TIME and inner.length <= _MAX_VALUE
        ]
        if times:
            values[VERIFICATION_DATE_TIME] = max(times)
        return
    items = _items(walk, element, encoding, _MAX_DEPTH)
    if items:
        values[element.tag] = items


def _value(source: Source, element: Element, vr: bytes, encoding: Encoding) -> bytes:
    """A value's bytes as they go into a record: little endian, even, without blanks only."""
    raw = source.take(element.at, element.length)
    if vr in (b"US", b"UL"):
        width = 2 if vr == b"US" else 4
        raw = raw[:width]
        return raw if encoding.little else raw[::-1]
    return raw if raw.strip(b" \0") else b""


def _items(walk: Walk, sequence: Element, encoding: Encoding, depth: int) -> bytes:
    """A sequence's items anew, in explicit VR little endian, with what a record may need."""
    encoded = bytearray()
    for count, (start, end) in enumerate(walk.items(sequence, encoding)):
        if count == _MAX_ITEMS:
            break
        inner: dict[int, bytes] = {}
        for element in walk.elements(start, min(end, walk.source.size), encoding):
            vr = NESTED.get(element.tag)
            if vr == b"SQ" and depth:
                inner[element.tag] = _items(walk, element, encoding, depth - 1)
            elif vr not in (None, b"SQ") and element.length <= _MAX_VALUE:
                inner[element.tag] = _value(walk.source, element, vr or b"", encoding)
        relation = inner.get(RELATIONSHIP_TYPE, b"").strip(b" \0")
        if sequence.tag == CONTENT_SEQUENCE and relation != b"HAS CONCEPT MOD":
            continue
        content = b"".join(encode_element(tag, NESTED[tag], inner[tag]) for tag in sorted(inner))
        encoded += encode_item(content)
    return bytes(encoded)


def encode_element(tag: int, vr: bytes, value: bytes) -> bytes:
    """Encode an element in explicit VR little endian (PS3.5 7.1.2)."""
    if len(value) % 2:
        value += b"\0" if vr == b"UI" else b" "
    if vr in _LONG_FORM:
        return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def encode_item(content: bytes) -> bytes:
    """Encode an item of explicit length (PS3.5 7.5.2)."""
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content
