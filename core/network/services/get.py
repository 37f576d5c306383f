"""C-GET as SCP: the objects go to the requestor on the same association, PS3.4 C.4.3."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

from core.errors import ModalittyError, UsageError
from core.events import MessageHandled
from core.model import Outcome, SendResult
from core.network import identifier, outcomes
from core.network.association import Context, Message
from core.network.command import Verb
from core.network.faults import LinkError, ProtocolError, Reason
from core.network.mapped import DataSet
from core.network.services import retrieve
from core.network.services.call import Call


def answer_get(call: Call) -> int:
    """Send what is asked for on the contexts that the requestor is the SCP on."""
    data = call.association.read_data(call.message, identifier.MAX_IDENTIFIER)
    try:
        instances = retrieve.select(call, data)
    except UsageError as exc:
        return call.answer(retrieve.DOES_NOT_FIT, exc.message)
    except LinkError:
        raise
    except ModalittyError as exc:
        return call.answer(retrieve.CANNOT_PROCESS, exc.message)
    cancel = threading.Event()
    results = call.sender.store_on(SubOperations(call, cancel), instances)
    return retrieve.perform(call, len(instances), _until(cancel, results), cancel)


def _until(
    cancel: threading.Event, results: Generator[SendResult, None, None]
) -> Generator[SendResult, None, None]:
    for result in results:
        yield result
        if cancel.is_set():
            return


class SubOperations:
    """C-STORE requests of ours on the association of a C-GET, whose C-CANCEL may come between."""

    def __init__(self, call: Call, cancel: threading.Event) -> None:
        self.association = call.association
        self._call = call
        self._cancel = cancel
        self._asked = time.monotonic()

    def ask(self, context: Context, commands: bytes, data: DataSet | None, /) -> None:
        """Send a request."""
        self._asked = time.monotonic()
        self.association.send(context, commands, data)

    def await_answer(self, verb: Verb, context: Context, message_id: int, /) -> Message:
        """Wait for the response to it; raises LinkError."""
        patience = self._call.settings.station.dimse_timeout
        while True:
            message = self.association.receive(patience)
            found = message.command
            if self.association.takes(message):
                continue
            if found.verb == Verb.C_CANCEL_RQ:
                if found.responds_to == self._call.command.message_id:
                    self._cancel.set()
                continue
            if found.verb != verb:
                raise ProtocolError("a request while another is answered", Reason.UNEXPECTED_PDU)
            elsewhere = message.context.id != context.id
            if elsewhere or found.responds_to not in (message_id, None):
                raise ProtocolError("an answer to another message than ours")
            return message

    def stopped(self) -> bool:
        """Whether a C-CANCEL has come; raises LinkError where the requestor has gone."""
        request = self._call.command.message_id
        if not self._cancel.is_set() and self.association.cancelled(request):
            self._cancel.set()
        return self._cancel.is_set()

    def outcome(self, service: str, message: Message, /) -> Outcome:
        """What a response tells; published as the end of the exchange."""
        result = outcomes.from_response(service, message.command, time.monotonic() - self._asked)
        self._call.events.publish(
            MessageHandled(
                association_id=self.association.about.id,
                peer=self._call.caller,
                operation=service,
                status=message.command.status,
                meaning=result.meaning,
                seconds=result.seconds,
                outgoing=True,
                advice=result.advice,
            )
        )
        return result
