"""How an exchange with a peer ended, as an :class:`core.model.Outcome` in words."""

from __future__ import annotations

from core.model import Outcome, OutcomeState
from core.network import status
from core.network.command import Command, Field
from core.network.faults import (
    AbortedError,
    ConnectError,
    EndedHereError,
    LinkError,
    LostError,
    NoContextError,
    ProtocolError,
    RejectedError,
    ReleasedError,
    SilenceError,
    TlsError,
    TooLargeError,
    UnansweredError,
)
from core.network.status import Meaning


def from_response(service: str, response: Command, seconds: float) -> Outcome:
    """The outcome that a final DIMSE response tells, with the peer's comment; PS3.7 annex C."""
    meaning = status.for_status(service, response.status)
    return Outcome(
        state=meaning.state,
        meaning=meaning.text,
        advice=meaning.advice,
        status=response.status,
        comment=response.text(Field.ERROR_COMMENT),
        offending=response.tags(Field.OFFENDING_ELEMENT),
        seconds=seconds,
    )


def from_fault(fault: LinkError, seconds: float) -> Outcome:
    """The outcome of an exchange that `fault` ended."""
    meaning = _meaning(fault)
    return Outcome(
        state=meaning.state, meaning=meaning.text, advice=meaning.advice, seconds=seconds
    )


def failed(meaning: str, advice: str = "", *, seconds: float = 0.0) -> Outcome:
    """The outcome of something that could not be done for a reason of our own."""
    return Outcome(state=OutcomeState.FAILED, meaning=meaning, advice=advice, seconds=seconds)


def _meaning(fault: LinkError) -> Meaning:  # noqa: C901  one line for each kind
    if isinstance(fault, ConnectError):
        return status.for_oserror(fault.cause)
    if isinstance(fault, TlsError):
        return status.for_tls(fault.fault, fault.message)
    if isinstance(fault, RejectedError):
        return status.for_rejection(fault.result, fault.source, fault.reason)
    if isinstance(fault, NoContextError):
        return status.for_contexts(fault.results)
    if isinstance(fault, AbortedError):
        return status.for_abort(fault.source, fault.reason)
    if isinstance(fault, LostError):
        return status.for_oserror(fault.cause) if fault.cause else status.CLOSED
    if isinstance(fault, UnansweredError):
        return status.NO_ASSOCIATION_ANSWER
    if isinstance(fault, SilenceError):
        return status.NO_MESSAGE_ANSWER
    if isinstance(fault, TooLargeError):
        return Meaning(OutcomeState.FAILED, fault.message, "raise station.max_object_mib")
    if isinstance(fault, EndedHereError):
        return Meaning(OutcomeState.CANCELLED, fault.message)
    if isinstance(fault, ReleasedError):
        return Meaning(
            OutcomeState.ABORTED,
            "the peer released the association before it answered",
            "look into the peer's log",
        )
    if isinstance(fault, ProtocolError):
        return Meaning(
            OutcomeState.ABORTED,
            f"the peer broke the protocol: {fault.message}",
            "no DICOM peer, TLS, or an interoperability fault: look at the traffic",
        )
    return Meaning(OutcomeState.ABORTED, fault.message)
