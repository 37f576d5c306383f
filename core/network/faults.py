"""How an association can fail, as exceptions that never leave `core.network`.

Callers turn them into an :class:`core.model.Outcome`, the listener into the reason of an event::

    LinkError             an association could not be made, or ended other than as planned
    ├── ConnectError          no TCP connection: name, route, port
    ├── TlsError              no TLS, or one side does not trust the other; carries a TlsFault
    ├── RejectedError         A-ASSOCIATE-RJ
    ├── NoContextError        accepted, but with nothing usable
    ├── AbortedError          A-ABORT from the peer
    ├── ReleasedError         A-RELEASE-RQ from the peer
    ├── LostError             RST or EOF
    ├── SilenceError          a time limit ran out
    │   └── UnansweredError       TCP is open, and the association request was not answered
    ├── ProtocolError         the peer broke PS3.8; carries the reason for our A-ABORT
    └── EndedHereError        ended from this side: by a person, a limit or the close of the station
        └── TooLargeError         what the peer sends is larger than we take
"""

from __future__ import annotations

from enum import Enum

from core.errors import ModalittyError


class LinkError(ModalittyError):
    """An association could not be made, or ended other than as planned."""


class ConnectError(LinkError):
    """There is no TCP connection; `cause` is what the operating system said."""

    def __init__(self, message: str, cause: OSError) -> None:
        super().__init__(message)
        self.cause = cause


class TlsFault(str, Enum):
    """Why there is no TLS with a peer, in words that hold for either side of the call."""

    SPEAKS_PLAIN = "the peer speaks no TLS, and TLS is expected"
    SPEAKS_TLS = "the peer speaks TLS, and none is expected"
    UNTRUSTED = "no CA that we trust has signed the peer's certificate"
    EXPIRED = "the peer's certificate has expired"
    NOT_YET_VALID = "the peer's certificate is not valid yet"
    WRONG_NAME = "the peer's certificate is for another name"
    WRONG_PURPOSE = "the peer's certificate is not for this purpose (extended key usage)"
    UNVERIFIED = "the peer's certificate cannot be verified"
    NONE_SHOWN = "the peer showed no certificate"
    OURS_REFUSED = "the peer refuses our certificate"
    OURS_MISSING = "the peer asks for a certificate, and we have none"
    VERSION = "no TLS version in common"
    CIPHERS = "no TLS cipher suite in common"
    CLOSED = "the peer closed the connection during the TLS handshake"
    DROPPED = "the peer closed the connection right after the TLS handshake"
    SILENT = "the TLS handshake was not answered within the time limit"
    BROKEN = "TLS failed"
    OURSELVES = "our own TLS files cannot be used"


class TlsError(LinkError):
    """There is no TLS, or one side does not trust the other; `detail` adds to the fault."""

    def __init__(self, fault: TlsFault, detail: str = "") -> None:
        super().__init__(f"{fault.value}: {detail}" if detail else fault.value)
        self.fault = fault


class RejectedError(LinkError):
    """The peer answered with A-ASSOCIATE-RJ, PS3.8 9.3.4."""

    def __init__(self, result: int, source: int, reason: int) -> None:
        super().__init__(f"association rejected: result {result}, source {source}, reason {reason}")
        self.result = result
        self.source = source
        self.reason = reason


class NoContextError(LinkError):
    """No presentation context that is needed was accepted; `results` as in PS3.8 9.3.3.2."""

    def __init__(self, results: tuple[int, ...]) -> None:
        super().__init__("no presentation context was accepted")
        self.results = results


class AbortedError(LinkError):
    """The peer sent A-ABORT, PS3.8 9.3.8."""

    def __init__(self, source: int, reason: int) -> None:
        super().__init__(f"aborted by the peer: source {source}, reason {reason}")
        self.source = source
        self.reason = reason


class ReleasedError(LinkError):
    """The peer asked for the release of the association."""


class LostError(LinkError):
    """The connection was closed or reset without a word."""

    def __init__(self, message: str, cause: OSError | None = None) -> None:
        super().__init__(message)
        self.cause = cause


class SilenceError(LinkError):
    """The peer neither sent nor took anything within the time limit."""


class UnansweredError(SilenceError):
    """The association request was not answered within the time limit."""


class Reason:
    """Reasons of an A-ABORT whose source is the service provider, PS3.8 table 9-26."""

    UNSPECIFIED = 0
    UNRECOGNISED_PDU = 1
    UNEXPECTED_PDU = 2
    UNRECOGNISED_PARAMETER = 4
    UNEXPECTED_PARAMETER = 5
    INVALID_PARAMETER = 6


class ProtocolError(LinkError):
    """The peer broke the protocol; `reason` goes into our A-ABORT with source 2, PS3.8 9.3.8."""

    def __init__(self, message: str, reason: int = Reason.INVALID_PARAMETER) -> None:
        super().__init__(message)
        self.reason = reason


class EndedHereError(LinkError):
    """Our side ended the association on purpose."""


class TooLargeError(EndedHereError):
    """The peer sends more in one message than `max_object_mib` lets it."""
