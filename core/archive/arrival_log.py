"""How the log of arrivals is written: a page with its epoch, then records that begin at pages.

A record is a head and an object as a whole file. Whether all of it is there is told by its
checksum (XXH3), to which filling of the log file it belongs by its epoch.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from xxhash import xxh3_64_intdigest as digest

from core.archive.group_commit import GroupCommit

__all__ = ["PAGE", "RECORD", "LogFile", "digest", "next_page", "records", "seal"]

_HEADER = struct.Struct("<4sQ")  # mark, epoch
RECORD = struct.Struct("<4sIQQQ")
"""The head of a record: mark, length, checksum, number, epoch."""
_FILLED, _LIVE, _STRUCK = b"LOG3", b"OBJ3", b"GONE"
PAGE = 4096
"""Records begin at multiples of it: what is synced is never written again but to strike it out."""

_DIRECT: int = getattr(os, "O_DIRECT", 0)  # not of macOS
_SYNCED: int = getattr(os, "RWF_DSYNC", 0)  # of Linux
_SMALL = 64 << 10
_SPARE = 4 << 30  # bytes that are to be left on the disk by what is nice to have
_ZEROS = memoryview(mmap.mmap(-1, 1 << 20))
"""By what small objects make a file longer: one sync pays for the length, many have the use."""


def next_page(at: int) -> int:
    """The first page's beginning at or behind an offset."""
    return -(-at // PAGE) * PAGE


def seal(buffer: memoryview, size: int, checksum: int, number: int, epoch: int) -> None:
    """Write the head of a record into the buffer that it begins with."""
    RECORD.pack_into(buffer, 0, _LIVE, size, checksum, number, epoch)


class LogFile:
    """One file of the log, past the page cache where the file system lets us.

    What is logged is read after a crash only, so to copy it into the cache and from there to the
    disk would be a detour. Everything is written by whole pages. Callers guard all but
    :meth:`write` and :meth:`sync` by a lock of theirs.
    """

    def __init__(self, path: Path, state: threading.Condition) -> None:
        self.path = path
        self.commit = GroupCommit(state)
        """How many records were written, and how many of these are synced, in all fillings."""
        self.size = 0
        """Up to here it is filled, or about to be."""
        self.count = 0
        """How many records were begun since it was empty."""
        self.under_way = 0
        """How many objects are in it that have no place of their own yet, and may be refused."""
        self.struck = False
        """A record was struck out since the last sync."""
        self.room = 0
        """How much of it was made ready, to be written over."""
        self._fd = -1
        self._length = self._used = self._epoch = 0
        self._durable_epoch = -1
        self._is_durable = True
        self._syncs = _SYNCED
        self._page = memoryview(mmap.mmap(-1, PAGE))

    def open(self) -> None:
        """Open it, empty. Raises OSError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            self._fd = os.open(self.path, flags | _DIRECT, 0o600)
            os.pwrite(self._fd, _ZEROS[:PAGE], 0)
        except OSError as error:
            if error.errno != errno.EINVAL or not _DIRECT:
                raise
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = os.open(self.path, flags, 0o600)
        self.cut()

    def close(self, *, cut: bool) -> None:
        """Close it; with `cut`, leave nothing in it."""
        if self._fd >= 0:
            if cut:
                os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = -1

    def reserve(self, size: int) -> tuple[int, int]:
        """Where a record of an object of `size` bytes goes, and its epoch. Raises OSError."""
        if not self.size:
            self._begin()
        at = self.size
        self.size = next_page(at + RECORD.size + size)
        self.count += 1
        self.under_way += 1
        return at, self._epoch

    def write(self, record: memoryview, at: int, *, synced: bool = False) -> bool:
        """Write a record where its place was reserved; from any thread. Raises OSError.

        Where it is to be `synced` at once, and the system can, it is durable: True.
        """
        try:
            if synced and self._syncs:
                if os.pwritev(self._fd, [record], at, self._syncs) == len(record):
                    return True
            elif os.pwrite(self._fd, record, at) == len(record):
                return False
        except OSError as error:
            if error.errno == errno.EOPNOTSUPP:
                self._syncs = 0
                return self.write(record, at)
            if error.errno != errno.EINVAL:
                raise
        # Cut short, or invalid since a limit would cut it in the middle of a block; past the page
        # cache the rest cannot be tried again, to be told why.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def wrote(self, record: memoryview, at: int) -> int:
        """Count a record that was written: up to which count it is to be synced."""
        self.commit.written += 1
        self._used = max(self._used, at + len(record))
        self._grow(at, at + len(record))
        return self.commit.written

    def failed(self, at: int, size: int, number: int) -> None:
        """Give back a place where a record could not be written, or only perhaps."""
        end = next_page(at + RECORD.size + size)
        self._used = max(self._used, end)
        self.strike(at, size, number)
        if self.size == end:
            self.size = at

    def _grow(self, at: int, end: int) -> None:
        """Where a small object made the file longer, make it longer for those that follow."""
        if end <= self._length:
            return
        self._length = end
        if end - at <= _SMALL and self.size == end:
            # A disk too full for that may well have room for what comes.
            try:
                self._length += os.pwrite(self._fd, _ZEROS, end)
            except OSError:
                return

    def sync(self) -> None:
        """Make durable what was written; from any thread. Raises OSError."""
        os.fdatasync(self._fd)

    @property
    def epoch(self) -> int:
        """Of this filling."""
        return self._epoch

    def began(self, epoch: int) -> None:
        """A sync that began in this epoch has come to its end."""
        self._durable_epoch = epoch

    @property
    def is_begun(self) -> bool:
        """Whether the epoch itself is durable, without which no record is one.

        What is written and synced in one call may go past the disk's cache, and leave in it what
        was written before.
        """
        return self._durable_epoch == self._epoch

    def strike(self, at: int, size: int, number: int) -> None:
        """Strike out a record, in place: that needs no room on the disk."""
        self.struck = True
        RECORD.pack_into(self._page, 0, _STRUCK, size, 0, number, self._epoch)
        with contextlib.suppress(OSError):
            os.pwrite(self._fd, self._page, at)

    def _begin(self) -> None:
        epoch = int.from_bytes(os.urandom(8), "little")
        self._page[:] = bytes(PAGE)
        _HEADER.pack_into(self._page, 0, _FILLED, epoch)
        self.write(self._page, 0)
        self._epoch, self.size = epoch, PAGE

    def forget(self) -> None:
        """Make its records invalid, durably, but keep its room on the disk."""
        os.pwrite(self._fd, _ZEROS[:PAGE], 0)
        os.fdatasync(self._fd)

    def tidy(self, room: int) -> bool:
        """Do a piece of what makes it empty, and `room` bytes long; False where all is done.

        No object's bytes are to linger in it. It is no fault where the disk has no such room.
        Raises OSError.
        """
        if self._length > room:
            os.ftruncate(self._fd, room)
            self._length, self._used = room, min(self._used, room)
        elif self._used:
            start = (self._used - 1) // len(_ZEROS) * len(_ZEROS)
            os.pwrite(self._fd, _ZEROS[: self._used - start], start)
            self._used = start
        elif self._length < room and self._has_room(room - self._length):
            self._length += os.pwrite(self._fd, _ZEROS, self._length)
        elif not self._is_durable:
            os.fsync(self._fd)
            self._is_durable = True
            return False
        else:
            return False
        self.room = self._length
        self._is_durable = False
        return True

    def _has_room(self, size: int) -> bool:
        disk = os.fstatvfs(self._fd)
        return disk.f_bavail * disk.f_frsize > size + _SPARE

    def cut(self) -> None:
        """Give its room back, durably."""
        os.ftruncate(self._fd, 0)
        self._length = self._used = self.room = 0
        os.fsync(self._fd)


def records(log: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Number and object of each record that is whole and was not struck out."""
    header = log.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return
    filled, current = _HEADER.unpack(header)
    at, end = PAGE, os.fstat(log.fileno()).st_size
    while filled == _FILLED and at + RECORD.size <= end:
        log.seek(at)
        mark, length, checksum, number, epoch = RECORD.unpack(log.read(RECORD.size))
        behind = at + RECORD.size + length
        if epoch == current and mark in (_LIVE, _STRUCK) and behind <= end:
            body = log.read(length) if mark == _LIVE else b""
            if mark == _STRUCK or digest(body) == checksum:
                if mark == _LIVE:
                    yield number, body
                at = next_page(behind)
                continue
        # One that was cut short was not acknowledged; several are written at a time, so that
        # there may be whole ones behind it.
        at += PAGE
