"""C-STORE as SCU: objects go from their files to the socket without a copy, PS3.4 annex B."""

from __future__ import annotations

import mmap
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from core.errors import NotDicomError
from core.model import Instance, Outcome, OutcomeState, SendResult
from core.network import command, contexts, convert, outcomes, part10
from core.network.association import Context
from core.network.command import Field, Verb
from core.network.contexts import NATIVE, Offer
from core.network.faults import EndedHereError, LinkError, NoContextError
from core.network.line import Dial, Line
from core.network.part10 import ObjectFile

_CANCELLED = Outcome(state=OutcomeState.CANCELLED, meaning="cancelled before it was sent")


class _Item(Struct, frozen=True):
    """One object to send, as far as it is known before its turn."""

    source: Instance | Path
    path: str
    size: int
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str

    def result(self, outcome: Outcome) -> SendResult:
        return SendResult(
            sop_instance_uid=self.sop_instance_uid,
            path=self.path,
            size=self.size,
            outcome=outcome,
        )


def send(
    dial: Dial,
    sources: Iterable[Instance | Path],
    originator: tuple[str, int] | None,
    cancel: threading.Event | None,
) -> Generator[SendResult, None, None]:
    """Send objects, over as many associations as their SOP classes need; a result for each."""
    items: list[_Item] = []
    for source in sources:
        item = _look_at(source)
        if isinstance(item, _Item):
            items.append(item)
        else:
            yield item
    while items:
        pairs = ((item.sop_class_uid, item.transfer_syntax_uid) for item in items)
        count, offers = next(contexts.storage_batches(pairs))
        yield from _send_batch(dial, offers, items[:count], originator, cancel)
        items = items[count:]


def _look_at(source: Instance | Path) -> _Item | SendResult:
    if isinstance(source, Instance):
        return _Item(
            source,
            source.path,
            source.size,
            source.sop_class_uid,
            source.sop_instance_uid,
            source.transfer_syntax_uid,
        )
    try:
        found = part10.open_object(source)
    except (NotDicomError, OSError) as exc:
        return SendResult(sop_instance_uid="", path=str(source), size=0, outcome=_unreadable(exc))
    return _Item(
        source,
        found.path,
        found.size,
        found.sop_class_uid,
        found.sop_instance_uid,
        found.transfer_syntax_uid,
    )


def _unreadable(exc: NotDicomError | OSError) -> Outcome:
    if isinstance(exc, NotDicomError):
        return outcomes.failed(exc.message, exc.hint)
    return outcomes.failed(f"the file cannot be read: {exc.strerror or exc}")


def _send_batch(
    dial: Dial,
    offers: Sequence[Offer],
    items: list[_Item],
    originator: tuple[str, int] | None,
    cancel: threading.Event | None,
) -> Iterator[SendResult]:
    """Send what fits one association; where one object breaks it, go on in a new one."""
    rest = deque(items)
    while rest:
        if cancel is not None and cancel.is_set():
            yield from (item.result(_CANCELLED) for item in rest)
            return
        answered = 0
        try:
            with dial(offers) as line:
                while rest and not line.cancelled:
                    result = _send_one(line, rest[0], answered % 0xFFFF + 1, originator)
                    rest.popleft()
                    answered += 1
                    yield result
        except LinkError as exc:
            outcome = outcomes.from_fault(exc, 0.0)
            lost = 1 if answered and not isinstance(exc, EndedHereError) else len(rest)
            for _ in range(min(lost, len(rest))):
                yield rest.popleft().result(outcome)


def _send_one(
    line: Line, item: _Item, message_id: int, originator: tuple[str, int] | None
) -> SendResult:
    """Send one object and wait for its answer; raises LinkError where the association is over."""
    start = time.monotonic()
    try:
        found = part10.open_object(item.source)
        context, data = _choose(line, found)
    except (NotDicomError, OSError) as exc:
        return item.result(_unreadable(exc))
    except NoContextError as exc:
        return item.result(outcomes.from_fault(exc, time.monotonic() - start))
    fields = command.request(Verb.C_STORE_RQ, message_id, found.sop_class_uid, data_set=True)
    fields[Field.AFFECTED_SOP_INSTANCE_UID] = found.sop_instance_uid
    if originator is not None:
        fields[Field.MOVE_ORIGINATOR_AE_TITLE] = originator[0]
        fields[Field.MOVE_ORIGINATOR_MESSAGE_ID] = originator[1]
    line.ask(context, command.encode(fields), data)
    answer = line.await_answer(Verb.C_STORE_RSP, context, message_id)
    line.association.skip_data(answer)
    return item.result(line.outcome("C-STORE", answer))


def _choose(line: Line, found: ObjectFile) -> tuple[Context, memoryview]:
    """The context to send an object on, and its bytes in that context's transfer syntax.

    Raises NoContextError where the peer took no transfer syntax that the object can be had in.
    """
    accepted = {
        context.transfer_syntax: context
        for context in line.association.contexts.values()
        if context.abstract_syntax == found.sop_class_uid
    }
    own = accepted.get(found.transfer_syntax_uid)
    if own is not None:
        return own, _mapped(found)
    for syntax in NATIVE:
        if syntax in accepted and convert.is_possible(found.transfer_syntax_uid):
            return accepted[syntax], convert.to_native(found, syntax)
    refused = [r for uid, r in line.association.refused if uid == found.sop_class_uid]
    raise NoContextError(tuple(refused) or (4,))


def _mapped(found: ObjectFile) -> memoryview:
    """The data set of a file as a view that the kernel reads from; unmapped when it is let go.

    Nothing here looks into it: a file cut short meanwhile is an error of the send, and no SIGBUS.
    """
    with Path(found.path).open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))[found.offset :]
