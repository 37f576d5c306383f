"""Our side of TLS out of `[station.tls]`: files become contexts that know BCP 195.

The profile is PS3.15 B.12 (BCP 195 as of RFC 8996 and RFC 9325): TLS 1.2 and 1.3, ephemeral ECDH
with an AEAD, no compression, no renegotiation, no resumption. Nothing falls back to less.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from core.errors import SettingsError
from core.model import Modality
from core.network.tls_reasons import tls_error
from core.settings import TlsSettings, TlsVersion

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; those of 1.3 are all of this kind."""
_EXPIRED, _NOT_YET_VALID = 10, 9  # X509_V_ERR_*
_KEPT = 8
_MANY_DAYS = 9999

_lock = threading.Lock()
_contexts: OrderedDict[Hashable, ssl.SSLContext] = OrderedDict()


def server_context(tls: TlsSettings) -> ssl.SSLContext:
    """For incoming connections; raises SettingsError, naming the file that cannot be used."""
    return _cached(tls, server=True, check_name=False)


def client_context(tls: TlsSettings, *, check_name: bool) -> ssl.SSLContext:
    """For outgoing connections; raises SettingsError, naming the file that cannot be used."""
    return _cached(tls, server=False, check_name=check_name)


def require(tls: TlsSettings, peer: Modality) -> None:
    """Raise SettingsError where `peer` is called by TLS and our files cannot be used for it."""
    if peer.tls:
        client_context(tls, check_name=bool(peer.tls_host_name))


