"""A connection under TLS: :class:`core.network.wire.Wire` with a handshake before it.

As the plain one it never blocks: a peer that stalls in the middle of a handshake or of a record
is a matter of its own thread and its own deadline.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any

from core.network.faults import EndedHereError, TlsError, TlsFault
from core.network.tls_reasons import tls_error
from core.network.wire import Waker, Wire

_SLICE = 0.1  # seconds between two looks at whether the call was cancelled
_HANDSHAKE, _ALERT = 0x16, 0x15  # TLS record types, RFC 8446 5.1


def speaks_tls(header: memoryview) -> bool:
    """Whether this is the begin of a TLS record, where a PDU should be."""
    return header[0] in (_HANDSHAKE, _ALERT) and header[1] == 3


class TlsWire(Wire):
    """A socket that carries TLS, once :meth:`handshake` is done."""

    def __init__(self, sock: socket.socket, waker: Waker | None = None) -> None:
        super().__init__(sock, waker)
        self._tls: ssl.SSLSocket | None = None
        self._stage = _Stage()
        self._left: OSError | None = None

    # -- the handshake

    def handshake(
        self,
        context: ssl.SSLContext,
        deadline: float,
        *,
        server_side: bool,
        name: str = "",
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Agree on keys with the peer, and verify it as `context` says.

        `name` is the one that a server is asked for (SNI), and checked where `context` does so; one
        that cannot be asked for is left out.
        Raises TlsError, or EndedHereError where `stop` says so or :meth:`end` was called.
        """
        try:
            if server_side:
                self._look_at_first_byte(deadline, stop)
            self._wrap(context, server_side=server_side, name=name)
            self._shake_hands(deadline, stop)
        except ssl.SSLError as exc:
            raise tls_error(exc) from exc
        except OSError as exc:
            if self._ended:
                raise EndedHereError(self._ended) from exc
            raise TlsError(TlsFault.CLOSED, exc.strerror or "") from exc

    def _wrap(self, context: ssl.SSLContext, *, server_side: bool, name: str) -> None:
        try:
            wrapped = context.wrap_socket(
                self._sock,
                server_side=server_side,
                do_handshake_on_connect=False,
                server_hostname=_encodable(name),
            )
        except ValueError as exc:  # to be checked, and no certificate can have it
            raise TlsError(TlsFault.WRONG_NAME, f"{name!r} cannot be asked for") from exc
        self._sock = self._tls = wrapped

    def _shake_hands(self, deadline: float, stop: Callable[[], bool]) -> None:
        tls = self._tls
        while tls is not None:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._await(self._readable, deadline, stop)
            except ssl.SSLWantWriteError:
                self._await(self._writable, deadline, stop)
        if tls is not None:
            self.security = _describe(tls)

    def _look_at_first_byte(self, deadline: float, stop: Callable[[], bool]) -> None:
        """Tell plain DICOM (or anything else) from TLS before OpenSSL answers it with an alert."""
        self._await(self._readable, deadline, stop)
        first = socket.socket.recv(self._sock, 1, socket.MSG_PEEK)
        if not first:
            raise TlsError(TlsFault.CLOSED)
        if first[0] not in (_HANDSHAKE, _ALERT):
            raise TlsError(TlsFault.SPEAKS_PLAIN)

    def _await(self, poll: select.poll, deadline: float, stop: Callable[[], bool]) -> None:
        while True:
            if self._ended:
                raise EndedHereError(self._ended)
            if stop():
                raise EndedHereError("cancelled")
            left = deadline - time.monotonic()
            if left <= 0:
                raise TlsError(TlsFault.SILENT)
            if poll.poll(min(_SLICE, left) * 1000):
                if self._ended:
                    raise EndedHereError(self._ended)
                return

    # -- reading

    def readable(self, seconds: float = 0.0) -> bool:
        """Whether something can be read (data, or the end of it) within `seconds`.

        Bytes on the socket are not enough: they may be half a record, or none of ours.
        """
        deadline = time.monotonic() + max(0.0, seconds)
        while self._start == self._end and not self._ended and self._left is None:
            self._start = self._end = 0
            try:
                count = self._receive(self._view)
            except BlockingIOError:
                left = deadline - time.monotonic()
                if not self._readable.poll(max(0.0, left) * 1000):
                    return False
                if left <= 0:
                    # A peer that sends bytes which never make a record gets one look, no loop.
                    return self._take_what_is_there()
                continue
            except OSError as exc:
                self._left = exc
                break
            if not count:
                break
            self._end = count
        return True

    def _take_what_is_there(self) -> bool:
        try:
            self._end = self._receive(self._view)
        except BlockingIOError:
            return False
        except OSError as exc:
            self._left = exc
        return True

    def _receive(self, view: memoryview) -> int:
        if self._left is not None:
            raise self._left
        try:
            return self._sock.recv_into(view)
        except ssl.SSLWantReadError:
            raise BlockingIOError from None
        except ssl.SSLWantWriteError:
            self._writable.poll(_SLICE * 1000)
            raise BlockingIOError from None

    def _lost(self, cause: OSError | None) -> Exception:
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return super()._lost(None)
        if isinstance(cause, ssl.SSLError) and not self._ended:
            return tls_error(cause)
        return super()._lost(cause)

    # -- writing

    def _transmit(self, buffers: Sequence[memoryview]) -> int:
        # What could not be sent is offered again by the caller, and OpenSSL wants the same bytes.
        staged = self._stage.hold(buffers)
        try:
            sent = self._sock.send(staged)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            raise BlockingIOError from None
        except (ConnectionError, ssl.SSLEOFError) as exc:
            raise self._alert() or exc from exc
        self._stage.drop()
        return sent

    def _alert(self) -> ssl.SSLError | None:
        """What the peer's TLS said before it closed, where it said anything; data is kept."""
        try:
            while count := self._sock.recv_into(self._view[self._end :]):
                self._end += count
        except ssl.SSLError as exc:
            return exc
        except OSError:
            pass
        return None

    # -- the end

    def close(self, linger: float = 0.0) -> None:
        """Close, with TLS's own goodbye before that of TCP."""
        if self._tls is not None:
            with contextlib.suppress(OSError, ValueError):
                self._tls.unwrap()
        super().close(linger)
        self._stage.close()


