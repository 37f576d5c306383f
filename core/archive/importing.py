"""Files that are already there: read, copied into the archive, found again."""

from __future__ import annotations

import os
import stat
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

from msgspec import Struct

from core.archive.disk import fault
from core.archive.elements import Source
from core.archive.filemeta import FileMeta, encode_meta, read_meta
from core.archive.header import Header, read_header
from core.archive.incoming import HEAD
from core.archive.landing import Landing
from core.archive.parcel import LARGEST, Parcel
from core.errors import NotDicomError
from core.model import Stored

_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_CHUNK = 1 << 20


class Readable(Protocol):
    """Bytes that can be read once, from their beginning."""

    def read(self, size: int, /) -> bytes:
        """Give the next `size` bytes, fewer at the end only."""


class Found(Struct, frozen=True, kw_only=True):
    """A file as it was read: its meta information, its header, its size in bytes."""

    meta: FileMeta
    header: Header
    size: int


def read_object(path: Path) -> Found:
    """What a DICOM file is; NotDicomError where it is none, or cannot be read."""
    with _opened(path) as file:
        return _examine(file)


def take_file(landing: Landing, path: Path) -> Stored:
    """Copy a file into the archive, its data set byte for byte.

    Meta information is written anew where it is missing, or names another object than the data set.
    Raises NotDicomError, DuplicateError, OutOfResourcesError.
    """
    with _opened(path) as file:
        found = _examine(file)
        whole = _is_whole(found)
        preface = b"" if whole else _new_meta(found)
        file.seek(0 if whole else found.meta.offset)
        if len(preface) + found.size <= LARGEST and landing.arrivals.usable:
            return _take_small(landing, file, preface, found, found.size - file.tell())
        temp, size = _copy(landing, file, preface)
    try:
        return landing.land(temp, found.header, size)
    finally:
        landing.files.drop(temp)


def take_stream(landing: Landing, stream: Readable) -> Stored:
    """Take an object from a stream that is read once, such as a member of a zip.

    What does not begin as DICOM is not read further. Raises what :func:`take_file` raises, and what
    reading the stream raises.
    """
    head = stream.read(HEAD)
    if read_meta(BytesIO(head), len(head)).sop_class_uid == _MEDIA_DIRECTORY:
        raise NotDicomError("a DICOMDIR is a list of objects, and none itself")
    temp, size = _copy(landing, stream, head)
    try:
        found = read_object(Path(temp))
        if _is_whole(found):
            return landing.land(temp, found.header, size)
        return take_file(landing, Path(temp))
    finally:
        landing.files.drop(temp)


def _is_whole(found: Found) -> bool:
    meta, header = found.meta, found.header
    named = (meta.sop_class_uid, meta.sop_instance_uid)
    return meta.complete and named == (header.sop_class_uid, header.sop_instance_uid)


def _new_meta(found: Found) -> bytes:
    return encode_meta(
        sop_class_uid=found.header.sop_class_uid,
        sop_instance_uid=found.header.sop_instance_uid,
        transfer_syntax_uid=found.meta.transfer_syntax_uid,
        source="",
    )


def _opened(path: Path) -> BufferedReader:
    try:
        # A named pipe would keep us waiting for ever.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise NotDicomError(f"{path} is not a file")
    except (OSError, ValueError) as error:
        raise NotDicomError(f"cannot read {path}: {error}") from error
    return os.fdopen(fd, "rb")


def _examine(file: BinaryIO) -> Found:
    try:
        size = os.fstat(file.fileno()).st_size
        meta = read_meta(file, size)
        if meta.sop_class_uid == _MEDIA_DIRECTORY:
            raise NotDicomError("a DICOMDIR is a list of objects, and none itself")
        head = os.pread(file.fileno(), HEAD, meta.offset)
        source = Source(head, size - meta.offset, file.fileno(), meta.offset)
        header = read_header(source, meta.transfer_syntax_uid)
    except OSError as error:
        raise NotDicomError(f"cannot read the file: {error.strerror}") from error
    header.common["AvailableTransferSyntaxUID"] = meta.transfer_syntax_uid
    return Found(meta=meta, header=header, size=size)


def _take_small(
    landing: Landing, file: BufferedReader, preface: bytes, found: Found, left: int
) -> Stored:
    """Take what is left of a file through the log of arrivals."""
    parcel = Parcel()
    try:
        parcel.add(preface)
        parcel.fill(file)
        if parcel.size != len(preface) + left:
            raise NotDicomError("the file changed while it was read")
        return landing.land_logged(parcel, found.header)
    except OSError as error:
        raise fault(error, "import a file") from error
    finally:
        parcel.let_go()


def _copy(landing: Landing, file: Readable, preface: bytes) -> tuple[str, int]:
    """A synced copy of what is left of a file under `incoming/`, with its size."""
    try:
        fd, temp = landing.files.new_temp()
    except OSError as error:
        raise fault(error, "import a file") from error
    try:
        with os.fdopen(fd, "wb") as out:
            out.write(preface)
            while chunk := file.read(_CHUNK):
                out.write(chunk)
            out.flush()
            os.fsync(fd)
            return temp, out.tell()
    except BaseException as error:
        landing.files.drop(temp)
        if isinstance(error, OSError):
            raise fault(error, "import a file") from error
        raise
