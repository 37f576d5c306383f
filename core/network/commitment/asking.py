"""Storage commitment as SCU: N-ACTION, and the wait for the report, PS3.4 J.3.2 and J.3.3."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from core.errors import UsageError
from core.events import EventBus, MessageHandled
from core.model import Outcome, OutcomeState
from core.network import outcomes, status
from core.network.association import Association, Message
from core.network.command import Verb
from core.network.commitment.awaited import Awaited, AwaitedReports
from core.network.commitment.messages import (
    MAX_MESSAGE,
    STORAGE_COMMITMENT,
    Reference,
    Report,
    Request,
    action_request,
    decode_report,
    encode_report,
    encode_request,
    new_transaction,
    report_request,
    response,
)
from core.network.contexts import NATIVE, Offer
from core.network.faults import LinkError, ProtocolError
from core.network.line import Dial, Line, Takes

_MESSAGE_ID = 1
_SLICE = 0.1
_BEGUN = 10.0  # seconds for a message whose first byte is there
_INVALID_ARGUMENT = 0x0115
_NOT_THE_SERVICE = 0x0118

NO_REPORT = (
    "the peer took the request, and no report came",
    "it may report later, or to an address of ours that it knows otherwise: our AE title, host and "
    "port must be registered there; then retry",
)


class Patience(Struct, frozen=True):
    """Seconds to wait for a report: on the association of the request, and in all."""

    here: float
    in_all: float


class Answer(Struct, frozen=True):
    """How it ended, and what the report says of each object asked for."""

    outcome: Outcome
    asked: bool = False
    """The peer took the request."""
    committed: tuple[str, ...] = ()
    failed: tuple[tuple[str, int | None], ...] = ()
    """SOP Instance UID and Failure Reason, None where the report says nothing of the object."""


def commit(
    dial: Dial,
    references: tuple[Reference, ...],
    reports: AwaitedReports,
    events: EventBus,
    patience: Patience,
    stop: Callable[[], bool],
) -> Answer:
    """Ask a peer to commit to objects, and wait for its report wherever that comes in."""
    start = time.monotonic()
    request = Request(new_transaction(), references)
    with reports.awaiting(request.transaction_uid) as awaited:
        outcome = _ask(dial, request, awaited, reports, events, patience, stop)
        if not outcome.ok:
            return Answer(outcome)
        deadline = start + patience.in_all
        while not awaited.wait(min(_SLICE, deadline - time.monotonic())):
            if stop():
                return Answer(
                    Outcome(state=OutcomeState.CANCELLED, meaning="cancelled"), asked=True
                )
            if time.monotonic() > deadline:
                meaning, advice = NO_REPORT
                late = Outcome(state=OutcomeState.TIMEOUT, meaning=meaning, advice=advice)
                return Answer(late, asked=True)
    return _read(outcome, request, awaited.report or Report(request.transaction_uid))


def _read(outcome: Outcome, request: Request, report: Report) -> Answer:
    """Hold the report against what was asked for, object by object."""
    refused = {one.reference.sop_instance_uid: one.reason for one in report.failed}
    said = {reference.sop_instance_uid for reference in report.committed}
    committed = []
    failed: list[tuple[str, int | None]] = []
    for reference in request.references:
        uid = reference.sop_instance_uid
        if uid in refused or uid not in said:
            failed.append((uid, refused.get(uid)))
        else:
            committed.append(uid)
    return Answer(outcome, asked=True, committed=tuple(committed), failed=tuple(failed))


def _ask(
    dial: Dial,
    request: Request,
    awaited: Awaited,
    reports: AwaitedReports,
    events: EventBus,
    patience: Patience,
    stop: Callable[[], bool],
) -> Outcome:
    """Send the request; where it is accepted, wait a while on the same association."""
    start = time.monotonic()
    outcome: Outcome | None = None
    try:
        with dial([Offer(STORAGE_COMMITMENT, NATIVE)]) as line:
            context = line.context_for(STORAGE_COMMITMENT)
            data = encode_request(request, context.transfer_syntax)
            line.ask(context, action_request(_MESSAGE_ID), data)

            def takes(message: Message) -> bool:
                """Some report before they answer."""
                return _is_report(line.association, message, reports, events)

            answer = line.await_answer(Verb.N_ACTION_RSP, context, _MESSAGE_ID, takes=takes)
            line.association.skip_data(answer)
            outcome = line.outcome("N-ACTION", answer)
            if outcome.ok:
                _listen_here(line.association, awaited, takes, patience.here, stop)
    except LinkError as exc:
        # Once the request is taken, the association may end as it likes.
        return outcome or outcomes.from_fault(exc, time.monotonic() - start)
    return outcome


def _is_report(
    association: Association, message: Message, reports: AwaitedReports, events: EventBus
) -> bool:
    if message.command.verb != Verb.N_EVENT_REPORT_RQ:
        return False
    take_report(association, message, reports, events)
    return True


def _listen_here(
    association: Association,
    awaited: Awaited,
    takes: Takes,
    seconds: float,
    stop: Callable[[], bool],
) -> None:
    deadline = time.monotonic() + seconds
    while not awaited.wait(0.0) and time.monotonic() < deadline and not stop():
        if not association.readable(_SLICE):
            continue
        message = association.receive(_BEGUN)
        if not takes(message):
            raise ProtocolError(f"an unexpected message 0x{message.command.verb:04X}")


def take_report(
    association: Association, message: Message, reports: AwaitedReports, events: EventBus | None
) -> int:
    """Answer an N-EVENT-REPORT, and hand it to whoever waits for it; the status."""
    start = time.monotonic()
    data = association.read_data(message, MAX_MESSAGE)
    code, comment = status.SUCCESS, ""
    if message.context.abstract_syntax != STORAGE_COMMITMENT:
        code, comment = _NOT_THE_SERVICE, "no storage commitment"
    else:
        try:
            report = decode_report(data, message.context.transfer_syntax)
            if not reports.take(report):
                code, comment = _INVALID_ARGUMENT, "nobody here waits for that transaction"
        except UsageError as exc:
            code, comment = _INVALID_ARGUMENT, exc.message
    association.send(message.context, response(message.command, code, comment))
    if events is not None:
        events.publish(
            MessageHandled(
                association_id=association.about.id,
                peer=association.about.peer,
                operation="N-EVENT-REPORT",
                status=code,
                meaning=comment or status.for_status("N-EVENT-REPORT", code).text,
                seconds=time.monotonic() - start,
            )
        )
    return code


def deliver(dial: Dial, report: Report, own_ae_title: str) -> Outcome:
    """Report on a new association, in which the roles are reversed: PS3.4 J.3.3, PS3.7 D.3.3.4."""
    start = time.monotonic()
    try:
        with dial([Offer(STORAGE_COMMITMENT, NATIVE, as_scp=True)]) as line:
            return _tell(line, report, own_ae_title)
    except LinkError as exc:
        return outcomes.from_fault(exc, time.monotonic() - start)


def _tell(line: Line, report: Report, own_ae_title: str) -> Outcome:
    context = line.context_for(STORAGE_COMMITMENT)
    data = encode_report(report, context.transfer_syntax, own_ae_title)
    line.ask(context, report_request(_MESSAGE_ID, report), data)
    answer = line.await_answer(Verb.N_EVENT_REPORT_RSP, context, _MESSAGE_ID)
    line.association.skip_data(answer)
    return line.outcome("N-EVENT-REPORT", answer)
