"""The process apart in which decoding happens: it may die, and nothing else does.

It serves one socket: requests and answers are msgpack, each behind its length of four bytes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG

import msgspec
from msgspec import Struct

from core.errors import ModalittyError, NoPreviewError
from core.imaging.opened import OpenedImage
from core.imaging.patience import PATIENCE
from core.imaging.protocol import Answer, PixelRequest, Request, receive, send
from core.imaging.render import pixel_value, render


class Renderer:
    """Renders frames and keeps the last file open, so that the next frame is quick."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._image: OpenedImage | None = None

    def answer(self, request: Request) -> Answer:
        """What is asked for; raises NoPreviewError."""
        PATIENCE.begin()
        try:
            image = self._opened(Path(request.path))
            if isinstance(request, PixelRequest):
                found = pixel_value(image, request.frame, request.column, request.row)
                return Answer(pixel=found)
            return Answer(picture=render(image, request.frame, request.rendering))
        except ModalittyError:
            raise
        except MemoryError as fault:
            self.forget()
            raise NoPreviewError("no preview: decoding it takes too much memory") from fault
        except Exception as fault:
            self.forget()
            why = str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__
            raise NoPreviewError(f"no preview: the object cannot be read: {why}") from fault
        finally:
            PATIENCE.end()

    def _opened(self, path: Path) -> OpenedImage:
        stat = path.stat()
        if not S_ISREG(stat.st_mode):
            raise NoPreviewError("no preview: not a file")
        key = (path, stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if self._image is None or key != self._key:
            self.forget()
            self._image, self._key = OpenedImage(path), key
        return self._image

    def forget(self) -> None:
        """Close the file that is open."""
        if self._image is not None:
            self._image.close()
        self._image, self._key = None, ()


def limit_resources(memory: int) -> None:
    """Cap the address space and write no core dump, where the system can."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def serve(connection: socket.socket, seconds: int, answer: Callable[[bytearray], Struct]) -> None:
    """Answer requests until the other side is gone."""
    while (message := receive(connection)) is not None:
        # A parent that dies meanwhile cannot end a decoder that hangs: the alarm does.
        signal.alarm(seconds)
        found = answer(message)
        signal.alarm(0)
        send(connection, found)


def run(answer: Callable[[bytearray], Struct]) -> None:
    """Serve in a process of its own, within limits, by what `answer` makes of each request.

    Arguments: descriptor of the socket, bytes of memory, seconds for one request.
    """
    descriptor, memory, seconds = (int(argument) for argument in sys.argv[1:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    # Deeply nested sequences are read by recursion.
    sys.setrecursionlimit(5000)
    limit_resources(memory)
    with socket.socket(fileno=descriptor) as connection, contextlib.suppress(OSError):
        serve(connection, seconds, answer)
    # Not the interpreter's own end: a decoder's wreckage could hold it up.
    os._exit(0)


def main() -> None:
    """Make pictures."""
    renderer = Renderer()

    def answer(message: bytearray) -> Answer:
        try:
            return renderer.answer(msgspec.msgpack.decode(message, type=Request))
        except ModalittyError as fault:
            return Answer(fault=fault.message)

    run(answer)
