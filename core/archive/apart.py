"""Many files written or made durable: here, or as a script in a process apart.

A call to the system gives the interpreter away and has to get it back; several of them for each
file would keep the threads waiting that receive. The script reads orders from its stdin, answers
each on its stdout, and imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO

_ORDER = struct.Struct(">cI")
"""What to do, and how many parts follow, each behind its length."""
_LENGTH = struct.Struct(">I")
ANSWER = struct.Struct(">Ii")
"""How many were done, and the number of the error that ended it, 0 for none."""
_SYNC, _WRITE = b"S", b"W"
_AT_ONCE = 32  # files that are open while they are synced

Parts = Sequence[bytes | memoryview]


def sync_files(files: Sequence[str], folders: Sequence[str]) -> None:
    """Make files, then folders durable; what is gone meanwhile is passed over. Raises OSError."""
    for start in range(0, len(files), _AT_ONCE):
        _sync_some(files[start : start + _AT_ONCE])
    for folder in folders:
        _sync_some([folder])


def _sync_some(paths: Sequence[str]) -> None:
    with contextlib.ExitStack() as opened:
        fds = []
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                fds.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
                opened.callback(os.close, fds[-1])
                _begin_to_write(fds[-1])
        for fd in fds:
            os.fsync(fd)


def _begin_to_write(fd: int) -> None:
    """Have the system write a file in the background, where it knows how to be told so."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def write_new(path: str, data: bytes | memoryview) -> None:
    """Write a file that is not there yet. Raises OSError, and may leave a part of it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    fd = os.open(path, flags, 0o600)
    try:
        write_all(fd, data)
    finally:
        os.close(fd)


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write all of it, in as many calls as it takes. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def order_to_sync(files: Sequence[str], folders: Sequence[str]) -> Parts:
    """An order to the script: files before an empty path, folders behind it."""
    return _order(_SYNC, [os.fsencode(path) for path in (*files, "", *folders)])


def order_to_write(files: Sequence[tuple[str, memoryview]]) -> Parts:
    """An order to the script: new files, each a path and its content."""
    return _order(_WRITE, [part for path, data in files for part in (os.fsencode(path), data)])


def _order(what: bytes, parts: Parts) -> Parts:
    order: list[bytes | memoryview] = [_ORDER.pack(what, len(parts))]
    for part in parts:
        order += (_LENGTH.pack(len(part)), part)
    return order


def _orders(stream: BinaryIO) -> Iterator[tuple[bytes, list[bytes]]]:
    with contextlib.suppress(EOFError):  # who orders is gone, perhaps in the middle of it
        while True:
            what, count = _ORDER.unpack(_read(stream, _ORDER.size))
            lengths = (_LENGTH.unpack(_read(stream, _LENGTH.size))[0] for _ in range(count))
            yield what, [_read(stream, length) for length in lengths]


def _read(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _serve() -> None:
    for what, parts in _orders(sys.stdin.buffer):
        done = failed = 0
        try:
            if what == _SYNC:
                paths = [os.fsdecode(part) for part in parts]
                middle = paths.index("")
                sync_files(paths[:middle], paths[middle + 1 :])
            else:
                for path, data in zip(parts[::2], parts[1::2], strict=True):
                    _write_in_folder(os.fsdecode(path), data)
                    done += 1
        except OSError as error:
            failed = error.errno or -1
        sys.stdout.buffer.write(ANSWER.pack(done, failed))
        sys.stdout.buffer.flush()


def _write_in_folder(path: str, data: bytes) -> None:
    try:
        write_new(path, data)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)  # noqa: PTH103, PTH120
        write_new(path, data)


if __name__ == "__main__":
    _serve()
