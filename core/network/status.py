"""What a signal from the network means, and what to do about it.

Tables of facts: DIMSE status codes (PS3.7 annex C; PS3.4 B.2.3, C.4.1.1.4, C.4.2.1.5), the
reasons of A-ASSOCIATE-RJ and A-ABORT (PS3.8 9.3.4, 9.3.8), the results of a presentation context
(PS3.8 9.3.3.2) and the errors of the operating system. Each look-up answers with a
:class:`Meaning`, also for a code that no table knows.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from msgspec import Struct

from core.model import OutcomeState
from core.network.faults import TlsFault


class Meaning(Struct, frozen=True):
    """A signal in words: how bad it is, what it means, and what to do (empty for nothing)."""

    state: OutcomeState
    text: str
    advice: str = ""


OK, WARNING, FAILED = OutcomeState.OK, OutcomeState.WARNING, OutcomeState.FAILED

SUCCESS = 0x0000
CANCEL = 0xFE00
PENDING = 0xFF00
PENDING_WARNING = 0xFF01

_STILL_PENDING = Meaning(
    FAILED,
    "the peer says that more is to come, where nothing can",
    "an interoperability fault: look at the traffic",
)

_GENERAL: dict[int, Meaning] = {
    SUCCESS: Meaning(OK, "success"),
    0x0001: Meaning(WARNING, "requested optional attributes are not supported"),
    0x0107: Meaning(WARNING, "some attributes could not be given"),
    0x0105: Meaning(FAILED, "no such attribute", "look into the peer's log"),
    0x0106: Meaning(FAILED, "invalid attribute value", "look into the peer's log"),
    0x0110: Meaning(FAILED, "processing failure", "look into the peer's log"),
    0x0111: Meaning(FAILED, "duplicate SOP Instance UID", "the peer holds this object already"),
    0x0112: Meaning(FAILED, "no such SOP instance", "the peer does not hold this object"),
    0x0113: Meaning(FAILED, "no such event type", "look into the peer's log"),
    0x0114: Meaning(FAILED, "no such argument", "look into the peer's log"),
    0x0115: Meaning(FAILED, "invalid argument value", "look into the peer's log"),
    0x0116: Meaning(WARNING, "an attribute value out of range"),
    0x0117: Meaning(FAILED, "invalid SOP Instance UID", "the object's UID is not a valid UID"),
    0x0118: Meaning(FAILED, "no such SOP class", "enable the SOP class on the peer"),
    0x0119: Meaning(
        FAILED, "class and instance conflict", "the peer holds the object with another SOP class"
    ),
    0x0120: Meaning(
        FAILED,
        "an attribute is missing",
        "give the unique keys; a move by AccessionNumber needs the Study Instance UID instead",
    ),
    0x0121: Meaning(FAILED, "an attribute has no value", "give the unique keys"),
    0x0123: Meaning(FAILED, "no such action type", "the peer does not offer this service"),
    0x0122: Meaning(FAILED, "SOP class not supported", "enable the SOP class on the peer"),
    0x0124: Meaning(
        FAILED, "not authorised", "the peer must allow our AE title to do this: its configuration"
    ),
    0x0210: Meaning(FAILED, "duplicate invocation", "a message ID was used twice: report this"),
    0x0211: Meaning(FAILED, "unrecognised operation", "the peer does not offer this service"),
    0x0212: Meaning(FAILED, "mistyped argument", "an interoperability fault: look at the traffic"),
    0x0213: Meaning(FAILED, "resource limitation at the peer", "try again later"),
    CANCEL: Meaning(OutcomeState.CANCELLED, "cancelled"),
    # Matches and progress never come here: this is about how a request ended.
    **dict.fromkeys((PENDING, PENDING_WARNING), _STILL_PENDING),
}

# First and last code of a range, service-specific; the first range that holds the code is taken.
_Range = tuple[int, int, Meaning]

_STORE: tuple[_Range, ...] = (
    (
        0xA700,
        0xA7FF,
        Meaning(FAILED, "the peer is out of resources", "its disk is full or a quota is reached"),
    ),
    (
        0xA900,
        0xA9FF,
        Meaning(
            FAILED,
            "the data set does not match its SOP class",
            "check the object: the peer misses attributes or found other UIDs in it",
        ),
    ),
    (
        0xC000,
        0xCFFF,
        Meaning(FAILED, "the peer cannot understand the object", "check the object: it is damaged"),
    ),
    (0xB000, 0xB000, Meaning(WARNING, "stored, with data elements coerced")),
    (0xB006, 0xB006, Meaning(WARNING, "stored, with elements discarded")),
    (0xB007, 0xB007, Meaning(WARNING, "stored, though the data set does not match its SOP class")),
)

_FIND: tuple[_Range, ...] = (
    (
        0xA700,
        0xA7FF,
        Meaning(
            FAILED,
            "the peer is out of resources for this query",
            "it matches too much or the peer is busy: narrow it, by date for example",
        ),
    ),
    (
        0xA900,
        0xA9FF,
        Meaning(
            FAILED,
            "the query does not fit the information model",
            "give the level and the unique keys of the levels above it",
        ),
    ),
    (
        0xC000,
        0xCFFF,
        Meaning(
            FAILED,
            "the peer cannot process the query",
            "give the level and the unique keys above it; look into the peer's log",
        ),
    ),
)

_RETRIEVE: tuple[_Range, ...] = (
    (
        0xA701,
        0xA701,
        Meaning(FAILED, "the peer cannot count the matches", "retrieve less at a time"),
    ),
    (
        0xA702,
        0xA702,
        Meaning(
            FAILED,
            "the peer could perform no sub-operation",
            "the destination's port is closed or it rejected the source: "
            "echo the destination from the source, and look at its limit of associations",
        ),
    ),
    (
        0xA700,
        0xA7FF,
        Meaning(FAILED, "the peer is out of resources", "retrieve less at a time, or later"),
    ),
    (
        0xA801,
        0xA801,
        Meaning(
            FAILED,
            "the peer does not know the destination AE title",
            "register the destination at the peer: AE title, address and port",
        ),
    ),
    (
        0xA900,
        0xA9FF,
        Meaning(
            FAILED,
            "the identifier does not fit the information model",
            "retrieve by UIDs, with the unique keys of the levels above",
        ),
    ),
    (
        0xC801,
        0xC801,
        Meaning(
            FAILED,
            "the destination is not in the peer's accepted list",
            "add the destination to the peer's list of accepted destinations",
        ),
    ),
    (
        0xC000,
        0xCFFF,
        Meaning(
            FAILED,
            "the peer cannot process the request",
            "it may not know the destination, not reach it, or hold nothing that matches: "
            "query it first, then echo the destination from it",
        ),
    ),
    (
        0xB000,
        0xB000,
        Meaning(WARNING, "some sub-operations failed", "retry what failed; see the list"),
    ),
)

_NOT_TAKEN = Meaning(
    FAILED, "the report was not taken: its transaction is unknown, or it is damaged"
)
_EVENT_REPORT: tuple[_Range, ...] = ((0x0110, 0x0115, _NOT_TAKEN),)

_SERVICES: dict[str, tuple[_Range, ...]] = {
    "C-STORE": _STORE,
    "C-FIND": _FIND,
    "C-MOVE": _RETRIEVE,
    "C-GET": _RETRIEVE,
    "N-EVENT-REPORT": _EVENT_REPORT,
}


def for_status(service: str, status: int) -> Meaning:
    """Say what a DIMSE status means for a service such as "C-STORE"; PS3.7 annex C."""
    for first, last, meaning in _SERVICES.get(service, ()):
        if first <= status <= last:
            return meaning
    if status in _GENERAL:
        return _GENERAL[status]
    if status >> 12 == 0xB:
        return Meaning(WARNING, f"warning 0x{status:04X}")
    return Meaning(FAILED, f"failure 0x{status:04X}", "look into the peer's log")


_ANSWERS: dict[tuple[str, int], Meaning] = {
    ("C-STORE", 0xA700): Meaning(
        FAILED, "there is no room here", "free the disk, or raise archive.quota_mib"
    ),
    ("C-STORE", 0xA900): Meaning(
        FAILED,
        "the object is not what its sender says it is",
        "a fault of the sender: its command and its object name different UIDs",
    ),
    ("C-STORE", 0xC000): Meaning(
        FAILED, "the object cannot be read", "it came damaged: let it be sent again"
    ),
    ("C-FIND", 0xA700): Meaning(
        FAILED,
        "more matches than we answer with",
        "let the query be narrowed, or raise station.max_matches",
    ),
    ("C-FIND", 0xA900): Meaning(FAILED, "the query does not fit the information model"),
    ("C-FIND", 0xC000): Meaning(FAILED, "the query cannot be processed", "see our log"),
    ("C-MOVE", 0xA801): Meaning(
        FAILED,
        "the destination is not known here",
        "add it to the modalities, with the AE title that was asked for",
    ),
    ("C-MOVE", 0xA702): Meaning(
        FAILED, "nothing could be sent to the destination", "let the doctor look at it"
    ),
    ("C-MOVE", 0xB000): Meaning(
        WARNING, "not everything could be sent to the destination", "let the doctor look at it"
    ),
    ("C-MOVE", 0xC000): Meaning(FAILED, "the retrieval cannot be processed", "see our log"),
    ("C-GET", 0xA702): Meaning(
        FAILED, "nothing could be sent", "the caller took none of it: the traffic says why"
    ),
    ("C-GET", 0xB000): Meaning(
        WARNING, "not everything could be sent", "the caller did not take it: the traffic says why"
    ),
    ("C-GET", 0xC000): Meaning(FAILED, "the retrieval cannot be processed", "see our log"),
    ("N-EVENT-REPORT", 0x0115): _NOT_TAKEN,
    ("", 0x0110): Meaning(FAILED, "it could not be processed here", "see our log"),
    ("", 0x0112): Meaning(FAILED, "the request is not for the well-known SOP instance"),
    ("", 0x0115): Meaning(FAILED, "the request cannot be read", "a fault of the caller"),
    ("", 0x0118): Meaning(FAILED, "the request is for another service"),
    ("", 0x0123): Meaning(FAILED, "the request is for another action"),
    ("", 0x0213): Meaning(FAILED, "more than is taken at a time", "let it ask for less, or later"),
    ("", 0x0111): Meaning(FAILED, "it is held already", "archive.duplicates says what happens"),
    ("", 0x0117): Meaning(FAILED, "the object has no valid UID", "a fault of the sender"),
    ("", 0x0122): Meaning(FAILED, "the request does not fit its presentation context"),
    ("", 0x0124): Meaning(
        FAILED, "not allowed to this caller", "the `allow` of its modality lacks it"
    ),
    ("", 0x0211): Meaning(FAILED, "a request that we do not serve"),
}


def for_answer(service: str, status: int) -> Meaning:
    """Say what a status means that we ourselves answered a request with."""
    own = _ANSWERS.get((service, status)) or _ANSWERS.get(("", status))
    return own or for_status(service, status)


_REJECTIONS: dict[tuple[int, int], tuple[str, str]] = {
    (1, 1): ("no reason given", "look into the peer's log"),
    (1, 2): (
        "application context name not supported",
        "the peer may be at its limit of associations (some say it so), or is no DICOM peer",
    ),
    (1, 3): ("our AE title is not known there", "register our AE title at the peer"),
    (1, 7): (
        "the AE title we called is not known there",
        "correct the modality's AE title; some peers say this when it is ours they do not list",
    ),
    (2, 1): ("no reason given by the protocol layer", "look into the peer's log"),
    (2, 2): ("protocol version not supported", "look into the peer's log"),
    (3, 1): ("temporary congestion", "wait, or raise the peer's limit of associations"),
    (3, 2): ("local limit exceeded", "wait, or raise the peer's limit of associations"),
}


def for_rejection(result: int, source: int, reason: int) -> Meaning:
    """Say why an association was rejected (A-ASSOCIATE-RJ, PS3.8 9.3.4)."""
    text, advice = _REJECTIONS.get(
        (source, reason), (f"source {source}, reason {reason}", "look into the peer's log")
    )
    lasting = "for now" if result == 2 else "permanently"
    return Meaning(OutcomeState.REJECTED, f"association rejected {lasting}: {text}", advice)


_ABORTS: dict[int, str] = {
    0: "no reason given",
    1: "it saw an unrecognised PDU",
    2: "it saw an unexpected PDU",
    4: "it saw an unrecognised PDU parameter",
    5: "it saw an unexpected PDU parameter",
    6: "it saw an invalid PDU parameter",
}


def for_abort(source: int, reason: int) -> Meaning:
    """Say why an association was aborted by the peer (A-ABORT, PS3.8 9.3.8)."""
    if source == 0:
        return Meaning(
            OutcomeState.ABORTED,
            "the peer's application aborted the association",
            "it may not list our AE title for this service (Orthanc: DicomModalities and its "
            "Allow flags); look into the peer's log",
        )
    text = _ABORTS.get(reason, f"reason {reason}")
    return Meaning(
        OutcomeState.ABORTED,
        f"the peer's protocol layer aborted the association: {text}",
        "an interoperability fault: look at the traffic and into the peer's log",
    )


_CONTEXTS: dict[int, tuple[str, str]] = {
    0: (
        "the peer accepted without naming a transfer syntax",
        "an interoperability fault: trace it",
    ),
    1: ("the peer refuses this service to us", "allow our AE title at the peer to use it"),
    2: ("the peer gave no reason", "look into the peer's log"),
    3: ("the peer does not offer this SOP class", "enable the SOP class on the peer"),
    4: (
        "the peer takes none of the transfer syntaxes offered",
        "send it uncompressed, or enable the transfer syntax on the peer",
    ),
}


def for_context(result: int) -> Meaning:
    """Say why a presentation context was not accepted (PS3.8 9.3.3.2)."""
    text, advice = _CONTEXTS.get(result, (f"context result {result}", "look into the peer's log"))
    return Meaning(FAILED, text, advice)


def for_contexts(results: Iterable[int]) -> Meaning:
    """Say why none of several presentation contexts was accepted: the most telling of them."""
    known = sorted(set(results), key=lambda result: (4, 3, 1, 2, 0).index(min(result, 4)))
    if not known:
        return Meaning(FAILED, "the peer accepted no presentation context", "try an echo")
    return for_context(known[0])


_OS_ERRORS: dict[int, tuple[str, str]] = {
    errno.ECONNREFUSED: (
        "connection refused: nothing listens on that port",
        "check the port, and whether the service runs there",
    ),
    errno.EHOSTUNREACH: ("no route to the host", "check the address, routing and firewalls"),
    errno.ENETUNREACH: ("the network is unreachable", "check the address and our own network"),
    errno.ECONNRESET: (
        "the connection was reset",
        "the peer crashed, a middlebox cut in, or it expects TLS; look into the peer's log",
    ),
    errno.EPIPE: ("the peer closed the connection", "look into the peer's log"),
    errno.ECONNABORTED: ("the connection was aborted", "look into the peer's log"),
    errno.EACCES: ("the system forbids the connection", "check our own firewall"),
}

CONNECT_TIMEOUT = Meaning(
    OutcomeState.UNREACHABLE,
    "no answer to TCP: time-out",
    "check the address, routing and the firewalls between (ping it, then open the port for TCP)",
)
CLOSED = Meaning(
    OutcomeState.ABORTED,
    "the peer closed the connection without a word",
    "it crashed, is no DICOM peer, or expects TLS; look into the peer's log",
)
NO_ASSOCIATION_ANSWER = Meaning(
    OutcomeState.TIMEOUT,
    "TCP is open, but the association request was not answered",
    "the port is not DICOM, expects TLS, or the peer hangs (one silent connection stalls some)",
)
NO_MESSAGE_ANSWER = Meaning(
    OutcomeState.TIMEOUT,
    "the association is open, but the request was not answered in time",
    "the peer is slow or hangs: raise dimse_timeout, or look into the peer's log",
)


_TRUST = "add the CA that signed it, or the certificate itself, to the file named by station.tls.ca"
_TLS: dict[TlsFault, tuple[OutcomeState, str]] = {
    TlsFault.SPEAKS_PLAIN: (
        OutcomeState.ABORTED,
        "that is the peer's plain port: set tls = false for it, or give its TLS port (often 2762)",
    ),
    TlsFault.SPEAKS_TLS: (
        OutcomeState.ABORTED,
        "set tls = true for it, or give its plain port",
    ),
    TlsFault.UNTRUSTED: (OutcomeState.REJECTED, _TRUST),
    TlsFault.EXPIRED: (
        OutcomeState.REJECTED,
        "the peer needs a new certificate; look at the clocks of both sides",
    ),
    TlsFault.NOT_YET_VALID: (OutcomeState.REJECTED, "look at the clocks of both sides"),
    TlsFault.WRONG_NAME: (
        OutcomeState.REJECTED,
        "correct tls_host_name of the modality, or leave it out to check the CA only",
    ),
    TlsFault.WRONG_PURPOSE: (
        OutcomeState.REJECTED,
        "the peer needs a certificate for servers (serverAuth), or for both sides",
    ),
    TlsFault.UNVERIFIED: (OutcomeState.REJECTED, _TRUST),
    TlsFault.NONE_SHOWN: (OutcomeState.REJECTED, "the peer needs a certificate"),
    TlsFault.OURS_REFUSED: (
        OutcomeState.REJECTED,
        "the peer must trust the CA that signed ours (station.tls.certificate), and ours be valid; "
        "its log says more",
    ),
    TlsFault.OURS_MISSING: (
        OutcomeState.REJECTED,
        "set station.tls.certificate and station.tls.key, and let the peer trust its CA",
    ),
    TlsFault.VERSION: (
        OutcomeState.ABORTED,
        "we speak TLS 1.2 and 1.3, as BCP 195 has it: update the peer, "
        "or look at station.tls.minimum_version",
    ),
    TlsFault.CIPHERS: (
        OutcomeState.ABORTED,
        "the peer needs ECDHE with AES-GCM or ChaCha20 (BCP 195), "
        "or wants a certificate that we do not have; its log says more",
    ),
    TlsFault.CLOSED: (
        OutcomeState.ABORTED,
        "that may be its plain port, or it does not trust our certificate; its log says more",
    ),
    TlsFault.DROPPED: (
        OutcomeState.ABORTED,
        "it may not trust our certificate, or want one (TLS 1.3 tells so late); its log says more",
    ),
    TlsFault.SILENT: (
        OutcomeState.TIMEOUT,
        "that may be the peer's plain port (set tls = false for it), or the peer hangs",
    ),
    TlsFault.BROKEN: (OutcomeState.ABORTED, "the peer's log says more"),
    TlsFault.OURSELVES: (OutcomeState.FAILED, "correct [station.tls]"),
}


def for_tls(fault: TlsFault, text: str) -> Meaning:
    """Say what to do about TLS that did not come about; `text` is the fault with its details."""
    state, advice = _TLS[fault]
    return Meaning(state, text, advice)


def for_oserror(exc: OSError) -> Meaning:
    """Say what an error of the socket layer means."""
    if isinstance(exc, socket.gaierror):
        return Meaning(
            OutcomeState.UNREACHABLE,
            "the host name does not resolve",
            "correct the host name, or use the address",
        )
    if isinstance(exc, TimeoutError):
        return CONNECT_TIMEOUT
    if exc.errno in _OS_ERRORS:
        lost = exc.errno in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
        state = OutcomeState.ABORTED if lost else OutcomeState.UNREACHABLE
        return Meaning(state, *_OS_ERRORS[exc.errno])
    text = exc.strerror or type(exc).__name__
    return Meaning(OutcomeState.UNREACHABLE, f"the network failed: {text}", "check our own network")
