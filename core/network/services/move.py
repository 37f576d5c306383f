"""C-MOVE as SCP: the objects go to a third party on another association, PS3.4 C.4.2."""

from __future__ import annotations

import threading

from core.errors import ModalittyError, UsageError
from core.model import Modality
from core.network import contexts, identifier
from core.network.command import Field
from core.network.faults import LinkError
from core.network.services import retrieve
from core.network.services.call import Call

_UNKNOWN_DESTINATION = 0xA801


def answer_move(call: Call) -> int:
    """Send what is asked for to the destination, and tell how it goes."""
    data = call.association.read_data(call.message, identifier.MAX_IDENTIFIER)
    title = call.command.text(Field.MOVE_DESTINATION)
    destination = _destination(call, title)
    if destination is None:
        return call.answer(_UNKNOWN_DESTINATION, f"unknown destination {title[:32]}")
    try:
        contexts.require_title(destination.ae_title)
        instances = retrieve.select(call, data)
    except UsageError as exc:
        return call.answer(retrieve.DOES_NOT_FIT, exc.message)
    except LinkError:
        raise
    except ModalittyError as exc:
        return call.answer(retrieve.CANNOT_PROCESS, exc.message)
    cancel = threading.Event()
    originator = (call.caller, call.command.message_id)
    results = call.sender.store(destination, instances, originator=originator, cancel=cancel)
    return retrieve.perform(call, len(instances), results, cancel)


def _destination(call: Call, title: str) -> Modality | None:
    known = call.settings.modalities.values()
    return next((m for m in known if title and m.ae_title.strip() == title), None)
