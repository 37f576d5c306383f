"""C-FIND as SCP: PS3.4 C.4.1."""

from __future__ import annotations

import time
from collections.abc import Iterator

from core.errors import ModalittyError, UsageError
from core.events import Notice, Severity
from core.network import command, contexts, extended, identifier, status
from core.network.faults import LinkError
from core.network.services.call import SUCCESS, Call
from core.network.wire import Buffer

_DOES_NOT_FIT = 0xA900
_CANNOT_PROCESS = 0xC000
_OUT_OF_RESOURCES = 0xA700
_BATCH_BYTES = 64 * 1024
_BATCH_SECONDS = 0.02


def answer_find(call: Call) -> int:
    """Answer with every match, until there is none left or a C-CANCEL comes."""
    data = call.association.read_data(call.message, identifier.MAX_IDENTIFIER)
    try:
        asked = identifier.decode(data, call.message.context.transfer_syntax)
        context = call.message.context
        matches = call.archive.find(
            asked,
            contexts.ROOTS[context.abstract_syntax],
            transfer_syntax=context.transfer_syntax,
            ae_title=call.settings.station.ae_title,
            relational=extended.has(context, extended.RELATIONAL),
            combined=extended.has(context, extended.COMBINED),
        )
        code = _send_matches(call, matches)
    except UsageError as exc:
        return call.answer(_DOES_NOT_FIT, exc.message)
    except LinkError:
        raise
    except ModalittyError as exc:
        return call.answer(_CANNOT_PROCESS, exc.message)
    if code == _OUT_OF_RESOURCES:
        return call.answer(code, _said_too_many(call))
    return call.answer(code)


def _said_too_many(call: Call) -> str:
    """Tell our own people, and what to tell the peer (64 characters at most, PS3.7 E.1)."""
    limit = call.settings.station.max_matches
    text = f"{call.caller!r} asked a query with more than {limit} matches: it got the first ones"
    call.events.publish(Notice(severity=Severity.WARNING, text=text))
    return f"more than {limit} matches: narrow the query"


def _send_matches(call: Call, matches: Iterator[bytes | None]) -> int:
    """Send the pending responses, many at a time; the final status.

    A query that has more matches than `station.max_matches` ends with 0xA700: there is no warning
    in PS3.4 C.4.1.1.4, and success would say that these were all.
    """
    limit = call.settings.station.max_matches
    pack, context = call.association.pack, call.message.context
    pending = b"".join(
        pack(
            context,
            command.encode(command.response(call.command, status.PENDING, data_set=True)),
            is_command=True,
        )
    )
    out: list[Buffer] = []
    size, flushed = 0, time.monotonic()
    code, count = SUCCESS, 0
    for data in matches:
        if data is not None:
            if limit and count == limit:
                code = _OUT_OF_RESOURCES
                break
            count += 1
            out.append(pending)
            out += pack(context, data, is_command=False)
            size += len(data)
        if size > _BATCH_BYTES or time.monotonic() - flushed > _BATCH_SECONDS:
            call.association.send_packed(out)
            if call.association.cancelled(call.command.message_id):
                return status.CANCEL
            out, size, flushed = [], 0, time.monotonic()
    call.association.send_packed(out)
    return status.CANCEL if call.association.cancelled(call.command.message_id) else code
