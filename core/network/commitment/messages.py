"""What storage commitment says on the wire: N-ACTION and N-EVENT-REPORT, PS3.4 J.3, PS3.7 10.1."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from uuid import uuid4

from msgspec import Struct

from core.errors import UsageError
from core.network import command
from core.network.command import Command, Field, Verb
from core.network.commitment import elements
from core.network.contexts import COMMITMENT, EXPLICIT_BE

STORAGE_COMMITMENT = COMMITMENT
WELL_KNOWN_INSTANCE = "1.2.840.10008.1.20.1.1"
REQUEST_COMMITMENT = 1
"""The one action type there is."""
ALL_COMMITTED, SOME_FAILED = 1, 2
"""Event types of a report."""

MAX_REFERENCES = 20_000
"""Objects in one request; more are answered with 0x0213, resource limitation."""
MAX_MESSAGE = 8 << 20
"""Bytes of a request or report that are read."""
_MAX_UID = 1024  # far beyond what a UID may have, and short enough for any VR

_CLASS, _INSTANCE = 0x00081150, 0x00081155
_TRANSACTION, _FAILED, _REFERENCED = 0x00081195, 0x00081198, 0x00081199
_REASON, _RETRIEVE_AE_TITLE = 0x00081197, 0x00080054
_SEQUENCES = frozenset({_FAILED, _REFERENCED})

PROCESSING_FAILURE = 0x0110
NO_SUCH_OBJECT = 0x0112
CLASS_CONFLICT = 0x0119
DUPLICATE_TRANSACTION = 0x0131
REASONS = {
    PROCESSING_FAILURE: "the peer has it, but cannot vouch for it: processing failure",
    NO_SUCH_OBJECT: "the peer does not hold it",
    CLASS_CONFLICT: "the peer holds it with another SOP class",
    0x0122: "the peer does not support its SOP class",
    DUPLICATE_TRANSACTION: "the transaction UID was in use already: ask again",
    0x0213: "the peer has no resources to check it: ask again later",
}
"""Failure Reason (0008,1197) in words, PS3.3 C.14.1.1."""


class TooManyError(UsageError):
    """More references than are taken in one message."""


class Reference(Struct, frozen=True):
    """An object by class and instance."""

    sop_class_uid: str
    sop_instance_uid: str


class Request(Struct, frozen=True):
    """Action Information, PS3.4 table J.3-1."""

    transaction_uid: str
    references: tuple[Reference, ...]


class Refusal(Struct, frozen=True):
    """An object that is not committed to, and the Failure Reason (0008,1197)."""

    reference: Reference
    reason: int


class Report(Struct, frozen=True):
    """Event Information, PS3.4 table J.3-2."""

    transaction_uid: str
    committed: tuple[Reference, ...] = ()
    failed: tuple[Refusal, ...] = ()


def new_transaction() -> str:
    """A Transaction UID that was never used, PS3.5 B.2."""
    return f"2.25.{uuid4().int}"


def words(reason: int) -> str:
    """Failure Reason (0008,1197) for a person."""
    return REASONS.get(reason, f"the peer gives the failure reason 0x{reason:04X}")


# -- data sets


def encode_request(request: Request, transfer_syntax: str) -> bytes:
    """Write Action Information."""
    return elements.write(
        [
            _uid(_TRANSACTION, request.transaction_uid),
            (_REFERENCED, b"SQ", [_item(reference) for reference in request.references]),
        ],
        transfer_syntax,
    )


def decode_request(data: bytes, transfer_syntax: str) -> Request:
    """Read Action Information; raises TooManyError, and UsageError where it is none."""
    values = _decode(data, transfer_syntax)
    references = tuple(map(_reference, _items(values, _REFERENCED)))
    if not references:
        raise UsageError("no Referenced SOP Sequence (0008,1199)")
    return Request(_text(values, _TRANSACTION), references)


def encode_report(report: Report, transfer_syntax: str, retrieve_ae_title: str = "") -> bytes:
    """Write Event Information; sequences that would be empty are left out, as they must be."""
    failed = [
        [*_item(one.reference), (_REASON, b"US", struct.pack(_us(transfer_syntax), one.reason))]
        for one in report.failed
    ]
    content: list[elements.Element] = []
    if report.committed and retrieve_ae_title:
        title = retrieve_ae_title.encode("ascii", "replace")
        content.append((_RETRIEVE_AE_TITLE, b"AE", title + b" " * (len(title) % 2)))
    content.append(_uid(_TRANSACTION, report.transaction_uid))
    if failed:
        content.append((_FAILED, b"SQ", failed))
    if report.committed:
        content.append((_REFERENCED, b"SQ", [_item(one) for one in report.committed]))
    return elements.write(content, transfer_syntax)


def decode_report(data: bytes, transfer_syntax: str) -> Report:
    """Read Event Information; raises UsageError where it is none."""
    values = _decode(data, transfer_syntax)
    code = _us(transfer_syntax)
    return Report(
        _text(values, _TRANSACTION),
        tuple(map(_reference, _items(values, _REFERENCED))),
        tuple(Refusal(_reference(i), _reason(i, code)) for i in _items(values, _FAILED)),
    )


def _decode(data: bytes, transfer_syntax: str) -> elements.Values:
    values = elements.read(data, transfer_syntax, _SEQUENCES)
    if not _text(values, _TRANSACTION):
        raise UsageError("no Transaction UID (0008,1195)")
    if max(len(_items(values, tag)) for tag in _SEQUENCES) > MAX_REFERENCES:
        raise TooManyError(f"more than {MAX_REFERENCES} references in one message")
    return values


def _item(reference: Reference) -> list[elements.Element]:
    return [
        _uid(_CLASS, reference.sop_class_uid),
        _uid(_INSTANCE, reference.sop_instance_uid),
    ]


def _uid(tag: int, text: str) -> elements.Element:
    raw = text.encode("latin-1", "replace")
    return tag, b"UI", raw + b"\0" * (len(raw) % 2)


def _us(transfer_syntax: str) -> str:
    return ">H" if transfer_syntax == EXPLICIT_BE else "<H"


def _items(values: elements.Values, tag: int) -> list[elements.Values]:
    found = values.get(tag)
    return found if isinstance(found, list) else []


def _reference(item: elements.Values) -> Reference:
    return Reference(_text(item, _CLASS), _text(item, _INSTANCE))


def _text(values: elements.Values, tag: int) -> str:
    """A UID as it came, without its padding, be it one or not."""
    raw = values.get(tag, b"")
    if isinstance(raw, list) or len(raw) > _MAX_UID:
        raise UsageError(f"something else than a UID in ({tag >> 16:04X},{tag & 0xFFFF:04X})")
    return raw.decode("latin-1").strip(" \0")


def _reason(item: elements.Values, code: str) -> int:
    raw = item.get(_REASON, b"")
    if isinstance(raw, list) or len(raw) < 2:
        return PROCESSING_FAILURE
    (reason,) = struct.unpack_from(code, raw)
    return int(reason)


# -- command sets


def action_request(message_id: int) -> bytes:
    """An N-ACTION-RQ, PS3.7 10.3.5.1; its data set is Action Information."""
    return command.encode(
        {
            Field.REQUESTED_SOP_CLASS_UID: STORAGE_COMMITMENT,
            Field.COMMAND_FIELD: Verb.N_ACTION_RQ,
            Field.MESSAGE_ID: message_id,
            Field.COMMAND_DATA_SET_TYPE: 0x0001,
            Field.REQUESTED_SOP_INSTANCE_UID: WELL_KNOWN_INSTANCE,
            Field.ACTION_TYPE_ID: REQUEST_COMMITMENT,
        }
    )


def report_request(message_id: int, report: Report) -> bytes:
    """An N-EVENT-REPORT-RQ, PS3.7 10.3.1.1; its data set is Event Information."""
    return command.encode(
        {
            Field.AFFECTED_SOP_CLASS_UID: STORAGE_COMMITMENT,
            Field.COMMAND_FIELD: Verb.N_EVENT_REPORT_RQ,
            Field.MESSAGE_ID: message_id,
            Field.COMMAND_DATA_SET_TYPE: 0x0001,
            Field.AFFECTED_SOP_INSTANCE_UID: WELL_KNOWN_INSTANCE,
            Field.EVENT_TYPE_ID: SOME_FAILED if report.failed else ALL_COMMITTED,
        }
    )


def response(to: Command, status: int, comment: str = "") -> bytes:
    """The answer to either, PS3.7 10.3.1.2 and 10.3.5.2, that names class and instance."""
    fields = command.response(to, status, comment=comment)
    fields[Field.AFFECTED_SOP_CLASS_UID] = STORAGE_COMMITMENT
    fields[Field.AFFECTED_SOP_INSTANCE_UID] = WELL_KNOWN_INSTANCE
    for kind in (Field.ACTION_TYPE_ID, Field.EVENT_TYPE_ID):
        number = to.number(kind)
        if number is not None:
            fields[kind] = number
    return command.encode(fields)


def within(references: Sequence[Reference], size: int) -> list[tuple[Reference, ...]]:
    """References in parts of at most `size`, each for a transaction of its own."""
    return [tuple(references[at : at + size]) for at in range(0, len(references), size)]
