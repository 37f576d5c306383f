"""C-MOVE as SCP: the objects go to a third party on another association, PS3.4 C.4.2."""

from __future__ import annotations

import threading
import time
from contextlib import closing

from pydicom import Dataset

from core.errors import ModalittyError, UsageError
from core.model import Instance, Modality, OutcomeState, SendResult
from core.network import command, contexts, identifier, status
from core.network.command import Field
from core.network.faults import LinkError
from core.network.services.call import SUCCESS, Call

_UNKNOWN_DESTINATION = 0xA801
_CANNOT_SEND = 0xA702
_DOES_NOT_FIT = 0xA900
_CANNOT_PROCESS = 0xC000
_SOME_FAILED = 0xB000
_PROGRESS_SECONDS = 0.1
_MAX_UI = 0xFFFE  # bytes of a UI value in explicit VR


class _Progress:
    """Sub-operation counters, PS3.7 9.1.4; 16 bits on the wire, so larger numbers are capped."""

    def __init__(self, total: int) -> None:
        self.remaining = total
        self.completed = 0
        self.warnings = 0
        self.failed: list[str] = []

    def count(self, result: SendResult) -> None:
        """Take the result of one sub-operation into account."""
        self.remaining -= 1
        if result.outcome.state is OutcomeState.OK:
            self.completed += 1
        elif result.outcome.state is OutcomeState.WARNING:
            self.warnings += 1
        else:
            self.failed.append(result.sop_instance_uid)

    def fields(self, *, with_remaining: bool) -> dict[Field, int]:
        """The counters as elements of a response."""
        numbers = {
            Field.COMPLETED: self.completed,
            Field.FAILED: len(self.failed),
            Field.WARNING: self.warnings,
        }
        if with_remaining:
            numbers[Field.REMAINING] = self.remaining
        return {field: min(number, 0xFFFF) for field, number in numbers.items()}

    def final_status(self) -> int:
        """The status when all is done, PS3.4 C.4.2.1.5."""
        if not self.failed and not self.warnings:
            return SUCCESS
        return _SOME_FAILED if self.completed or self.warnings else _CANNOT_SEND


def answer_move(call: Call) -> int:
    """Send what is asked for to the destination, and tell how it goes."""
    data = call.association.read_data(call.message, identifier.MAX_IDENTIFIER)
    title = call.command.text(Field.MOVE_DESTINATION)
    destination = _destination(call, title)
    if destination is None:
        return call.answer(_UNKNOWN_DESTINATION, f"unknown destination {title[:32]}")
    try:
        asked = identifier.decode(data, call.message.context.transfer_syntax)
        root = contexts.ROOTS[call.message.context.abstract_syntax]
        contexts.require_title(destination.ae_title)
        instances = call.archive.select(asked, root)
    except UsageError as exc:
        return call.answer(_DOES_NOT_FIT, exc.message)
    except LinkError:
        raise
    except ModalittyError as exc:
        return call.answer(_CANNOT_PROCESS, exc.message)
    return _transfer(call, destination, instances)


def _destination(call: Call, title: str) -> Modality | None:
    known = call.settings.modalities.values()
    return next((m for m in known if title and m.ae_title.strip() == title), None)


def _transfer(call: Call, destination: Modality, instances: list[Instance]) -> int:
    progress = _Progress(len(instances))
    originator = (call.caller, call.command.message_id)
    cancel = threading.Event()
    reported = time.monotonic()
    if instances:
        _report(call, progress)
    results = call.sender.store(destination, instances, originator=originator, cancel=cancel)
    # Closing the generator aborts a sub-operation whose requestor has gone.
    with closing(results):
        for result in results:
            if cancel.is_set():
                break
            progress.count(result)
            if call.association.cancelled(call.command.message_id):
                cancel.set()
            elif progress.remaining and time.monotonic() - reported > _PROGRESS_SECONDS:
                _report(call, progress)
                reported = time.monotonic()
    return _finish(call, progress, cancelled=cancel.is_set() and progress.remaining > 0)


def _report(call: Call, progress: _Progress) -> None:
    fields = command.response(call.command, status.PENDING)
    fields.update(progress.fields(with_remaining=True))
    call.association.send(call.message.context, command.encode(fields))


def _finish(call: Call, progress: _Progress, *, cancelled: bool) -> int:
    """Send the final response; an identifier goes with it where something failed or was left."""
    code = status.CANCEL if cancelled else progress.final_status()
    with_list = bool(progress.failed) or cancelled
    fields = command.response(call.command, code, data_set=with_list)
    fields.update(progress.fields(with_remaining=cancelled))
    data = _failed_list(call, progress.failed) if with_list else None
    call.association.send(call.message.context, command.encode(fields), data)
    return code


def _failed_list(call: Call, uids: list[str]) -> bytes:
    """Failed SOP Instance UID List (0008,0058), cut where explicit VR can hold no more."""
    whole = "\\".join(uids)
    if len(whole) > _MAX_UI:
        whole = whole[: whole.rindex("\\", 0, _MAX_UI)]
    ds = Dataset()
    ds.FailedSOPInstanceUIDList = whole.split("\\") if whole else None
    return identifier.encode(ds, call.message.context.transfer_syntax)
