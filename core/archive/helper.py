"""A process apart that works on files, started when there are many; it ends with this one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence

from core.archive import apart

_FEW = 8
"""Files for which no process is started."""


class Helper:
    """Has files written or made durable. For any thread, one after the other."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._one = threading.Lock()

    def sync(self, files: Sequence[str], folders: Sequence[str]) -> None:
        """Make files, then folders durable; what is gone is passed over. Raises OSError."""
        with self._one:
            answer = self._ask(apart.order_to_sync(files, folders)) if len(files) > _FEW else None
        if answer is None:
            apart.sync_files(files, folders)
        elif answer[1]:
            raise OSError(answer[1], os.strerror(answer[1]))

    def write(self, files: Sequence[tuple[str, memoryview]]) -> int:
        """Write files that are not there yet, with their folders; how many were, from the first on.

        The next one may be there in part; whoever writes it himself is told why.
        """
        if len(files) <= _FEW:
            return 0
        with self._one:
            answer = self._ask(apart.order_to_write(files))
        return answer[0] if answer else 0

    def close(self) -> None:
        """End the process."""
        with self._one:
            self._end()

    def _ask(self, order: apart.Parts) -> tuple[int, int] | None:
        """What the process answers; None where there is none: it is not vital."""
        try:
            process = self._process = self._process or _start()
        except OSError:
            return None
        if process.stdin is None or process.stdout is None:
            return None
        try:
            process.stdin.writelines(order)
            process.stdin.flush()
            answer = process.stdout.read(apart.ANSWER.size)
        except OSError:
            answer = b""
        if len(answer) < apart.ANSWER.size:
            self._end()
            return None
        done, failed = apart.ANSWER.unpack(answer)
        return done, failed

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            # It ends when it has nothing more to read.
            with contextlib.suppress(OSError):
                process.__exit__(None, None, None)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  our own interpreter and code
        [sys.executable, "-I", "-S", apart.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Ctrl+C is for us; what was begun is to come to its end.
        start_new_session=True,
    )
