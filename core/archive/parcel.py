"""An object in memory on its way into the archive, laid out as a record of the log of arrivals."""

from __future__ import annotations

from io import BufferedReader

from core.archive.arrival_log import PAGE, RECORD, digest, next_page, seal
from core.archive.buffers import Buffers

LARGEST = 2 << 20
"""Bytes of the largest object that is logged: to write more than that twice costs too much."""

_BUFFERS = Buffers(LARGEST + PAGE)


class Parcel:
    """A whole file that grows, up to LARGEST bytes, with room for its record's head before it."""

    __slots__ = ("_buffer", "size")

    def __init__(self) -> None:
        self._buffer = _BUFFERS.take()
        self.size = 0
        """Bytes of the file, as far as it is there."""

    @property
    def file(self) -> memoryview:
        """The bytes of the file; valid until the parcel is let go or handed over."""
        return self._buffer[RECORD.size : RECORD.size + self.size]

    def add(self, data: bytes | bytearray | memoryview) -> None:
        """Put bytes behind those that are there; the caller knows that there is room."""
        start = RECORD.size + self.size
        self._buffer[start : start + len(data)] = data
        self.size += len(data)

    def fill(self, file: BufferedReader) -> None:
        """Put in what is left of a file, as far as there is room; raises OSError."""
        room = self._buffer[RECORD.size : RECORD.size + LARGEST]
        while count := file.readinto(room[self.size :]):
            self.size += count

    def digest(self) -> int:
        """The checksum that goes into the record's head."""
        return digest(self.file)

    def record(self, number: int, epoch: int, checksum: int) -> memoryview:
        """The record as it is written: whole pages, the first beginning with the head."""
        end = RECORD.size + self.size
        pages = next_page(end)
        # An earlier object's bytes are not to linger behind this one's.
        self._buffer[end:pages] = bytes(pages - end)
        seal(self._buffer, self.size, checksum, number, epoch)
        return self._buffer[:pages]

    def hand_over(self, *, copied: bool = False) -> Parcel:
        """The same as a parcel of its own, which outlives this one; this one is empty then.

        Where `copied`, it takes no more memory than it needs: buffers are large and few.
        """
        other = Parcel.__new__(Parcel)
        other._buffer, other.size = self._buffer, self.size
        if copied:
            other._buffer = memoryview(bytes(self._buffer[: RECORD.size + self.size]))
        else:
            self._buffer = memoryview(b"")
        self.size = 0
        return other

    def let_go(self) -> None:
        """Give the memory back; done twice it does nothing."""
        buffer, self._buffer = self._buffer, memoryview(b"")
        self.size = 0
        if len(buffer) > LARGEST:
            _BUFFERS.give_back(buffer)
