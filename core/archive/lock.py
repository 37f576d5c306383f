"""One owner for a data folder: an advisory lock that says who holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from pathlib import Path

import msgspec

from core.errors import ArchiveError, ArchiveLockedError


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns a data folder; `since` is seconds since the epoch."""

    pid: int
    host: str
    since: float


class FolderLock:
    """An exclusive flock on the file `lock` in a folder.

    The kernel lets go of it when its holder ends, however it ends, so a stale lock cannot be. The
    file stays when the lock is released: removing it would let two holders lock two files.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock; ArchiveLockedError names the holder."""
        self.path = folder / "lock"
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ArchiveError(
                f"cannot lock {folder}: {error.strerror}", "choose another data folder"
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise _locked(folder, self.path) from error
        self._write_holder()

    def release(self) -> None:
        """Let another station have the folder."""
        if self._fd < 0:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 0)
        os.close(self._fd)
        self._fd = -1

    def _write_holder(self) -> None:
        holder = Holder(pid=os.getpid(), host=socket.gethostname(), since=time.time())
        # A full disk must not keep the station from opening: the lock holds without its text.
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, msgspec.json.encode(holder) + b"\n", 0)


def _locked(folder: Path, path: Path) -> ArchiveLockedError:
    try:
        holder = msgspec.json.decode(path.read_bytes(), type=Holder)
    except (OSError, msgspec.MsgspecError):
        who = "another station"
    else:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(holder.since))
        who = f"process {holder.pid} on {holder.host}, since {since}"
    return ArchiveLockedError(
        f"{folder} is in use by {who}", "end that one, or choose another data folder"
    )
