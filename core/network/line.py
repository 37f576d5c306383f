"""One call to a peer: the association from handshake to release, its events, its time limits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from core import model
from core.events import (
    AssociationEnded,
    AssociationOpened,
    AssociationRejected,
    EventBus,
    MessageHandled,
)
from core.network import command, connect, outcomes
from core.network.association import Association, Context, Message, next_id
from core.network.command import Verb
from core.network.connect import SLICE, Stop
from core.network.contexts import Offer
from core.network.faults import EndedHereError, LinkError, NoContextError, ProtocolError
from core.network.mapped import DataSet
from core.network.registry import Registry
from core.settings import Settings

CANCEL_PATIENCE = 10.0
"""Seconds a peer has to end its answers after a C-CANCEL."""
_LAST_ANSWER = 2.0
_RELEASE_PATIENCE = 5.0
IsAlive = Callable[[], bool]
Takes = Callable[[Message], bool]


class Dial(Protocol):
    """Opens a line to the peer of a call, with these presentation contexts offered."""

    def __call__(self, offers: Sequence[Offer], /) -> AbstractContextManager[Line]:
        """Associate; the context manager releases at its end."""


class Line:
    """An open association with a peer, for one thread that asks and waits for answers."""

    def __init__(
        self,
        association: Association,
        peer: model.Modality,
        settings: Settings,
        events: EventBus,
        cancel: threading.Event | None,
    ) -> None:
        self.association = association
        self.peer = peer
        self._settings = settings
        self._events = events
        self._cancel = cancel
        self._asked = time.monotonic()
        self._cancel_sent = 0.0
        self._cancel_patience = CANCEL_PATIENCE
        self._cancel_seen = 0.0
        if cancel is not None:
            association.hurry_when(cancel.is_set)

    def context_for(self, *sop_classes: str) -> Context:
        """The first accepted context for one of `sop_classes`."""
        for context in self.association.contexts.values():
            if context.abstract_syntax in sop_classes:
                return context
        refused = self.association.refused
        raise NoContextError(tuple(r for uid, r in refused if uid in sop_classes))

    def seconds(self) -> float:
        """Since the last request was sent."""
        return time.monotonic() - self._asked

    def ask(self, context: Context, commands: bytes, data: DataSet | None) -> None:
        """Send a request; raises EndedHereError where it is cancelled in the middle."""
        self._asked = time.monotonic()
        self._cancel_sent = 0.0
        self.association.send(context, commands, data, stop=lambda: self.cancelled)

    @property
    def cancelled(self) -> bool:
        """Whether the caller wants no more."""
        return self._cancel is not None and self._cancel.is_set()

    def stopped(self) -> bool:
        """Whether the caller wants no more, or this association is told to end."""
        return self.cancelled or bool(self.association.ended)

    def send_cancel(self, context: Context, message_id: int, patience: float = 0.0) -> None:
        """Ask the peer once to stop answering; it has `patience` seconds, or CANCEL_PATIENCE."""
        if not self._cancel_sent:
            self._cancel_sent = time.monotonic()
            self._cancel_patience = patience or CANCEL_PATIENCE
            self.association.send(context, command.cancel(message_id))

    def await_answer(
        self,
        verb: Verb,
        context: Context,
        message_id: int,
        *,
        cancels: bool = False,
        is_alive: IsAlive | None = None,
        takes: Takes | None = None,
    ) -> Message:
        """Wait for the next response to a request; raises a LinkError.

        Where `cancels`, a request of the caller to cancel goes to the peer as C-CANCEL, and a peer
        that goes on regardless is given up after CANCEL_PATIENCE; else the association is ended
        where no answer comes within _LAST_ANSWER, so that what was done is known to be done.
        `is_alive` is asked when the time limit is over: True grants the same time again. `takes`
        is shown what else comes: True says that it was a request, and is answered.
        """
        while True:
            message = self.await_message(context, message_id, cancels=cancels, is_alive=is_alive)
            if takes is None or message.command.verb == verb or not takes(message):
                return self.check_answer(message, verb, message_id)

    def await_message(
        self,
        context: Context,
        message_id: int,
        *,
        cancels: bool = False,
        is_alive: IsAlive | None = None,
    ) -> Message:
        """Wait for whatever the peer says next while it answers a request; see await_answer."""
        limit = self._settings.station.dimse_timeout
        deadline = time.monotonic() + limit
        while not self.association.readable(self._next_look(deadline)):
            self._look_after_cancel(context, message_id, cancels=cancels)
            if time.monotonic() > deadline:
                if is_alive is None or not is_alive():
                    break
                deadline = time.monotonic() + limit
        if cancels:  # answers may come so fast that nobody looked meanwhile
            self._look_after_cancel(context, message_id, cancels=True)
        return self.association.receive(max(0.0, deadline - time.monotonic()))

    @staticmethod
    def check_answer(message: Message, verb: Verb, message_id: int) -> Message:
        """The message, where it is the response awaited; raises ProtocolError."""
        if message.command.verb != verb:
            raise ProtocolError(f"an unexpected message 0x{message.command.verb:04X}")
        if message.command.responds_to not in (message_id, None):
            raise ProtocolError("an answer to another message than ours")
        return message

    def _next_look(self, deadline: float) -> float:
        left = deadline - time.monotonic()
        return min(SLICE, left) if self._cancel is not None or self._cancel_sent else left

    def _look_after_cancel(self, context: Context, message_id: int, *, cancels: bool) -> None:
        if self._cancel_sent and time.monotonic() > self._cancel_sent + self._cancel_patience:
            raise EndedHereError("the peer went on after it was told to stop, and was cut off")
        if not self.cancelled:
            return
        if cancels:
            self.send_cancel(context, message_id)
            return
        self._cancel_seen = self._cancel_seen or time.monotonic()
        if time.monotonic() > self._cancel_seen + _LAST_ANSWER:
            raise EndedHereError("cancelled")

    def outcome(self, service: str, message: Message) -> model.Outcome:
        """The outcome that a final response tells; published as the end of the exchange."""
        result = outcomes.from_response(service, message.command, self.seconds())
        self._events.publish(
            MessageHandled(
                association_id=self.association.about.id,
                peer=self.peer.ae_title,
                operation=service,
                status=message.command.status,
                meaning=result.meaning,
                seconds=result.seconds,
                outgoing=True,
                advice=result.advice,
            )
        )
        return result


@contextmanager
def open_line(
    peer: model.Modality,
    offers: Sequence[Offer],
    settings: Settings,
    events: EventBus,
    registry: Registry,
    cancel: threading.Event | None,
    stop: Stop,
) -> Iterator[Line]:
    """Associate with `peer`, and release (or, where something failed, abort) at the end."""
    association = _open(peer, offers, settings, events, stop)
    about = association.about
    registry.add(association)
    reason = "released"
    try:
        if stop():  # a close that came before the registry knew of this one
            raise EndedHereError("cancelled")
        yield Line(association, peer, settings, events, cancel)
        association.release(_RELEASE_PATIENCE)
    except NoContextError:
        association.release(_RELEASE_PATIENCE)
        raise
    except LinkError as exc:
        reason = association.close(exc)
        raise
    except BaseException:
        reason = association.close(EndedHereError("given up by the caller"))
        raise
    finally:
        registry.remove(association)
        events.publish(AssociationEnded(association=about, reason=reason))


def _open(
    peer: model.Modality,
    offers: Sequence[Offer],
    settings: Settings,
    events: EventBus,
    stop: Stop,
) -> Association:
    """Associate, and tell what came of it."""
    address = f"{peer.host}:{peer.port}"
    about = model.Association(
        id=next_id(),
        outgoing=True,
        peer=peer.ae_title,
        address=address,
        since=time.time(),
        calling=settings.station.ae_title,
        called=peer.ae_title,
    )
    try:
        association, proposed = connect.open_association(
            about, peer, offers, settings.station, stop
        )
    except LinkError as exc:
        outcome = outcomes.from_fault(exc, 0.0)
        events.publish(
            AssociationRejected(
                address=address,
                calling=settings.station.ae_title,
                called=peer.ae_title,
                reason=outcome.meaning,
                outgoing=True,
                advice=outcome.advice,
            )
        )
        raise
    events.publish(AssociationOpened(association=association.about, contexts=proposed))
    return association
