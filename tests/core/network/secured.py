"""What the tests of TLS share: certificates of several kinds, and raw TLS clients and servers."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from core.settings import TlsListen, TlsSettings
from tests.core.network.raw import SECONDS, Raw
from tests.peers.certificates import Authority, Certificate


class Pki:
    """Two authorities that do not know each other, and what they have signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours = Authority(folder / "ours", "Hospital CA")
        self.foreign = Authority(folder / "foreign", "Foreign CA")
        self.us = self.ours.issue("modalitty")
        self.peer = self.ours.issue("ct1", also="DNS:ct1.test")
        self.expired = self.ours.issue("expired", days=-1)
        self.stranger = self.foreign.issue("stranger")

    def settings(self, **changes: object) -> TlsSettings:
        """`[station.tls]` with our own certificate and CA, listening beside the plain port."""
        fields = {
            "certificate": str(self.us.certificate),
            "key": str(self.us.key),
            "ca": str(self.ours.certificate),
            "listen": TlsListen.ON,
            **changes,
        }
        return TlsSettings(**fields)

    def client(
        self, certificate: Certificate | None = None, ca: Path | None = None
    ) -> ssl.SSLContext:
        """A context of the standard library's making, that trusts our CA."""
        context = ssl.create_default_context(cafile=ca or self.ours.certificate)
        context.check_hostname = False
        if certificate is not None:
            context.load_cert_chain(certificate.certificate, certificate.key)
        return context

    def server(self, certificate: Certificate, *, wants_ours: bool = False) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.certificate, certificate.key)
        if wants_ours:
            context.load_verify_locations(self.ours.certificate)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@contextlib.contextmanager
def connect(port: int, context: ssl.SSLContext) -> Iterator[Raw]:
    """A raw association over TLS; raises ssl.SSLError where the handshake fails."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as sock,
        context.wrap_socket(sock, suppress_ragged_eofs=False) as tls,
    ):
        yield Raw(tls)


@contextlib.contextmanager
def peer(script: Callable[[Raw], None], context: ssl.SSLContext) -> Iterator[int]:
    """A TLS server on a free port that runs `script` on its connections, one after another."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    stop = threading.Event()

    def serve(sock: socket.socket) -> None:
        sock.settimeout(SECONDS)
        # The other side may go at any point: that is what the tests are about.
        with (
            sock,
            contextlib.suppress(OSError, EOFError),
            context.wrap_socket(sock, server_side=True) as tls,
        ):
            script(Raw(tls))

    def loop() -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                serve(listening.accept()[0])

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        stop.set()
        thread.join(SECONDS)
        listening.close()
