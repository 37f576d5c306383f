"""What OpenSSL's errors mean: the verification of a certificate, and alerts (RFC 8446 6.2)."""

from __future__ import annotations

import ssl

from core.network.faults import TlsError, TlsFault

# X509_V_ERR_*, as OpenSSL's x509_vfy.h numbers them.
_VERIFICATION: dict[int, TlsFault] = {
    2: TlsFault.UNTRUSTED,
    9: TlsFault.NOT_YET_VALID,
    10: TlsFault.EXPIRED,
    18: TlsFault.UNTRUSTED,
    19: TlsFault.UNTRUSTED,
    20: TlsFault.UNTRUSTED,
    21: TlsFault.UNTRUSTED,
    26: TlsFault.WRONG_PURPOSE,
    62: TlsFault.WRONG_NAME,
    64: TlsFault.WRONG_NAME,
}

_TOLD_MORE = (TlsFault.UNTRUSTED, TlsFault.WRONG_NAME, TlsFault.UNVERIFIED)

# Ends of OpenSSL's reasons: how they begin differs between its versions.
_REASONS: tuple[tuple[TlsFault, tuple[str, ...]], ...] = (
    # The version of a TLS record is where plain DICOM has the length of its PDU.
    (TlsFault.SPEAKS_PLAIN, ("WRONG_VERSION_NUMBER", "HTTP_REQUEST")),
    (TlsFault.OURS_MISSING, ("ALERT_CERTIFICATE_REQUIRED",)),
    (
        TlsFault.OURS_REFUSED,
        (
            "ALERT_UNKNOWN_CA",
            "ALERT_BAD_CERTIFICATE",
            "ALERT_UNSUPPORTED_CERTIFICATE",
            "ALERT_CERTIFICATE_REVOKED",
            "ALERT_CERTIFICATE_EXPIRED",
            "ALERT_CERTIFICATE_UNKNOWN",
            "ALERT_ACCESS_DENIED",
        ),
    ),
    (
        TlsFault.VERSION,
        (
            "ALERT_PROTOCOL_VERSION",
            "UNSUPPORTED_PROTOCOL",
            "WRONG_SSL_VERSION",
            "VERSION_TOO_LOW",
            "UNKNOWN_PROTOCOL",
        ),
    ),
    (
        TlsFault.CIPHERS,
        (
            "ALERT_HANDSHAKE_FAILURE",
            "ALERT_INSUFFICIENT_SECURITY",
            "NO_SHARED_CIPHER",
            "NO_SHARED_GROUPS",
            "UNKNOWN_CIPHER_RETURNED",
            "WRONG_CIPHER_RETURNED",
        ),
    ),
    (TlsFault.NONE_SHOWN, ("PEER_DID_NOT_RETURN_A_CERTIFICATE",)),
)


def tls_error(exc: ssl.SSLError) -> TlsError:
    """Translate what OpenSSL raised during or after a handshake."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        fault = _VERIFICATION.get(exc.verify_code, TlsFault.UNVERIFIED)
        return TlsError(fault, exc.verify_message.strip(".") if fault in _TOLD_MORE else "")
    if isinstance(exc, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return TlsError(TlsFault.CLOSED)
    reason = exc.reason or ""
    for fault, ends in _REASONS:
        if reason.endswith(ends):
            return TlsError(fault, _words(reason) if fault is TlsFault.OURS_REFUSED else "")
    return TlsError(TlsFault.BROKEN, _words(reason) or str(exc.strerror or exc))


def _words(reason: str) -> str:
    return reason.rpartition("ALERT_")[2].replace("_", " ").lower()
