"""What C-MOVE and C-GET have in common as SCP: what is asked for, counters, answers, PS3.4 C.4.2.

Counters have 16 bits on the wire (PS3.7 9.3.3): a number above 65,535 is sent as 65,535, and never
wraps to a small one.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from threading import Event

from pydicom import Dataset
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement

from core.model import Instance, OutcomeState, SendResult
from core.network import command, contexts, extended, identifier, status
from core.network.command import Field
from core.network.contexts import IMPLICIT_LE
from core.network.services.call import SUCCESS, Call

CANNOT_SEND = 0xA702
DOES_NOT_FIT = 0xA900
CANNOT_PROCESS = 0xC000
_SOME_FAILED = 0xB000
_PROGRESS_SECONDS = 0.1
_MOST = 0xFFFF
_MAX_UI = 0xFFFE  # bytes of a UI value in explicit VR


class Counts:
    """How the sub-operations of one request stand, PS3.7 9.1.4."""

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
        return {field: min(number, _MOST) for field, number in numbers.items()}

    def final_status(self) -> int:
        """The status when all is done, PS3.4 C.4.2.1.5 and C.4.3.1.4."""
        if not self.failed and not self.warnings:
            return SUCCESS
        return _SOME_FAILED if self.completed or self.warnings else CANNOT_SEND


def select(call: Call, data: bytes) -> list[Instance]:
    """The objects that an identifier names; raises UsageError or ArchiveError."""
    context = call.message.context
    asked = identifier.decode(data, context.transfer_syntax)
    relational = extended.has(context, extended.RELATIONAL)
    root = contexts.ROOTS[context.abstract_syntax]
    return call.archive.select(asked, root, relational=relational)


def perform(
    call: Call, total: int, results: Generator[SendResult, None, None], cancel: Event
) -> int:
    """Run the sub-operations, tell how it goes, and send the final response.

    `cancel` is set where the requestor cancels; whoever makes the `results` may set it too.
    """
    counts = Counts(total)
    reported = time.monotonic()
    if total:
        _report(call, counts)
    # Closing the generator aborts a sub-operation whose requestor has gone.
    with closing(results):
        for result in results:
            if cancel.is_set() and result.outcome.state is OutcomeState.CANCELLED:
                break
            counts.count(result)
            if cancel.is_set() or call.association.cancelled(call.command.message_id):
                cancel.set()
            elif counts.remaining and time.monotonic() - reported > _PROGRESS_SECONDS:
                _report(call, counts)
                reported = time.monotonic()
    return _finish(call, counts, cancelled=cancel.is_set() and counts.remaining > 0)


def _report(call: Call, counts: Counts) -> None:
    fields = command.response(call.command, status.PENDING)
    fields.update(counts.fields(with_remaining=True))
    call.association.send(call.message.context, command.encode(fields))


def _finish(call: Call, counts: Counts, *, cancelled: bool) -> int:
    """Send the final response; all but success carry the list of what failed (C.4.2.1.4.2)."""
    code = status.CANCEL if cancelled else counts.final_status()
    fields = command.response(call.command, code, data_set=code != SUCCESS)
    fields.update(counts.fields(with_remaining=cancelled))
    data = _failed_list(call, counts.failed) if code != SUCCESS else None
    call.association.send(call.message.context, command.encode(fields), data)
    return code


def _failed_list(call: Call, uids: list[str]) -> bytes:
    """Failed SOP Instance UID List (0008,0058), cut where explicit VR can hold no more."""
    syntax = call.message.context.transfer_syntax
    whole = "\\".join(uids)
    if len(whole) > _MAX_UI and syntax != IMPLICIT_LE:
        whole = whole[: whole.rindex("\\", 0, _MAX_UI)]
    ds = Dataset()
    # As they are held, UIDs or not: pydicom would complain of each on stderr.
    failed = whole.split("\\") if whole else None
    ds.add(DataElement(identifier.FAILED_UIDS, "UI", failed, validation_mode=IGNORE))
    return identifier.encode(ds, syntax)
