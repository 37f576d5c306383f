"""C-MOVE as SCU, PS3.4 C.4.2."""

from __future__ import annotations

import time
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace
from pydicom import Dataset

from core.errors import UsageError
from core.model import Counters, MoveResponse, Root
from core.network import command, contexts, identifier, outcomes, status
from core.network.association import Message
from core.network.command import Field, Verb
from core.network.contexts import NATIVE, Offer
from core.network.faults import LinkError
from core.network.line import Dial, IsAlive, Line

PENDING = (status.PENDING, status.PENDING_WARNING)
MAX_LIST = 16 << 20  # a Failed SOP Instance UID List of 250,000 objects


class Request(Struct, frozen=True):
    """What to ask: model, identifier, destination AE title, Message ID, and who knows of life."""

    root: Root
    ds: Dataset
    destination: str
    message_id: int
    is_alive: IsAlive | None = None


def move(dial: Dial, request: Request) -> Iterator[MoveResponse]:
    """The responses of the peer; the last one has the outcome."""
    start = time.monotonic()
    last = MoveResponse(counters=Counters())
    try:
        with dial([Offer(contexts.MOVE[request.root], NATIVE)]) as line:
            for last in _ask(line, request):
                if last.outcome is None:
                    yield last
    except LinkError as exc:
        last = replace(last, outcome=outcomes.from_fault(exc, time.monotonic() - start))
    yield last


def _ask(line: Line, request: Request) -> Iterator[MoveResponse]:
    sop_class = contexts.MOVE[request.root]
    context = line.context_for(sop_class)
    fields = command.request(Verb.C_MOVE_RQ, request.message_id, sop_class, data_set=True)
    fields[Field.MOVE_DESTINATION] = request.destination
    data = identifier.encode(request.ds, context.transfer_syntax)
    line.ask(context, command.encode(fields), data)
    while True:
        answer = line.await_answer(
            Verb.C_MOVE_RSP, context, request.message_id, cancels=True, is_alive=request.is_alive
        )
        if answer.command.status in PENDING:
            line.association.skip_data(answer)
            yield MoveResponse(counters=counters_of(answer))
            continue
        yield MoveResponse(
            counters=counters_of(answer),
            failed_uids=failed_uids(line.association.read_data(answer, MAX_LIST), answer),
            outcome=line.outcome("C-MOVE", answer),
        )
        return


def counters_of(answer: Message) -> Counters:
    """Sub-operation counters of a response, PS3.7 9.1.4."""
    number = answer.command.number
    return Counters(
        remaining=number(Field.REMAINING),
        completed=number(Field.COMPLETED),
        failed=number(Field.FAILED),
        warnings=number(Field.WARNING),
    )


def failed_uids(data: bytes, answer: Message) -> tuple[str, ...]:
    """Failed SOP Instance UID List (0008,0058), empty where the identifier has none."""
    try:
        ds = identifier.decode(data, answer.context.transfer_syntax)
    except UsageError:
        return ()
    # As bytes: what is no UID is not worth a warning, and no reason to lose the outcome.
    raw = (
        getattr(ds.get_item(identifier.FAILED_UIDS), "value", None)
        if identifier.FAILED_UIDS in ds
        else None
    )
    text = raw.decode("latin-1") if isinstance(raw, bytes) else ""
    return tuple(uid for part in text.split("\\") if (uid := part.strip(" \0")))