def days_left(tls: TlsSettings) -> int:
    """Days until our certificate expires; raises SettingsError where it cannot be used."""
    server_context(tls)
    try:
        shown: Any = _trial(tls, _read(tls.certificate, "certificate")).getpeercert()
        return int((ssl.cert_time_to_seconds(shown["notAfter"]) - time.time()) // 86400)
    except (
        ssl.SSLError,
        KeyError,
        TypeError,
        ValueError,
    ):  # its purpose is another than a server's
        return _MANY_DAYS


def _cached(tls: TlsSettings, *, server: bool, check_name: bool) -> ssl.SSLContext:
    """The context of these settings and these very files: one that is replaced is read again."""
    files = tuple(_state(path) for path in (tls.certificate, tls.key, tls.ca))
    key = (tls, server, check_name, files)
    with _lock:
        context = _contexts.get(key)
        if context is None:
            context = _make(tls, server=server)
            context.check_hostname = check_name
            _contexts[key] = context
            while len(_contexts) > _KEPT:
                _contexts.popitem(last=False)
        return context


def _state(path: str) -> tuple[int, ...]:
    if not path:
        return ()
    try:
        found = Path(path).expanduser().stat()
    except (OSError, RuntimeError, ValueError):
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _make(tls: TlsSettings, *, server: bool) -> ssl.SSLContext:
    context = _bare(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    if tls.minimum_version is TlsVersion.V1_3:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if tls.certificate:
        _load_own(context, tls)
    elif server:
        raise SettingsError("station.tls.certificate: missing", "a TLS listener needs one")
    if tls.ca:
        _load_trusted(context, tls.ca)
    elif not server or tls.require_client_certificate:
        raise SettingsError("station.tls.ca: missing", "name the certificates that we trust")
    if server and not tls.require_client_certificate:
        context.verify_mode = ssl.CERT_OPTIONAL if tls.ca else ssl.CERT_NONE
    else:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _bare(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    # A device's own certificate can be trusted as it is, without the CA that signed it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if protocol == ssl.PROTOCOL_TLS_SERVER:
        context.num_tickets = 0
    return context


def _load_own(context: ssl.SSLContext, tls: TlsSettings) -> None:
    chain = _read(tls.certificate, "certificate")
    if "-----BEGIN CERTIFICATE-----" not in chain:
        raise _broken("certificate", tls.certificate, "no PEM certificate in it", "give a PEM file")
    where = "key" if tls.key else "certificate"
    key = _read(tls.key, "key") if tls.key else chain
    if "PRIVATE KEY-----" not in key:
        raise _broken(where, tls.key or tls.certificate, "no PEM private key in it", "add the key")

    def no_password() -> bytes:
        # Without this OpenSSL would ask on the terminal.
        raise _broken(
            where,
            tls.key or tls.certificate,
            "the private key has a password",
            "take it away (openssl pkey -in … -out …) and keep the file readable to us only",
        )

    try:
        context.load_cert_chain(*_paths(tls), password=no_password)
    except ssl.SSLError as exc:
        raise _not_loaded(tls, where, exc) from None
    except OSError as exc:
        raise _broken(where, tls.key or tls.certificate, str(exc.strerror), "look at it") from None
    try:
        _trial(tls, chain)
    except ssl.SSLCertVerificationError as exc:
        if exc.verify_code in (_EXPIRED, _NOT_YET_VALID):
            what = "it has expired" if exc.verify_code == _EXPIRED else "it is not valid yet"
            mend = "renew it, and look at the clock"
            raise _broken("certificate", tls.certificate, what, mend) from None
    except ssl.SSLError as exc:
        text = f"it cannot be used ({tls_error(exc).message})"
        raise _broken("certificate", tls.certificate, text, "RSA of 2048 bits, or ECDSA") from None


def _paths(tls: TlsSettings) -> tuple[Path, Path | None]:
    key = Path(tls.key).expanduser() if tls.key else None
    return Path(tls.certificate).expanduser(), key


def _not_loaded(tls: TlsSettings, where: str, exc: ssl.SSLError) -> SettingsError:
    reason = exc.reason or str(exc)
    if "MISMATCH" in reason:
        return _broken(
            where,
            tls.key or tls.certificate,
            "this private key does not belong to station.tls.certificate",
            "give the key that the certificate was made with",
        )
    if "TOO_SMALL" in reason or "TOO_WEAK" in reason:
        text = f"too weak for TLS today ({_words(reason)})"
        return _broken("certificate", tls.certificate, text, "RSA of 2048 bits, or ECDSA, SHA-256")
    text = f"certificate or key cannot be read ({_words(reason)})"
    return _broken("certificate", tls.certificate, text, "make it anew as PEM")


def _trial(tls: TlsSettings, chain: str) -> ssl.SSLObject:
    """Shake hands with ourselves, trusting nobody but us; raises ssl.SSLError as a peer would."""
    client = _bare(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(cadata=_first(chain))
    server = _bare(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*_paths(tls))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    caller = client.wrap_bio(to_client, to_server)
    sides = (caller, server.wrap_bio(to_server, to_client, server_side=True))
    for _ in range(4):
        for side in sides:
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return caller


def _first(chain: str) -> str:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    start = chain.index(begin)
    return chain[start : chain.index(end, start) + len(end)] + "\n"


def _load_trusted(context: ssl.SSLContext, path: str) -> None:
    if "-----BEGIN CERTIFICATE-----" not in _read(path, "ca"):
        raise _broken("ca", path, "no PEM certificate in it", "give a PEM file")
    try:
        context.load_verify_locations(cafile=Path(path).expanduser())
    except ssl.SSLError as exc:
        reason = _words(exc.reason or str(exc))
        raise _broken("ca", path, f"damaged ({reason})", "make it anew as PEM") from None
    except OSError as exc:
        raise _broken("ca", path, exc.strerror or str(exc), "name a file we can read") from None


def _read(path: str, where: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="latin-1")
    except OSError as exc:
        raise _broken(where, path, exc.strerror or str(exc), "name a file we can read") from None
    except (RuntimeError, ValueError) as exc:  # no home folder, NUL in the path
        raise _broken(where, path, str(exc), "correct the path") from None


def _words(reason: str) -> str:
    return reason.replace("_", " ").lower()


def _broken(where: str, path: str, what: str, mend: str) -> SettingsError:
    return SettingsError(f"station.tls.{where}: {path}: {what}", mend)
