"""How the log of arrivals is written: a page with its epoch, then records that begin at pages.

A record is a head and an object as a whole file. Whether all of it is there is told by its CRC-32,
to which filling of the log file it belongs by its epoch.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

HEADER = struct.Struct("<4sQ")  # mark, epoch
RECORD = struct.Struct("<4sIIQQ")  # mark, length, CRC-32, number, epoch
FILLED, LIVE, STRUCK = b"LOG2", b"OBJ2", b"GONE"
PAGE = 4096
"""Records begin at multiples of it: what is synced is never written again but to strike it out."""


class Whole(NamedTuple):
    """An object as a whole file: its bytes and their CRC-32."""

    bytes: bytes | memoryview
    crc: int


def next_page(at: int) -> int:
    """The first page's beginning at or behind an offset."""
    return -(-at // PAGE) * PAGE


def write_whole(fd: int, parts: Sequence[bytes | memoryview], at: int) -> None:
    """Write parts one behind the other from an offset on; raises OSError where it is not all."""
    size = sum(map(len, parts))
    done = os.pwritev(fd, parts, at)
    while done < size:
        # Once more for the rest: the system says why it stopped.
        rest = b"".join(parts)[done:]
        done += os.pwrite(fd, rest, at + done)


def records(log: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Number and object of each record that is whole and was not struck out."""
    header = log.read(HEADER.size)
    if len(header) < HEADER.size:
        return
    filled, current = HEADER.unpack(header)
    at, end = PAGE, os.fstat(log.fileno()).st_size
    while filled == FILLED and at + RECORD.size <= end:
        log.seek(at)
        mark, length, crc, number, epoch = RECORD.unpack(log.read(RECORD.size))
        if mark not in (LIVE, STRUCK) or epoch != current or length > end:
            break
        body = log.read(length)
        # A record that was cut short was not acknowledged, and nothing was written behind it.
        if len(body) < length or zlib.crc32(body) != crc:
            break
        if mark == LIVE:
            yield number, body
        at = next_page(at + RECORD.size + length)
