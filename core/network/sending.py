"""C-STORE as SCU: objects go from their files to the socket without a copy, PS3.4 annex B."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from msgspec import Struct

from core.archive.files import is_valid_uid
from core.errors import ConversionError, NotDicomError
from core.model import Instance, Outcome, OutcomeState, SendResult
from core.network import command, contexts, convert, outcomes, part10
from core.network.association import Association, Context
from core.network.command import Field, Verb
from core.network.contexts import Offer
from core.network.convert import Converter
from core.network.faults import EndedHereError, LinkError, NoContextError
from core.network.line import Dial
from core.network.mapped import DataSet
from core.network.part10 import ObjectFile
from core.network.ports import Exchange

NO_SUCH_CLASS, NO_COMMON_SYNTAX = 3, 4  # results of a presentation context, PS3.8 9.3.3.2
_CANCELLED = Outcome(state=OutcomeState.CANCELLED, meaning="cancelled before it was sent")
_GONE = outcomes.failed("it is no longer in the archive: deleted before its turn came")


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
        if not isinstance(item, _Item):
            yield item
        elif fault := _cannot_be_proposed(item):
            yield item.result(fault)
        else:
            items.append(item)
    while items:
        pairs = ((item.sop_class_uid, item.transfer_syntax_uid) for item in items)
        count, offers = next(contexts.storage_batches(pairs))
        yield from _send_batch(dial, offers, items[:count], originator, cancel, converter)
        items = items[count:]


def _of_instance(instance: Instance) -> _Item:
    return _Item(
        instance,
        instance.path,
        instance.size,
        instance.sop_class_uid,
        instance.sop_instance_uid,
        instance.transfer_syntax_uid,
    )


def _look_at(source: Instance | Path) -> _Item | SendResult:
    if isinstance(source, Instance):
        return _of_instance(source)
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


def _cannot_be_proposed(item: _Item) -> Outcome | None:
    """Why there is no presentation context for an object: it would be no valid request."""
    for what, uid in (
        ("SOP class", item.sop_class_uid),
        ("transfer syntax", item.transfer_syntax_uid),
    ):
        if not is_valid_uid(uid):
            return outcomes.failed(f"its {what} is no UID: {uid!r}", "the object is damaged")
    return None


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
        answered = False
        try:
            with dial(offers) as line:
                courier = _Courier(line, originator, converter)
                while rest and not line.cancelled:
                    result = courier.send(rest[0], rest[1] if len(rest) > 1 else None)
                    rest.popleft()
                    answered = True
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
    courier = _Courier(exchange, None, converter)
    items = [_of_instance(instance) for instance in instances]
    for item, following in zip_longest(items, items[1:]):
        yield courier.send(item, following)


class _Ready(Struct, frozen=True):
    """An object that only needs a Message ID to be sent."""

    context: Context
    fields: dict[Field, int | str]
    data: DataSet
    note: str = ""


class _Courier:
    """Sends objects on one association; while the peer has one, the next is made ready."""

    def __init__(
        self, exchange: Exchange, originator: tuple[str, int] | None, converter: Converter
    ) -> None:
        self._exchange = exchange
        self._originator = originator
        self._converter = converter
        self._number = 0
        self._ahead: tuple[_Item, _Ready | Outcome] | None = None
        self._contexts: dict[tuple[str, str], Context] = {}
        """By SOP class and transfer syntax of the object."""

    def send(self, item: _Item, following: _Item | None) -> SendResult:
        """Send one object and wait for its answer; LinkError where the association is over."""
        ready = self._take(item)
        if isinstance(ready, Outcome):
            return item.result(ready)
        exchange = self._exchange
        self._number = self._number % 0xFFFF + 1
        ready.fields[Field.MESSAGE_ID] = self._number
        exchange.ask(ready.context, command.encode(ready.fields), ready.data)
        if following is not None:
            self._look_ahead(following)
        answer = exchange.await_answer(Verb.C_STORE_RSP, ready.context, self._number)
        exchange.association.skip_data(answer)
        return item.result(exchange.outcome("C-STORE", answer), ready.note)

    def _take(self, item: _Item) -> _Ready | Outcome:
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] is item:
            return ahead[1]
        return self._make_ready(item, convert_too=True) or _CANCELLED

    def _look_ahead(self, item: _Item) -> None:
        """Make an object ready, but not where it is to be converted, which may take minutes."""
        if (ready := self._make_ready(item, convert_too=False)) is not None:
            self._ahead = item, ready

    def _make_ready(self, item: _Item, *, convert_too: bool) -> _Ready | Outcome | None:
        """An object to send, or why it cannot be; None where it is to be converted later."""
        try:
            found = part10.open_object(item.source)
            context = self._context(found)
            syntax = context.transfer_syntax
            if found.transfer_syntax_uid != syntax and not convert_too:
                return None
            data, note = self._converter.data(found, syntax, self._exchange.stopped)
        except FileNotFoundError as exc:
            return _GONE if isinstance(item.source, Instance) else _unreadable(exc)
        except (NotDicomError, OSError) as exc:
            return _unreadable(exc)
        except ConversionError as exc:
            cancelled = self._exchange.stopped()
            return _CANCELLED if cancelled else outcomes.failed(exc.message, exc.hint)
        except NoContextError as exc:
            return outcomes.from_fault(exc, 0.0)
        return _Ready(context, self._request(found), data, note)

    def _context(self, found: ObjectFile) -> Context:
        key = found.sop_class_uid, found.transfer_syntax_uid
        if key not in self._contexts:
            self._contexts[key] = _choose(self._exchange.association, found)
        return self._contexts[key]

    def _request(self, found: ObjectFile) -> dict[Field, int | str]:
        fields = command.request(Verb.C_STORE_RQ, 0, found.sop_class_uid, data_set=True)
        fields[Field.AFFECTED_SOP_INSTANCE_UID] = found.sop_instance_uid
        if self._originator is not None:
            fields[Field.MOVE_ORIGINATOR_AE_TITLE] = self._originator[0]
            fields[Field.MOVE_ORIGINATOR_MESSAGE_ID] = self._originator[1]
        return fields


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
