"""Many files made durable: here, or as a script in a process apart, which reads from its stdin.

A call to the system gives the interpreter away and has to get it back; four of them for each file
would keep the threads waiting that receive. As a script this imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from collections.abc import Sequence

LENGTH = struct.Struct(">I")
"""Bytes of an order: paths, each ended by NUL, files before an empty one and folders behind it."""
ANSWER = struct.Struct(">i")
"""The number of the error that ended it, 0 for none."""
_AT_ONCE = 32  # files that are open while they are synced


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


def encode(files: Sequence[str], folders: Sequence[str]) -> bytes:
    """An order to the script."""
    body = b"".join(os.fsencode(path) + b"\0" for path in (*files, "", *folders))
    return LENGTH.pack(len(body)) + body


def _serve() -> None:
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := orders.read(LENGTH.size)) == LENGTH.size:
        paths = [os.fsdecode(path) for path in orders.read(LENGTH.unpack(head)[0]).split(b"\0")]
        middle, failed = paths.index(""), 0
        try:
            sync_files(paths[:middle], paths[middle + 1 : -1])
        except OSError as error:
            failed = error.errno or -1
        answers.write(ANSWER.pack(failed))
        answers.flush()


if __name__ == "__main__":
    _serve()
