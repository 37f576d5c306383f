"""What a disk does to us: names made durable, errors in our words."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from core.errors import ArchiveError, OutOfResourcesError

_RESERVE = 64 << 10
NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def fault(error: OSError, what: str) -> ArchiveError:
    """The error of our tree that an operating system's error stands for."""
    if error.errno in NO_ROOM:
        return OutOfResourcesError(f"no room left to {what}", "make room on the archive's disk")
    return ArchiveError(f"cannot {what}: {error.strerror or error}")


class Reserve:
    """A small file that gives its room to what makes more: deleting writes to the index first."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def make(self) -> None:
        """Have it there, where the disk has room for it."""
        try:
            if not self._path.exists():
                self._path.write_bytes(bytes(_RESERVE))
        except OSError:
            self.give()

    def give(self) -> None:
        """Let its room go."""
        with contextlib.suppress(OSError):
            self._path.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def synced_meanwhile(path: Path) -> Iterator[None]:
    """Make a file durable in another thread, for to read it needs the processor; ArchiveError.

    A journal that was copied here, or whose station was killed, may not be on the disk yet.
    """
    failures: list[OSError] = []

    def sync() -> None:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
        except FileNotFoundError:
            pass
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=sync, name="file-sync")
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if failures:
        # The kernel tells of it once only: the sync on opening would succeed.
        raise fault(failures[0], "open the index") from failures[0]
