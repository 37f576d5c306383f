"""A process apart for work on bytes from outside: bounded in memory and time, replaced if it dies.

It is asked over a socket, one request at a time; whatever happens to it, its owner goes on.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TypeVar

from msgspec import Struct

from core.imaging.protocol import receive, send

# Without Pillow, whose decoders may not see bytes from outside, there is no plugin that uses it.
# Nor has it any business with the network, for which pydicom would load a library.
_START = (
    "import sys; sys.path[:] = sys.argv.pop().split('\\n');"
    "sys.modules['PIL'] = sys.modules['requests'] = None;"
    "from importlib import import_module; import_module(sys.argv.pop()).main()"
)
_STARTING = 5.0
"""Seconds that a process may take until it answers for the first time."""
_ENDING = 0.1
"""Seconds that a process is given to end by itself."""
_LOOK = 0.1
"""Seconds between two looks at whether a request is still wanted."""
_Self = TypeVar("_Self", bound="Guarded")

Stop = Callable[[], bool]
"""Says whether an answer is wanted no more; what it raises ends the request too."""


class DiedError(Exception):
    """The process ended in the middle of a request; `signal` is what ended it, 0 if none did."""

    def __init__(self, ended_by: int = 0) -> None:
        super().__init__()
        self.signal = ended_by


class StoppedError(Exception):
    """Whoever asked wants no answer any more."""


class Guarded:
    """Runs `main` of a module in a process that is started when needed and replaced when it dies.

    `memory` is in bytes of address space, `seconds` is how long one request may take. Safe to use
    from several threads; one request is answered at a time.
    """

    def __init__(self, module: str, *, memory: int, seconds: int) -> None:
        self._module = module
        self._memory, self._seconds = memory, seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._closed = False

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the one that works now, 0 where there is none."""
        return self._process.pid if self._process is not None else 0

    def warm_up(self) -> None:
        """Start the process now, so that the first request does not wait for it."""
        with self._lock:
            if not self._closed:
                self._started()

    def close(self) -> None:
        """End the process; whoever waits for an answer is told that there is none."""
        self._closed = True
        working = self._process
        if working is not None:
            with contextlib.suppress(OSError):
                working.kill()
        with self._lock:
            self._end()

    @contextlib.contextmanager
    def _turn(self, stop: Stop) -> Iterator[None]:
        """Hold the lock; raises StoppedError where `stop` says so while others hold it."""
        while not self._lock.acquire(timeout=_LOOK):
            if stop():
                raise StoppedError
        try:
            yield
        finally:
            self._lock.release()

    def _ask(
        self, request: Struct, stop: Stop | None = None, seconds: float | None = None
    ) -> bytes | bytearray:
        """The answer to a request, under the lock; raises TimeoutError, DiedError, StoppedError.

        `seconds` is a limit for this request where it is less than that for all; the start of the
        process does not count.
        """
        try:
            fresh = self._process
            connection = self._started()
            if seconds is not None:
                starting = 0.0 if self._process is fresh else _STARTING
                connection.settimeout(min(seconds + starting, self._seconds))
            send(connection, request)
            if stop is not None:
                self._wait(connection, stop)
            body = receive(connection)
        except OSError as exc:
            if isinstance(exc, TimeoutError):
                self._end()
                raise
            raise DiedError(self._end()) from exc
        except BaseException:
            self._end()  # its answer would be taken for that of the next request
            raise
        if body is None:
            raise DiedError(self._end())
        return body

    def _wait(self, connection: socket.socket, stop: Stop) -> None:
        deadline = time.monotonic() + self._seconds
        answered = select.poll()
        answered.register(connection, select.POLLIN)
        while not answered.poll(_LOOK * 1000):
            if stop():
                raise StoppedError
            if time.monotonic() > deadline:
                raise TimeoutError

    def _started(self) -> socket.socket:
        if self._connection is not None and self._process is not None:
            if self._process.poll() is None:
                return self._connection
            self._end()
        if self._closed:
            raise DiedError
        ours, theirs = socket.socketpair()
        # The name of this package is looked up where this process looks, and nowhere else.
        path = "\n".join(entry for entry in sys.path if entry)
        arguments = (str(theirs.fileno()), str(self._memory), str(self._seconds + 1))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and code
                [sys.executable, "-I", "-S", "-c", _START, *arguments, self._module, path],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        ours.settimeout(self._seconds)
        self._connection = ours
        return ours

    def _end(self) -> int:
        """End the process; the signal that ended it, where it was not this one."""
        code = 0
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                # One whose end of the connection is gone is about to end by itself.
                code = self._process.wait(0.0 if self._closed else _ENDING)
            with contextlib.suppress(OSError):
                self._process.kill()
            self._process.wait()
        self._connection = self._process = None
        return max(0, -code)


def _environment() -> dict[str, str]:
    """One thread for arithmetic: more would take address space and gain nothing."""
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPJ_NUM_THREADS": "1"}
    return {**os.environ, **threads}
