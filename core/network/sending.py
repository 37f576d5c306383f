"""C-STORE as SCU: objects go from their files to the socket without a copy, PS3.4 annex B."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from core.errors import ConversionError, NotDicomError
from core.model import Instance, Outcome, OutcomeState, SendResult
from core.network import command, contexts, convert, outcomes, part10
from core.network.association import Association, Context
from core.network.command import Field, Verb
from core.network.contexts import Offer
from core.network.convert import Converter
from core.network.faults import EndedHereError, LinkError, NoContextError
from core.network.line import Dial
from core.network.part10 import ObjectFile
from core.network.ports import Exchange

NO_SUCH_CLASS, NO_COMMON_SYNTAX = 3, 4  # results of a presentation context, PS3.8 9.3.3.2
_CANCELLED = Outcome(state=OutcomeState.CANCELLED, meaning="cancelled before it was sent")


class _Item(Struct, frozen=True):
    """One object to send, as far as it is known before its turn."""

    source: Instance | Path
    path: str
    size: int
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str

    def result(self, outcome: Outcome, note: str = "") -> SendResult:
        return SendResult(
            sop_instance_uid=self.sop_instance_uid,
            path=self.path,
            size=self.size,
            outcome=outcome,
            note=note,
        )


def send(
    dial: Dial,
    sources: Iterable[Instance | Path],
    originator: tuple[str, int] | None,
    cancel: threading.Event | None,
    converter: Converter,
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
        yield from _send_batch(dial, offers, items[:count], originator, cancel, converter)
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
    converter: Converter,
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
                    number = answered % 0xFFFF + 1
                    result = _send_one(line, rest[0], number, originator, converter)
                    rest.popleft()
                    answered += 1
                    yield result
        except LinkError as exc:
            outcome = outcomes.from_fault(exc, 0.0)
            lost = 1 if answered and not isinstance(exc, EndedHereError) else len(rest)
            for _ in range(min(lost, len(rest))):
                yield rest.popleft().result(outcome)


def send_on(
    exchange: Exchange, instances: Iterable[Instance], converter: Converter
) -> Generator[SendResult, None, None]:
    """Send objects on an association that is open, as C-GET does: PS3.4 C.4.3.

    Only contexts on which the requestor is the SCP are used. Raises LinkError.
    """
    for number, instance in enumerate(instances):
        item = _look_at(instance)
        if isinstance(item, _Item):
            yield _send_one(exchange, item, number % 0xFFFF + 1, None, converter)
        else:
            yield item


def _send_one(
    exchange: Exchange,
    item: _Item,
    message_id: int,
    originator: tuple[str, int] | None,
    converter: Converter,
) -> SendResult:
    """Send one object and wait for its answer; raises LinkError where the association is over."""
    start = time.monotonic()
    try:
        found = part10.open_object(item.source)
        context = _choose(exchange.association, found)
        with converter.data(found, context.transfer_syntax) as (data, note):
            _ask(exchange, context, found, data, message_id, originator)
    except (NotDicomError, OSError) as exc:
        return item.result(_unreadable(exc))
    except ConversionError as exc:
        return item.result(outcomes.failed(exc.message, exc.hint))
    except NoContextError as exc:
        return item.result(outcomes.from_fault(exc, time.monotonic() - start))
    answer = exchange.await_answer(Verb.C_STORE_RSP, context, message_id)
    exchange.association.skip_data(answer)
    return item.result(exchange.outcome("C-STORE", answer), note)


def _ask(
    exchange: Exchange,
    context: Context,
    found: ObjectFile,
    data: memoryview,
    message_id: int,
    originator: tuple[str, int] | None,
) -> None:
    fields = command.request(Verb.C_STORE_RQ, message_id, found.sop_class_uid, data_set=True)
    fields[Field.AFFECTED_SOP_INSTANCE_UID] = found.sop_instance_uid
    if originator is not None:
        fields[Field.MOVE_ORIGINATOR_AE_TITLE] = originator[0]
        fields[Field.MOVE_ORIGINATOR_MESSAGE_ID] = originator[1]
    exchange.ask(context, command.encode(fields), data)


def _choose(association: Association, found: ObjectFile) -> Context:
    """The context to send an object on: its own transfer syntax, or one it can be had in.

    Raises NoContextError where the peer took none of these.
    """
    accepted = {
        context.transfer_syntax: context
        for context in association.contexts.values()
        if context.abstract_syntax == found.sop_class_uid and _may_ask(association, context)
    }
    for syntax in (found.transfer_syntax_uid, *contexts.NATIVE_ALL):
        if syntax in accepted and convert.is_possible(found.transfer_syntax_uid, syntax):
            return accepted[syntax]
    if accepted:
        raise NoContextError((NO_COMMON_SYNTAX,))
    refused = [r for uid, r in association.refused if uid == found.sop_class_uid]
    raise NoContextError(tuple(refused) or (NO_SUCH_CLASS,))


def _may_ask(association: Association, context: Context) -> bool:
    """Whether requests on a context come from us: as requestor, or by role selection."""
    return association.about.outgoing is not context.reversed
