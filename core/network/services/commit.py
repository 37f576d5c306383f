"""Storage commitment on associations that others opened: requests and reports, PS3.4 annex J."""

from __future__ import annotations

import logging

from core.errors import UsageError
from core.network.command import Field
from core.network.commitment.asking import take_report
from core.network.commitment.messages import (
    MAX_MESSAGE,
    REQUEST_COMMITMENT,
    STORAGE_COMMITMENT,
    WELL_KNOWN_INSTANCE,
    TooManyError,
    decode_request,
    response,
)
from core.network.commitment.promises import FullError
from core.network.services.call import SUCCESS, Call

log = logging.getLogger(__name__)

_PROCESSING_FAILURE = 0x0110
_NO_SUCH_INSTANCE = 0x0112
_INVALID_ARGUMENT = 0x0115
_NO_SUCH_CLASS = 0x0118
_NO_SUCH_ACTION = 0x0123
_RESOURCES = 0x0213


def answer_commit(call: Call) -> int:
    """Take a request for commitment; what comes of it is reported later.

    Success says that the request is on disk, and that a report will follow.
    """
    data = call.association.read_data(call.message, MAX_MESSAGE)
    code, comment = _misdirected(call)
    if code:
        return _respond(call, code, comment)
    promises = call.commitment.promises
    try:
        request = decode_request(data, call.message.context.transfer_syntax)
        promise = promises.make(call.caller, request)
    except TooManyError as exc:
        return _respond(call, _RESOURCES, exc.message)
    except UsageError as exc:
        return _respond(call, _INVALID_ARGUMENT, exc.message)
    except FullError:
        return _respond(call, _RESOURCES, "too many commitments are pending")
    except OSError as exc:
        log.error("a request for storage commitment cannot be kept: %s", exc)
        return _respond(call, _PROCESSING_FAILURE, "the request cannot be kept")
    try:
        _respond(call, SUCCESS, "")
    except BaseException:
        promises.forget(promise)
        raise
    promises.release(promise, call.association, call.message.context)
    return SUCCESS


def _misdirected(call: Call) -> tuple[int, str]:
    """Status and comment for a request of something else than commitment; 0 where it is that."""
    named = call.command.text(Field.REQUESTED_SOP_CLASS_UID)
    if named != STORAGE_COMMITMENT:
        return _NO_SUCH_CLASS, "storage commitment is the only class here"
    if call.command.text(Field.REQUESTED_SOP_INSTANCE_UID) != WELL_KNOWN_INSTANCE:
        return _NO_SUCH_INSTANCE, "not the well-known SOP instance"
    if call.command.number(Field.ACTION_TYPE_ID) != REQUEST_COMMITMENT:
        return _NO_SUCH_ACTION, "no such action type"
    if not call.command.has_data_set:
        return _INVALID_ARGUMENT, "no action information"
    return 0, ""


def _respond(call: Call, code: int, comment: str) -> int:
    call.association.send(call.message.context, response(call.command, code, comment))
    return code


def answer_report(call: Call) -> int:
    """Take the report on a commitment that we asked for; one that nobody waits for is refused."""
    return take_report(call.association, call.message, call.commitment.awaited, None)
