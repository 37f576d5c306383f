"""C-FIND as SCU, PS3.4 C.4.1: matches are handed on as they arrive."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

from msgspec.structs import replace
from pydicom import Dataset

from core.model import Match, Modality, Outcome, OutcomeState, Query, Root
from core.network import command, contexts, identifier, matches, outcomes, status
from core.network.association import Context, Message
from core.network.command import Verb
from core.network.contexts import NATIVE, Offer
from core.network.faults import LinkError
from core.network.line import Dial, Line

_MESSAGE_ID = 1
_PENDING = (status.PENDING, status.PENDING_WARNING)


def find(dial: Dial, peer: Modality, query: Query, ds: Dataset) -> Iterator[Match | Outcome]:
    """The matches of `ds`, and as the last item how it ended."""
    start = time.monotonic()
    try:
        with dial([Offer(_sop_class(query), NATIVE)]) as line:
            outcome = yield from _ask(line, peer, query, ds)
    except LinkError as exc:
        outcome = outcomes.from_fault(exc, time.monotonic() - start)
    yield outcome


def _sop_class(query: Query) -> str:
    return contexts.WORKLIST if query.root is Root.WORKLIST else contexts.FIND[query.root]


def _ask(line: Line, peer: Modality, query: Query, ds: Dataset) -> Generator[Match, None, Outcome]:
    sop_class = _sop_class(query)
    context = line.context_for(sop_class)
    fields = command.request(Verb.C_FIND_RQ, _MESSAGE_ID, sop_class, data_set=True)
    data = identifier.encode(ds, context.transfer_syntax)
    line.ask(context, command.encode(fields), data)
    count = 0
    while True:
        answer = line.await_answer(Verb.C_FIND_RSP, context, _MESSAGE_ID, cancels=True)
        if answer.command.status not in _PENDING:
            line.association.skip_data(answer)
            return _ended(line.outcome("C-FIND", answer), query, count)
        match = _read(line, answer, context, query, peer)
        # What still comes after a C-CANCEL is nobody's any more.
        if match is None or line.cancelled or (query.limit and count >= query.limit):
            continue
        count += 1
        yield match
        if count == query.limit:
            line.send_cancel(context, _MESSAGE_ID)


def _read(
    line: Line, answer: Message, context: Context, query: Query, peer: Modality
) -> Match | None:
    data = line.association.read_data(answer, identifier.MAX_IDENTIFIER)
    if not data:
        return None
    return matches.read(
        data,
        context.transfer_syntax,
        query.level,
        peer.name or peer.ae_title,
        partial=answer.command.status == status.PENDING_WARNING,
    )


def _ended(outcome: Outcome, query: Query, count: int) -> Outcome:
    """The outcome for the caller: a cancel that a limit caused is a success with a warning."""
    if outcome.state is OutcomeState.CANCELLED and query.limit and count >= query.limit:
        return replace(
            outcome,
            state=OutcomeState.WARNING,
            meaning=f"stopped at the limit of {query.limit} matches; there are more",
            advice="narrow the query, or raise the limit",
        )
    return outcome
