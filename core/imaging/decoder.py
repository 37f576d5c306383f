"""The decoder to use from elsewhere: it asks a process apart, and outlives whatever that meets."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

import msgspec

from core.errors import NoPreviewError
from core.imaging.protocol import Answer, Request, receive, send
from core.model import Picture, Window

MEMORY = 2 << 30
"""Bytes of address space that decoding may take."""
SECONDS = 15
"""How long one picture may take."""
# Without Pillow, whose decoders may not see bytes from outside, there is no plugin that uses it.
_START = (
    "import sys; sys.path[:] = sys.argv.pop().split('\\n'); sys.modules['PIL'] = None;"
    "from core.imaging.worker import main; main()"
)


class Decoder:
    """Makes pictures in a worker process, which is started when needed and replaced when it dies.

    Safe to use from several threads; one picture is made at a time.
    """

    def __init__(self, *, memory: int = MEMORY, seconds: int = SECONDS) -> None:
        self._memory, self._seconds = memory, seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._closed = False

    def __enter__(self) -> Decoder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def warm_up(self) -> None:
        """Start the worker now, so that the first picture does not wait for it."""
        with self._lock:
            if not self._closed:
                self._started()

    def picture(self, path: Path, *, frame: int = 0, window: Window | None = None) -> Picture:
        """One frame, counted from 0, through the window given or the object's own.

        Raises NoPreviewError where there is no picture, or none that can be made within bounds.
        """
        request = Request(path=str(path), frame=frame, window=window)
        with self._lock:
            if self._closed:
                raise NoPreviewError("no preview: the decoder is closed")
            answer = self._ask(request)
        if answer.picture is None:
            raise NoPreviewError(answer.fault)
        return answer.picture

    def close(self) -> None:
        """End the worker; whoever waits for a picture is told that there is none."""
        self._closed = True
        working = self._process
        if working is not None:
            with contextlib.suppress(OSError):
                working.kill()
        with self._lock:
            self._end()

    def _ask(self, request: Request) -> Answer:
        try:
            connection = self._started()
            send(connection, request)
            body = receive(connection)
        except TimeoutError:
            self._end()
            return Answer(fault=f"no preview: decoding took more than {self._seconds} s")
        except OSError:
            body = None
        if body is None:
            self._end()
            return Answer(fault="no preview: the decoder died of it")
        return msgspec.msgpack.decode(body, type=Answer)

    def _started(self) -> socket.socket:
        if self._connection is not None and self._process is not None:
            if self._process.poll() is None:
                return self._connection
            self._end()
        ours, theirs = socket.socketpair()
        # The name of this package is looked up where this process looks, and nowhere else.
        path = "\n".join(entry for entry in sys.path if entry)
        arguments = (str(theirs.fileno()), str(self._memory), str(self._seconds + 1))
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and code
                [sys.executable, "-I", "-c", _START, *arguments, path],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        ours.settimeout(self._seconds)
        self._connection = ours
        return ours

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.kill()
            self._process.wait()
        self._connection = self._process = None


def _environment() -> dict[str, str]:
    """One thread for arithmetic: more would take address space and gain nothing."""
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPJ_NUM_THREADS": "1"}
    return {**os.environ, **threads}
