"""An accepted association from its first message to its end: each request goes to its service."""

from __future__ import annotations

import logging
import time

from core.events import EventBus, MessageHandled
from core.model import Operation
from core.network import contexts, negotiation, status
from core.network.aside import AwaitedObjects
from core.network.association import Association, Message
from core.network.command import RESPONSE, Field, Verb
from core.network.commitment.returning import Returning
from core.network.faults import EndedHereError, LinkError, ProtocolError, Reason, TooLargeError
from core.network.ports import Archive, Sender, SettingsSource, Taker
from core.network.services.call import (
    NOT_AUTHORISED,
    SOP_CLASS_NOT_SUPPORTED,
    UNRECOGNISED_OPERATION,
    Call,
    Commitment,
    Service,
)
from core.network.services.commit import answer_commit, answer_report
from core.network.services.echo import answer_echo
from core.network.services.find import answer_find
from core.network.services.get import answer_get
from core.network.services.move import answer_move
from core.network.services.store import answer_store

log = logging.getLogger(__name__)

_SERVICES: dict[int, tuple[str, Operation, Service]] = {
    Verb.C_ECHO_RQ: ("C-ECHO", Operation.ECHO, answer_echo),
    Verb.C_STORE_RQ: ("C-STORE", Operation.STORE, answer_store),
    Verb.C_FIND_RQ: ("C-FIND", Operation.FIND, answer_find),
    Verb.C_MOVE_RQ: ("C-MOVE", Operation.MOVE, answer_move),
    Verb.C_GET_RQ: ("C-GET", Operation.GET, answer_get),
    Verb.N_ACTION_RQ: ("N-ACTION", Operation.COMMIT, answer_commit),
    Verb.N_EVENT_REPORT_RQ: ("N-EVENT-REPORT", Operation.COMMIT, answer_report),
}


class Provider:
    """Answers the requests of associations, each in the thread that calls :meth:`serve`."""

    def __init__(
        self,
        store: SettingsSource,
        archive: Archive,
        events: EventBus,
        sender: Sender,
        commitment: Commitment,
        aside: AwaitedObjects,
    ) -> None:
        self._store = store
        self._archive = archive
        self._events = events
        self._sender = sender
        self._commitment = commitment
        self._aside = aside

    def serve(self, association: Association) -> str:
        """Answer until the association is over and closed; returns how it ended, in words."""
        returning = Returning(association, self._commitment.promises, self._store, self._events)
        has_stored = False
        try:
            while True:
                returning.while_quiet()
                message = association.receive(self._store.current.station.network_timeout)
                # Before it is handled: an object may be held though nobody hears the answer.
                has_stored = has_stored or message.command.verb == Verb.C_STORE_RQ
                if not returning.takes(message):
                    self._handle(association, message)
        except LinkError as exc:
            if has_stored:
                # Before a release is answered: who has sent all may look for the files.
                self._archive.catch_up()
            return association.close(exc)
        except Exception:
            log.exception("a request of %r could not be answered", association.about.peer)
            return association.close(EndedHereError("an internal fault: see the log"))
        finally:
            returning.over()

    def _handle(self, association: Association, message: Message) -> None:
        verb = message.command.verb
        if verb == Verb.C_CANCEL_RQ:
            return  # of a request that is answered already, PS3.7 9.3.2.3
        if verb & RESPONSE:
            raise ProtocolError("a response to nothing we asked", Reason.UNEXPECTED_PDU)
        start = time.monotonic()
        call = Call(
            association=association,
            message=message,
            settings=self._store.current,
            taker=self._taker(message),
            archive=self._archive,
            events=self._events,
            sender=self._sender,
            commitment=self._commitment,
        )
        name, code = self._answer(call)
        meaning = status.for_answer(name, code)
        self._events.publish(
            MessageHandled(
                association_id=association.about.id,
                peer=association.about.peer,
                operation=name,
                status=code,
                meaning=meaning.text,
                advice=meaning.advice,
                seconds=time.monotonic() - start,
            )
        )

    def _taker(self, message: Message) -> Taker:
        """Who is to have the object that a C-STORE brings: the archive, but for one awaited."""
        command = message.command
        if not self._aside.any or command.verb != Verb.C_STORE_RQ:
            return self._archive
        waits = self._aside.taker(
            command.text(Field.MOVE_ORIGINATOR_AE_TITLE),
            command.number(Field.MOVE_ORIGINATOR_MESSAGE_ID),
        )
        return waits or self._archive

    def _answer(self, call: Call) -> tuple[str, int]:
        """Name of the service and final status."""
        entry = _SERVICES.get(call.command.verb)
        if entry is None:
            name = f"0x{call.command.verb:04X}"
            return name, _turn_down(call, UNRECOGNISED_OPERATION)
        name, operation, service = entry
        if not _fits(call, operation):
            return name, _turn_down(call, SOP_CLASS_NOT_SUPPORTED)
        if not _may(call, operation):
            return name, _turn_down(call, NOT_AUTHORISED)
        return name, service(call)


def _fits(call: Call, operation: Operation) -> bool:
    """Whether a request belongs on its presentation context."""
    context = call.message.context
    if contexts.operation(context.abstract_syntax) is not operation:
        return False
    if operation is Operation.STORE and context.reversed:
        # Accepted for us to send on (C-GET), whatever we take ourselves.
        return negotiation.takes(context, call.settings.station.accept)
    return True


def _may(call: Call, operation: Operation) -> bool:
    if call.command.verb == Verb.N_EVENT_REPORT_RQ:
        return negotiation.may_report(call.settings, call.caller)
    return operation in (negotiation.allowed(call.settings, call.caller) or ())


def _turn_down(call: Call, code: int) -> int:
    """Refuse a request whose data set, if any, is still to be read, within the size of objects."""
    room = call.settings.station.max_object_mib << 20
    if call.command.has_data_set:
        for piece in call.association.data(call.message):
            room -= len(piece)
            if room < 0:
                raise TooLargeError("a message larger than max_object_mib")
    return call.answer(code)
