"""C-GET as SCU: the objects come on the association that asks for them, PS3.4 C.4.3."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace
from pydicom import Dataset

from core.archive.files import is_valid_uid
from core.events import EventBus, MessageHandled
from core.model import (
    Counters,
    Level,
    Match,
    Modality,
    MoveResponse,
    Outcome,
    OutcomeState,
    Query,
    Ref,
    Root,
    Stored,
)
from core.network import (
    command,
    contexts,
    finding,
    identifier,
    moving,
    outcomes,
    queries,
    retrieving,
    status,
)
from core.network.association import Message
from core.network.command import Verb
from core.network.contexts import NATIVE, Offer
from core.network.faults import LinkError
from core.network.line import Dial, Line
from core.network.ports import Taker
from core.network.services import call, store
from core.settings import Settings

_MESSAGE_ID = 1
_HOPELESS = (
    OutcomeState.UNREACHABLE,
    OutcomeState.REJECTED,
    OutcomeState.TIMEOUT,
    OutcomeState.CANCELLED,
)


class Request(Struct, frozen=True):
    """What to ask for: reference, model, identifier, and the SOP classes it has, if known."""

    ref: Ref
    root: Root
    ds: Dataset
    sop_classes: tuple[str, ...] = ()


class Keeping(Struct, frozen=True):
    """What the station does with objects that come."""

    taker: Taker
    settings: Settings
    events: EventBus


def get(
    dial: Dial, peer: Modality, request: Request, keeping: Keeping
) -> Iterator[MoveResponse | Stored]:
    """What comes, and the responses of the peer; the last one has the outcome."""
    start = time.monotonic()
    sop_classes: Sequence[str] = request.sop_classes
    if not sop_classes:
        sop_classes, outcome = _classes_in_study(dial, peer, request.ref)
        if outcome is not None:
            yield MoveResponse(counters=Counters(), outcome=outcome)
            return
    last = MoveResponse(counters=Counters())
    # They are the peer's word: what is no UID cannot be proposed.
    sop_classes = [uid for uid in sop_classes if is_valid_uid(uid)]
    offers = [Offer(contexts.GET[request.root], NATIVE), *retrieving.offers(sop_classes)]
    try:
        with dial(offers) as line:
            for item in _ask(line, request, keeping):
                if isinstance(item, Stored) or item.outcome is None:
                    yield item
                if isinstance(item, MoveResponse):
                    last = item
    except LinkError as exc:
        last = replace(last, outcome=outcomes.from_fault(exc, time.monotonic() - start))
    yield last


def _classes_in_study(
    dial: Dial, peer: Modality, ref: Ref
) -> tuple[tuple[str, ...], Outcome | None]:
    """The SOP classes that the peer says there are, empty where it does not tell.

    The outcome is there where it makes no sense to go on.
    """
    keys = {"StudyInstanceUID": ref.study_uid, "SOPClassesInStudy": ""}
    if ref.level is Level.PATIENT:
        keys["PatientID"] = ref.patient_id
    elif not ref.study_uid:
        return (), None
    query = Query(level=Level.STUDY, keys=keys)
    found: dict[str, None] = {}
    silent = False
    for answer in finding.find(dial, peer, query, queries.for_query(query)):
        if isinstance(answer, Match):
            uids = answer.values.get("SOPClassesInStudy", "").split("\\")
            silent = silent or not any(uids)
            found.update(dict.fromkeys(uid for uid in uids if uid))
        elif answer.state in _HOPELESS:
            return (), answer
    return (() if silent else tuple(found)), None


def _ask(
    line: Line, request: Request, keeping: Keeping
) -> Generator[MoveResponse | Stored, None, None]:
    sop_class = contexts.GET[request.root]
    context = line.context_for(sop_class)
    fields = command.request(Verb.C_GET_RQ, _MESSAGE_ID, sop_class, data_set=True)
    data = identifier.encode(request.ds, context.transfer_syntax)
    line.ask(context, command.encode(fields), data)
    while True:
        message = line.await_message(context, _MESSAGE_ID, cancels=True)
        if message.command.verb == Verb.C_STORE_RQ:
            stored = _take(line, message, keeping)
            if stored is not None:
                yield stored
            continue
        answer = line.check_answer(message, Verb.C_GET_RSP, _MESSAGE_ID)
        if answer.command.status in moving.PENDING:
            line.association.skip_data(answer)
            yield MoveResponse(counters=moving.counters_of(answer))
            continue
        uids = moving.failed_uids(line.association.read_data(answer, moving.MAX_LIST), answer)
        yield MoveResponse(
            counters=moving.counters_of(answer),
            failed_uids=uids,
            outcome=line.outcome("C-GET", answer),
        )
        return


def _take(line: Line, message: Message, keeping: Keeping) -> Stored | None:
    """Answer one sub-operation as the listener would, and tell of it."""
    start = time.monotonic()
    request = call.Request(
        association=line.association,
        message=message,
        settings=keeping.settings,
        taker=keeping.taker,
        events=keeping.events,
    )
    code, stored = store.store_object(request)
    meaning = status.for_answer("C-STORE", code)
    keeping.events.publish(
        MessageHandled(
            association_id=line.association.about.id,
            peer=line.peer.ae_title,
            operation="C-STORE",
            status=code,
            meaning=meaning.text,
            advice=meaning.advice,
            seconds=time.monotonic() - start,
        )
    )
    return stored
