"""What storage commitment says on the wire: N-ACTION and N-EVENT-REPORT, PS3.4 J.3, PS3.7 10.1."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from msgspec import Struct
from pydicom import Dataset

from core.errors import UsageError
from core.network import command, identifier
from core.network.command import Command, Field, Verb

STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
WELL_KNOWN_INSTANCE = "1.2.840.10008.1.20.1.1"
REQUEST_COMMITMENT = 1
"""The one action type there is."""
ALL_COMMITTED, SOME_FAILED = 1, 2
"""Event types of a report."""

MAX_REFERENCES = 20_000
"""Objects in one request; more are answered with 0x0213, resource limitation."""
MAX_MESSAGE = 8 << 20
"""Bytes of a request or report that are read."""
_ITEM = b"\xfe\xff\x00\xe0"

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
    ds = Dataset()
    ds.TransactionUID = request.transaction_uid
    ds.ReferencedSOPSequence = [_item(reference) for reference in request.references]
    return identifier.encode(ds, transfer_syntax)


def decode_request(data: bytes, transfer_syntax: str) -> Request:
    """Read Action Information; raises TooManyError, and UsageError where it is none."""
    ds = _decode(data, transfer_syntax)
    references = tuple(_reference(item) for item in ds.get("ReferencedSOPSequence") or ())
    if not references:
        raise UsageError("no Referenced SOP Sequence (0008,1199)")
    return Request(str(ds.TransactionUID), references)


def encode_report(report: Report, transfer_syntax: str, retrieve_ae_title: str = "") -> bytes:
    """Write Event Information; sequences that would be empty are left out, as they must be."""
    ds = Dataset()
    ds.TransactionUID = report.transaction_uid
    if report.committed and retrieve_ae_title:
        ds.RetrieveAETitle = retrieve_ae_title
    if report.committed:
        ds.ReferencedSOPSequence = [_item(reference) for reference in report.committed]
    if report.failed:
        ds.FailedSOPSequence = [_item(one.reference, one.reason) for one in report.failed]
    return identifier.encode(ds, transfer_syntax)


def decode_report(data: bytes, transfer_syntax: str) -> Report:
    """Read Event Information; raises UsageError where it is none."""
    ds = _decode(data, transfer_syntax)
    return Report(
        str(ds.TransactionUID),
        tuple(_reference(item) for item in ds.get("ReferencedSOPSequence") or ()),
        tuple(
            Refusal(_reference(item), _number(item.get("FailureReason")))
            for item in ds.get("FailedSOPSequence") or ()
        ),
    )


def _decode(data: bytes, transfer_syntax: str) -> Dataset:
    # Counted before it is parsed, which takes a tenth of a millisecond for each.
    if data.count(_ITEM) > MAX_REFERENCES:
        raise TooManyError(f"more than {MAX_REFERENCES} references in one message")
    ds = identifier.decode(data, transfer_syntax)
    if not ds.get("TransactionUID"):
        raise UsageError("no Transaction UID (0008,1195)")
    return ds


def _item(reference: Reference, reason: int | None = None) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = reference.sop_class_uid
    item.ReferencedSOPInstanceUID = reference.sop_instance_uid
    if reason is not None:
        item.FailureReason = reason
    return item


def _reference(item: Dataset) -> Reference:
    return Reference(
        str(item.get("ReferencedSOPClassUID") or ""),
        str(item.get("ReferencedSOPInstanceUID") or ""),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else PROCESSING_FAILURE


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
