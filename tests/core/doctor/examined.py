"""Findings of an examination by the names of the checks, and peers that are no peers."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from core.model import Finding, Modality
from core.station import Station


def examined(station: Station, peer: Modality) -> dict[str, Finding]:
    """Every finding by its check, the last one where a check has several."""
    return {finding.check: finding for finding in station.doctor.examine(peer)}


def at(port: int, ae_title: str = "PEER", **more: object) -> Modality:
    return Modality(ae_title=ae_title, host="127.0.0.1", port=port, **more)  # type: ignore[arg-type]


@contextlib.contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server whose every connection is handed to `answer` in a thread; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)


def stay_silent(connection: socket.socket) -> None:
    """Read whatever comes until the other side is gone, and say nothing."""
    with connection, contextlib.suppress(OSError):
        while connection.recv(4096):
            pass


def speak_http(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")


def greet(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
        connection.recv(4096)
