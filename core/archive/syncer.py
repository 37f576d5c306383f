"""A process apart that makes files durable, started when there are many; it ends with this one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence

from core.archive import syncing

_FEW = 8
"""Files that are synced here, rather than to start a process for them."""


class Syncer:
    """Makes files durable. For any thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._one = threading.Lock()

    def sync(self, files: Sequence[str], folders: Sequence[str]) -> None:
        """Make files, then folders durable; what is gone is passed over. Raises OSError."""
        with self._one:
            if len(files) > _FEW and self._sync_apart(files, folders):
                return
        syncing.sync_files(files, folders)

    def close(self) -> None:
        """End the process."""
        with self._one:
            self._end()

    def _sync_apart(self, files: Sequence[str], folders: Sequence[str]) -> bool:
        """Whether the process did it; it is not vital. Raises the OSError that it met."""
        try:
            process = self._process = self._process or _start()
        except OSError:
            return False
        if process.stdin is None or process.stdout is None:
            return False
        try:
            process.stdin.write(syncing.encode(files, folders))
            process.stdin.flush()
            answer = process.stdout.read(syncing.ANSWER.size)
        except OSError:
            answer = b""
        if len(answer) < syncing.ANSWER.size:
            self._end()
            return False
        failed = syncing.ANSWER.unpack(answer)[0]
        if failed:
            raise OSError(failed, os.strerror(failed))
        return True

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            # It ends when it has nothing more to read.
            with contextlib.suppress(OSError):
                process.__exit__(None, None, None)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own interpreter and code
        [sys.executable, "-I", "-S", syncing.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Ctrl+C is for us; what was begun is to come to its end.
        start_new_session=True,
    )