class _Stage:
    """Bytes that wait for OpenSSL to take them, gathered by the kernel through a pipe.

    Our own hands do not touch the buffers: they may be a mapped file that was cut short meanwhile,
    which the kernel tells as an error, and a copy in this process as SIGBUS.
    """

    def __init__(self) -> None:
        self._ends: tuple[int, int] | None = None
        self._held = b""

    def hold(self, buffers: Sequence[memoryview]) -> bytes:
        """The first bytes of `buffers`, as long as they are not dropped."""
        if not self._held:
            if self._ends is None:
                self._ends = os.pipe()
                os.set_blocking(self._ends[1], False)
            count = os.writev(self._ends[1], buffers)
            self._held = os.read(self._ends[0], count)
        return self._held

    def drop(self) -> None:
        """Let them go: they are sent."""
        self._held = b""

    def close(self) -> None:
        """Give the pipe back."""
        ends, self._ends = self._ends, None
        for end in ends or ():
            os.close(end)


def _encodable(name: str) -> str | None:
    name = name.rstrip(".")
    try:
        name.encode("idna")
    except UnicodeError:
        return None
    return None if not name or name.startswith(".") else name


def _describe(tls: ssl.SSLSocket) -> str:
    cipher = tls.cipher()
    words = [tls.version() or "TLS", cipher[0] if cipher else ""]
    subject: Any = ()  # its type depends on the key
    with contextlib.suppress(ssl.SSLError, ValueError):  # a certificate that Python cannot read
        subject = (tls.getpeercert() or {}).get("subject", ())
    for relative in subject:
        words.extend(str(value) for key, value in relative if key == "commonName")
    return " ".join(filter(None, words))
