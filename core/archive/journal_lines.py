"""The lines of a journal, read and written by the thousand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import BinaryIO

import msgspec

from core.archive.apart import write_all
from core.archive.records import AnyLine, Change, decode_line, decode_lines, encode_changes

HEADER = b'["modalitty-journal",1]\n'
CHUNK = 256 << 10
"""Bytes that are decoded in one go: for some milliseconds no other thread runs."""
_SYNC_EACH = 8 << 20
"""Bytes of a new journal that are synced in one go: longer ones would hold up everybody's sync."""


class Loaded(msgspec.Struct, kw_only=True):
    """What was found in a journal when it was opened."""

    lines: int = 0
    damaged: int = 0
    """Lines that could not be read; the one at the end that a crash tore is among them."""
    missing: bool = False
    """There was no journal, or one that is not ours."""
    cut: bool = False
    """It is shorter than it was."""
    half: bool = False
    """It ends in the beginning of a line."""
    torn: bool = False
    """That is its only damage, and behind all that was acknowledged: so does a crash leave it."""

    @property
    def whole(self) -> bool:
        """True where every change that was acknowledged is there."""
        return self.torn or not (self.damaged or self.missing or self.cut)

    def end_at(self, good_end: int, marked: int) -> None:
        """Judge by where the last good line ends, and up to where it was durable; 0 for unknown."""
        self.cut = good_end < marked
        self.torn = self.half and self.damaged == 1 and 0 < marked <= good_end


def read_lines(file: BinaryIO, take: Callable[[Sequence[AnyLine]], None], loaded: Loaded) -> int:
    """Read all lines of a journal; returns where the last good one ends."""
    if file.readline(len(HEADER) + 1) != HEADER:
        loaded.missing = True
        return 0
    good_end = at = len(HEADER)
    while chunk := file.read(CHUNK):
        chunk += file.readline()
        lines, good = _lines_of(chunk, loaded)
        take(lines)
        loaded.lines += len(lines)
        if good:
            good_end = at + good
        at += len(chunk)
    return good_end


def _lines_of(chunk: bytes, loaded: Loaded) -> tuple[Sequence[AnyLine], int]:
    """The lines that can be read, and where the last of them ends; counts the others."""
    lines = decode_lines(chunk)
    if lines is not None:
        return lines, len(chunk)
    whole: list[AnyLine] = []
    at = good_end = 0
    for data in BytesIO(chunk):
        at += len(data)
        line = decode_line(data)
        if line is None:
            loaded.damaged += 1
            loaded.half = _is_half(data)
        else:
            whole.append(line)
            good_end = at
    return whole, good_end


def _is_half(data: bytes) -> bool:
    """True for the first bytes of one of our lines."""
    return data.startswith(b'["') and min(data) >= ord(" ")


def write_lines(fd: int, lines: Iterator[Change]) -> int:
    """Write a journal's beginning and these changes; returns how many there were."""
    count = unsynced = 0
    buffer = bytearray(HEADER)
    for change in lines:
        buffer += encode_changes((change,))
        count += 1
        if len(buffer) > CHUNK:
            write_all(fd, bytes(buffer))
            unsynced += len(buffer)
            buffer.clear()
        if unsynced > _SYNC_EACH:
            os.fdatasync(fd)
            unsynced = 0
    write_all(fd, bytes(buffer))
    return count
