"""The ports we listen on: the plain one, the TLS one, or both."""

from __future__ import annotations

import socket

from msgspec import Struct

from core.errors import ListenError, SettingsError
from core.network import credentials
from core.network.tls import TlsWire
from core.network.wire import Waker, Wire
from core.settings import StationSettings, TlsListen

_BACKLOG = 128


class Door(Struct, frozen=True):
    """A listening socket; what comes in through a secure one speaks TLS."""

    socket: socket.socket
    host: str
    port: int
    secure: bool

    def accept(self) -> tuple[Wire, str, int]:
        """The next connection, its peer's host and port; raises OSError."""
        # First what it needs besides: whom there is none for waits in the system's queue.
        waker = Waker()
        try:
            sock, address = self.socket.accept()
        except BaseException:
            waker.close()
            raise
        try:
            wire = TlsWire(sock, waker) if self.secure else Wire(sock, waker)
        except BaseException:
            waker.close()
            sock.close()
            raise
        return wire, str(address[0]), int(address[1])


def open_doors(
    station: StationSettings, port: int | None, tls_port: int | None
) -> tuple[Door, ...]:
    """Listen on what is configured, the plain port first; the ports given (0: any) overrule it.

    Raises ListenError where an address cannot be had, or our certificate cannot be used.
    """
    tls = station.tls
    plain_port = station.port if port is None else port
    secure_port = tls.port if tls_port is None else tls_port
    doors: list[Door] = []
    try:
        if tls.listen is not TlsListen.ONLY:
            doors.append(_open(station.host, plain_port, "station.port", secure=False))
        if tls.listen is not TlsListen.OFF:
            credentials.server_context(tls)
            doors.append(_open(station.host, secure_port, "station.tls.port", secure=True))
    except BaseException as exc:
        for door in doors:
            door.socket.close()
        if isinstance(exc, SettingsError):
            raise ListenError(f"cannot listen for TLS: {exc.message}", exc.hint) from exc
        raise
    return tuple(doors)


def _open(host: str, port: int, key: str, *, secure: bool) -> Door:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except (OSError, OverflowError, TypeError, ValueError) as exc:  # the last two: no host name
        sock.close()
        text = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise ListenError(
            f"cannot listen on {host}:{port}: {text}",
            "another program may have the port, or the address is not ours: "
            f"change {key} or station.host",
        ) from exc
    return Door(sock, host, int(sock.getsockname()[1]), secure)
