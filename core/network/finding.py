"""C-FIND as SCU, PS3.4 C.4.1: matches are handed on as they arrive."""

from __future__ import annotations

import time
from collections.abc import Iterator

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
_LIMIT_PATIENCE = 2.0
"""Seconds a peer has to end its answers where there are as many as were wanted."""
_PENDING = (status.PENDING, status.PENDING_WARNING)


def find(dial: Dial, peer: Modality, query: Query, ds: Dataset) -> Iterator[Match | Outcome]:
    """The matches of `ds`, and as the last item how it ended."""
    start = time.monotonic()
    count = 0
    try:
        with dial([Offer(_sop_class(query), NATIVE)]) as line:
            context = line.context_for(_sop_class(query))
            for item in _ask(line, context, peer, query, ds):
                if isinstance(item, Outcome):
                    outcome = item
                # What still comes after a C-CANCEL is nobody's any more.
                elif not (line.cancelled or _is_enough(query, count)):
                    yield item
                    count += 1
                    if _is_enough(query, count):
                        line.send_cancel(context, _MESSAGE_ID, _LIMIT_PATIENCE)
    except LinkError as exc:
        outcome = outcomes.from_fault(exc, time.monotonic() - start)
    yield _stopped(outcome, query.limit) if _is_enough(query, count) else outcome


def _sop_class(query: Query) -> str:
    return contexts.WORKLIST if query.root is Root.WORKLIST else contexts.FIND[query.root]


def _is_enough(query: Query, count: int) -> bool:
    return 0 < query.limit <= count


def _ask(
    line: Line, context: Context, peer: Modality, query: Query, ds: Dataset
) -> Iterator[Match | Outcome]:
    sop_class = context.abstract_syntax
    fields = command.request(Verb.C_FIND_RQ, _MESSAGE_ID, sop_class, data_set=True)
    data = identifier.encode(ds, context.transfer_syntax)
    line.ask(context, command.encode(fields), data)
    while True:
        answer = line.await_answer(Verb.C_FIND_RSP, context, _MESSAGE_ID, cancels=True)
        if answer.command.status not in _PENDING:
            line.association.skip_data(answer)
            yield line.outcome("C-FIND", answer)
            return
        match = _read(line, answer, context, query, peer)
        if match is not None:
            yield match


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


def _stopped(outcome: Outcome, limit: int) -> Outcome:
    """How a query ended that brought as many matches as were wanted: that is no failure."""
    if outcome.state is OutcomeState.OK:
        return outcome
    cancelled = outcome.state is OutcomeState.CANCELLED and outcome.status
    more = "there are more" if cancelled else outcome.meaning
    return replace(
        outcome,
        state=OutcomeState.WARNING,
        meaning=f"stopped at the limit of {limit} matches; {more}",
        advice="narrow the query, or raise the limit",
    )
