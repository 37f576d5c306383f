"""The members of a zip as streams, with every claim that the zip makes checked.

Nothing is ever written under a name that stands in a zip: members are read, and what they are is
told by their bytes. So names such as `../x` do no harm.
"""

from __future__ import annotations

import lzma
import shutil
import struct
import threading
import zipfile
import zlib
from io import BufferedReader
from pathlib import Path
from typing import IO

from core.errors import ModalittyError, NotDicomError

MAGIC = (b"PK\3\4", b"PK\5\6")
"""How a zip begins: with a member, or empty."""
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    IndexError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises on a damaged file; NotImplementedError is a RuntimeError."""

MAX_RATIO = 200
_SMALL = 1 << 30
_HEAD = 4096
_MAX_DIRECTORY = 32 << 20
_TOO_MANY = "it lists too many members: unpack it, and import the folder"
_ENCRYPTED = 1


class RefusedError(ModalittyError):
    """A member that may not be unpacked, or cannot be."""


class StoppedError(ModalittyError):
    """The job was stopped in the middle of a member."""


class _Bounded(BufferedReader):
    """A zip's file, that does not read a list of members which would fill the memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as a file does, but never more than the list of members may have."""
        to_end = size is None or size < 0
        wanted = _MAX_DIRECTORY if to_end or size is None else size
        if wanted > _MAX_DIRECTORY:
            raise zipfile.BadZipFile(_TOO_MANY)
        data = super().read(wanted)
        if to_end and super().read(1):
            raise zipfile.BadZipFile(_TOO_MANY)
        return data


class Zip:
    """A zip file that is open for reading; raises NotDicomError where it cannot or may not be."""

    def __init__(self, path: Path, room: Path) -> None:
        """Open `path`; what it unpacks to must fit on the disk of `room`."""
        self._file = _Bounded(path.open("rb", buffering=0))
        try:
            self._zip = zipfile.ZipFile(self._file)
            listed = self._zip.infolist()
            self.members = [info for info in listed if not info.filename.endswith("/")]
            _refuse_bomb(self.members, path, room)
        except _FAULTS as exc:
            self.close()
            raise NotDicomError(f"the zip cannot be read: {exc}") from exc
        except NotDicomError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Zip:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, info: zipfile.ZipInfo, limit: int, stop: threading.Event) -> Member:
        """Open a member to be read once; see :class:`Member`. Raises RefusedError."""
        if info.flag_bits & _ENCRYPTED:
            raise RefusedError("it is encrypted", "unpack the zip with its password")
        try:
            return Member(self._zip.open(info), limit, stop)
        except _FAULTS as exc:
            raise _unpackable(exc) from exc


class Member:
    """A member's bytes. `head` has its first 4 KiB, and they are read again from the beginning.

    Reading raises RefusedError once more than `limit` bytes were read or the zip turns out to be
    damaged, StoppedError once `stop` is set.
    """

    def __init__(self, stream: IO[bytes], limit: int, stop: threading.Event) -> None:
        self._stream = stream
        self._limit = limit
        self._stop = stop
        self._size = 0
        self.head = stream.read(_HEAD)
        self._ahead = self.head

    def read(self, size: int, /) -> bytes:
        """Give the next `size` bytes, fewer at the end only."""
        if self._stop.is_set():
            raise StoppedError("the import was stopped")
        ahead, self._ahead = self._ahead[:size], self._ahead[size:]
        try:
            data = ahead + self._stream.read(size - len(ahead)) if size > len(ahead) else ahead
        except _FAULTS as exc:
            raise _unpackable(exc) from exc
        self._size += len(data)
        if self._size > self._limit:
            raise RefusedError(
                f"it is larger than the limit of {self._limit >> 20} MiB",
                "raise station.max_object_mib",
            )
        return data

    def __enter__(self) -> Member:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _unpackable(error: Exception) -> RefusedError:
    return RefusedError(f"it cannot be unpacked: {error}", "the zip is damaged, or of a new kind")


def _refuse_bomb(members: list[zipfile.ZipInfo], path: Path, room: Path) -> None:
    total = sum(member.file_size for member in members)
    packed = path.stat().st_size
    if total > _SMALL and total > packed * MAX_RATIO:
        raise NotDicomError(
            f"the zip has {packed >> 10} KiB and would unpack to {total >> 20} MiB",
            "no honest one does: it is not unpacked",
        )
    free = shutil.disk_usage(room).free
    if total > free:
        raise NotDicomError(
            f"the zip would unpack to {total >> 20} MiB, and {free >> 20} MiB are free", "make room"
        )


def is_zip(head: bytes) -> bool:
    """Tell whether bytes begin as a zip does."""
    return head.startswith(MAGIC)
