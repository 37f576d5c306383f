"""Encapsulated pixel data: where the coded bytes of each frame lie (PS3.5 A.4).

Offset tables are used where they are there and fit; else the fragments are walked once, and those
of a frame told by how a coded frame begins.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

from core.errors import NoPreviewError

_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  ")
"""How JPEG and JPEG-LS, JPEG 2000 and its file format begin."""
MAX_CODED_BYTES = 256 << 20
_MAX_FRAGMENTS = 1 << 20

Fragment = tuple[int, int]
"""Where the bytes of a fragment begin in the file, and how many there are."""


class Fragments:
    """The coded frames of one object; `offset` is where its pixel data's first item begins."""

    def __init__(self, file: BinaryIO, offset: int, *, frames: int, tables: Any = None) -> None:
        """`tables` are Extended Offset Table and its Lengths, where the object has them."""
        self._file = file
        self._frames = frames
        header = self._header(offset)
        if header is None:
            raise NoPreviewError("no preview: the pixel data is not encapsulated as it should be")
        self._first = header[0] + header[1]
        self._starts = self._extended(tables) or self._basic(*header)
        self._walked: list[list[Fragment]] | None = None

    def coded(self, frame: int) -> bytes:
        """The bytes of one frame; raises NoPreviewError where they are not there."""
        found = self._by_table(frame)
        if found is None:
            if self._walked is None:
                self._walked = self._walk()
            found = self._walked[frame] if frame < len(self._walked) else []
        if not found:
            raise NoPreviewError(f"no preview: the pixel data ends before frame {frame + 1}")
        if sum(size for _, size in found) > MAX_CODED_BYTES:
            raise NoPreviewError("no preview: the coded frame is too large")
        return b"".join(self._read(place, size) for place, size in found)

    def head(self, size: int) -> bytes:
        """At most `size` bytes from the beginning of the first fragment."""
        header = self._header(self._first)
        return b"" if header is None else self._read(header[0], min(size, header[1]))

    def all_fragments(self) -> list[Fragment]:
        """Every fragment in order, as of a video."""
        found: list[Fragment] = []
        place = self._first
        while (header := self._header(place)) is not None and len(found) < _MAX_FRAGMENTS:
            found.append(header)
            place = header[0] + header[1]
        return found

    def _by_table(self, frame: int) -> list[Fragment] | None:
        """The fragments of a frame from its start up to that of the next; None without a table."""
        if frame >= len(self._starts):
            return None
        place = self._first + self._starts[frame]
        last = frame + 1 >= len(self._starts)
        stop = None if last else self._first + self._starts[frame + 1]
        found: list[Fragment] = []
        while (stop is None or place < stop) and (header := self._header(place)) is not None:
            found.append(header)
            place = header[0] + header[1]
        # A table that leads nowhere is none.
        return found if found and (stop is None or place == stop) else None

    def _walk(self) -> list[list[Fragment]]:
        fragments = self.all_fragments()
        if self._frames == 1:
            return [fragments]
        if len(fragments) == self._frames:
            return [[fragment] for fragment in fragments]
        grouped: list[list[Fragment]] = []
        for fragment in fragments:
            if not grouped or self._read(fragment[0], 8).startswith(_STARTS):
                grouped.append([])
            grouped[-1].append(fragment)
        return grouped

    def _extended(self, tables: Any) -> tuple[int, ...]:
        offsets = tables[0] if tables else b""
        if not isinstance(offsets, bytes) or len(offsets) != 8 * self._frames:
            return ()
        return struct.unpack(f"<{self._frames}Q", offsets)

    def _basic(self, place: int, size: int) -> tuple[int, ...]:
        if size != 4 * self._frames or self._frames == 1:
            return ()
        starts = struct.unpack(f"<{self._frames}I", self._read(place, size).ljust(size, b"\0"))
        return starts if starts[0] == 0 and list(starts) == sorted(set(starts)) else ()

    def _header(self, place: int) -> Fragment | None:
        """The item that begins at a place, None where there is none; it ends with the file."""
        if place < 0 or place > 1 << 62:
            return None
        self._file.seek(place)
        head = self._file.read(8)
        if len(head) < 8 or head[:4] != _ITEM:
            return None
        return place + 8, int.from_bytes(head[4:], "little")

    def _read(self, place: int, size: int) -> bytes:
        self._file.seek(place)
        return self._file.read(size)


def encapsulated(coded: bytes) -> bytes:
    """One coded frame as pixel data of its own: an empty offset table and one fragment."""
    padded = coded + b"\0" * (len(coded) % 2)
    head = _ITEM + struct.pack("<I", 0) + _ITEM + struct.pack("<I", len(padded))
    return head + padded + _END + struct.pack("<I", 0)
