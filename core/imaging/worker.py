"""The process apart in which decoding happens: it may die, and nothing else does.

It serves one socket: requests and answers are msgpack, each behind its length of four bytes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import sys
import warnings
from collections.abc import Callable

from msgspec import Struct

from core.imaging.protocol import receive, send


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


def serve(
    connection: socket.socket,
    seconds: int,
    answer: Callable[[bytearray], Struct],
    meanwhile: Callable[[], None] | None = None,
) -> None:
    """Answer requests until the other side is gone; `meanwhile` is done where none waits."""
    while (message := receive(connection)) is not None:
        # A parent that dies meanwhile cannot end a decoder that hangs: the alarm does.
        signal.alarm(seconds)
        found = answer(message)
        signal.alarm(0)
        send(connection, found)
        if meanwhile is not None and not select.select([connection], [], [], 0)[0]:
            meanwhile()


def run(answer: Callable[[bytearray], Struct], meanwhile: Callable[[], None] | None = None) -> None:
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
        serve(connection, seconds, answer, meanwhile)
    # Not the interpreter's own end: a decoder's wreckage could hold it up.
    os._exit(0)
