"""DICOM files as C-STORE sends them: what they are, and where their data set begins, PS3.10."""

from __future__ import annotations

import os
import struct
from io import BytesIO
from pathlib import Path

from msgspec import Struct
from pydicom import dcmread

from core.errors import NotDicomError
from core.model import Instance

_ELEMENT = struct.Struct("<HH2sH")
_LONG = struct.Struct("<I")
_LONG_VRS = frozenset({b"OB", b"OW", b"UN", b"SQ", b"UT", b"UC", b"UR"})
_HEAD = 64 * 1024
"""Bytes in which the file meta information must end; real ones have a few hundred."""


class ObjectFile(Struct, frozen=True):
    """An object in a file; the data set is what begins at `offset`."""

    path: str
    size: int
    offset: int
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    whole: bytes = b""
    """The bytes of a small file, which is read anyhow to find out what it is; else empty."""


def open_object(item: Instance | Path) -> ObjectFile:
    """Look at the head of a Part 10 file, or of a bare data set.

    Raises NotDicomError where it is none, OSError where it cannot be read.
    """
    path = item.path if isinstance(item, Instance) else str(item)
    head, size = _head(path)
    if head[128:132] != b"DICM":
        return _bare(Path(path), size)
    offset, meta = _file_meta(head)
    found = ObjectFile(
        path=path,
        size=size,
        offset=offset,
        sop_class_uid=meta.get(0x0002, ""),
        sop_instance_uid=meta.get(0x0003, ""),
        transfer_syntax_uid=meta.get(0x0010, ""),
        whole=head if len(head) == size else b"",
    )
    if not (found.sop_class_uid and found.sop_instance_uid and found.transfer_syntax_uid):
        raise NotDicomError("the file meta information names no object", "is it a DICOMDIR?")
    return found


def _head(path: str) -> tuple[bytes, int]:
    """The first bytes of a file, and its size; by system calls, for there may be thousands."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, _HEAD), os.fstat(fd).st_size
    finally:
        os.close(fd)


def _file_meta(head: bytes) -> tuple[int, dict[int, str]]:
    """Where group 0002 ends, and its UID elements by element number."""
    values: dict[int, str] = {}
    offset = 132
    while offset + 8 <= len(head):
        group, element, vr, length = _ELEMENT.unpack_from(head, offset)
        if group != 0x0002:
            return offset, values
        offset += 8
        if vr in _LONG_VRS:
            if offset + 4 > len(head):
                break
            (length,) = _LONG.unpack_from(head, offset)
            offset += 4
        if vr == b"UI":
            values[element] = head[offset : offset + length].decode("latin-1").strip("\0 ")
        offset += length
    raise NotDicomError("the file meta information does not end")


def _bare(path: Path, size: int) -> ObjectFile:
    """A data set without preamble and file meta: pydicom guesses how it is encoded."""
    try:
        with path.open("rb") as file:
            ds = dcmread(BytesIO(file.read(_HEAD * 16)), force=True, stop_before_pixels=True)
        sop_class, instance = str(ds.SOPClassUID), str(ds.SOPInstanceUID)
        implicit, little = ds.original_encoding
    except OSError:
        raise
    except Exception as exc:
        # pydicom raises whatever its guess ran into.
        raise NotDicomError("not a DICOM file") from exc
    if not sop_class or not instance or ds.file_meta:
        raise NotDicomError("not a DICOM file")
    explicit = "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"
    syntax = "1.2.840.10008.1.2" if implicit else explicit
    return ObjectFile(str(path), size, 0, sop_class, instance, syntax)
