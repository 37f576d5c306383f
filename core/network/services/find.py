"""C-FIND as SCP: PS3.4 C.4.1."""

from __future__ import annotations

import time
from collections.abc import Iterator

from pydicom import Dataset

from core.errors import ModalittyError, UsageError
from core.network import command, contexts, identifier, status
from core.network.faults import LinkError
from core.network.services.call import SUCCESS, Call
from core.network.wire import Buffer

_DOES_NOT_FIT = 0xA900
_CANNOT_PROCESS = 0xC000
_BATCH_BYTES = 64 * 1024
_BATCH_SECONDS = 0.02


def answer_find(call: Call) -> int:
    """Answer with every match, until there is none left or a C-CANCEL comes."""
    data = call.association.read_data(call.message, identifier.MAX_IDENTIFIER)
    try:
        asked = identifier.decode(data, call.message.context.transfer_syntax)
        root = contexts.ROOTS[call.message.context.abstract_syntax]
        cancelled = _send_matches(call, asked, call.archive.find(asked, root))
    except UsageError as exc:
        return call.answer(_DOES_NOT_FIT, exc.message)
    except LinkError:
        raise
    except ModalittyError as exc:
        return call.answer(_CANNOT_PROCESS, exc.message)
    return call.answer(status.CANCEL if cancelled else SUCCESS)


def _send_matches(call: Call, asked: Dataset, matches: Iterator[Dataset]) -> bool:
    """Send the pending responses, many at a time; True where the peer cancelled."""
    level = str(asked.get("QueryRetrieveLevel") or "")
    syntax = call.message.context.transfer_syntax
    pack, context = call.association.pack, call.message.context
    pending = command.encode(command.response(call.command, status.PENDING, data_set=True))
    out: list[Buffer] = []
    size, flushed = 0, time.monotonic()
    for match in matches:
        # Always ours, whatever the request had there: PS3.4 C.4.1.1.3.2.
        match.QueryRetrieveLevel = level
        match.RetrieveAETitle = call.settings.station.ae_title
        data = identifier.encode(match, syntax)
        out += pack(context, pending, is_command=True)
        out += pack(context, data, is_command=False)
        size += len(data)
        if size > _BATCH_BYTES or time.monotonic() - flushed > _BATCH_SECONDS:
            call.association.send_packed(out)
            if call.association.cancelled(call.command.message_id):
                return True
            out, size, flushed = [], 0, time.monotonic()
    call.association.send_packed(out)
    return call.association.cancelled(call.command.message_id)
