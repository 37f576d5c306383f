"""DIMSE command sets: group 0000 in implicit VR little endian, PS3.7 6.3.1 and annex E.

Built and read by `struct`: a command has a dozen small elements, and there is one per object.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum

from core.network.faults import ProtocolError

_ELEMENT = struct.Struct("<HHI")
_US = struct.Struct("<H")
_GROUP_LENGTH = struct.Struct("<HHII")

MAX_COMMAND = 64 * 1024
"""Bytes of a command set we read; real ones have a few hundred."""
NO_DATA_SET = 0x0101


class Field(IntEnum):
    """Element numbers of the command group, PS3.7 table E.1-1."""

    AFFECTED_SOP_CLASS_UID = 0x0002
    REQUESTED_SOP_CLASS_UID = 0x0003
    COMMAND_FIELD = 0x0100
    MESSAGE_ID = 0x0110
    MESSAGE_ID_BEING_RESPONDED_TO = 0x0120
    MOVE_DESTINATION = 0x0600
    PRIORITY = 0x0700
    COMMAND_DATA_SET_TYPE = 0x0800
    STATUS = 0x0900
    OFFENDING_ELEMENT = 0x0901
    ERROR_COMMENT = 0x0902
    AFFECTED_SOP_INSTANCE_UID = 0x1000
    REQUESTED_SOP_INSTANCE_UID = 0x1001
    EVENT_TYPE_ID = 0x1002
    ACTION_TYPE_ID = 0x1008
    REMAINING = 0x1020
    COMPLETED = 0x1021
    FAILED = 0x1022
    WARNING = 0x1023
    MOVE_ORIGINATOR_AE_TITLE = 0x1030
    MOVE_ORIGINATOR_MESSAGE_ID = 0x1031


class Verb(IntEnum):
    """Values of Command Field (0000,0100); a response has the high bit set."""

    C_STORE_RQ = 0x0001
    C_STORE_RSP = 0x8001
    C_GET_RQ = 0x0010
    C_GET_RSP = 0x8010
    C_FIND_RQ = 0x0020
    C_FIND_RSP = 0x8020
    C_MOVE_RQ = 0x0021
    C_MOVE_RSP = 0x8021
    C_ECHO_RQ = 0x0030
    C_ECHO_RSP = 0x8030
    C_CANCEL_RQ = 0x0FFF
    N_EVENT_REPORT_RQ = 0x0100
    N_EVENT_REPORT_RSP = 0x8100
    N_ACTION_RQ = 0x0130
    N_ACTION_RSP = 0x8130


RESPONSE = 0x8000

_NUMBERS = frozenset(
    {
        Field.COMMAND_FIELD,
        Field.MESSAGE_ID,
        Field.MESSAGE_ID_BEING_RESPONDED_TO,
        Field.PRIORITY,
        Field.COMMAND_DATA_SET_TYPE,
        Field.STATUS,
        Field.EVENT_TYPE_ID,
        Field.ACTION_TYPE_ID,
        Field.REMAINING,
        Field.COMPLETED,
        Field.FAILED,
        Field.WARNING,
        Field.MOVE_ORIGINATOR_MESSAGE_ID,
    }
)
_UIDS = frozenset(
    {
        Field.AFFECTED_SOP_CLASS_UID,
        Field.REQUESTED_SOP_CLASS_UID,
        Field.AFFECTED_SOP_INSTANCE_UID,
        Field.REQUESTED_SOP_INSTANCE_UID,
    }
)


class Command:
    """A command set as it was received: raw values by element number."""

    __slots__ = ("_raw", "has_data_set", "message_id", "responds_to", "verb")

    def __init__(self, raw: Mapping[int, bytes]) -> None:
        self._raw = raw
        verb = self.number(Field.COMMAND_FIELD)
        data_set_type = self.number(Field.COMMAND_DATA_SET_TYPE)
        if verb is None or data_set_type is None:
            raise ProtocolError("a command set without Command Field or Command Data Set Type")
        self.verb: int = verb
        self.has_data_set: bool = data_set_type != NO_DATA_SET
        self.message_id: int = self.number(Field.MESSAGE_ID) or 0
        self.responds_to: int | None = self.number(Field.MESSAGE_ID_BEING_RESPONDED_TO)
        # An empty element is none: a response with an empty Status would be taken for a success.
        is_request = not verb & RESPONSE and verb != Verb.C_CANCEL_RQ
        if is_request and self.number(Field.MESSAGE_ID) is None:
            raise ProtocolError("a request without Message ID")
        if verb & RESPONSE and self.number(Field.STATUS) is None:
            raise ProtocolError("a response without Status")

    @property
    def status(self) -> int:
        """Status (0000,0900), 0 for a request."""
        return self.number(Field.STATUS) or 0

    def number(self, field: Field) -> int | None:
        """The value of a US element, None where it is absent or too short."""
        raw = self._raw.get(field, b"")
        return _US.unpack_from(raw)[0] if len(raw) >= 2 else None

    def text(self, field: Field) -> str:
        """The value of a UI, AE or LO element without its padding, empty where it is absent."""
        return self._raw.get(field, b"").decode("latin-1").strip(" \0")

    def tags(self, field: Field) -> tuple[str, ...]:
        """The values of an AT element as `(gggg,eeee)`."""
        raw = self._raw.get(field, b"")
        pairs = struct.iter_unpack("<HH", raw[: len(raw) // 4 * 4])
        return tuple(f"({group:04X},{element:04X})" for group, element in pairs)


def decode(data: bytes | bytearray) -> Command:
    """Read a command set; raises ProtocolError where it is none."""
    raw: dict[int, bytes] = {}
    offset, end = 0, len(data)
    while offset < end:
        if offset + 8 > end:
            raise ProtocolError("a command set that ends within an element")
        group, element, length = _ELEMENT.unpack_from(data, offset)
        offset += 8
        if group != 0 or length > end - offset:
            raise ProtocolError("a command set with a wrong group or length")
        raw[element] = bytes(data[offset : offset + length])
        offset += length
    return Command(raw)


def encode(fields: Mapping[Field, int | str]) -> bytes:
    """Write a command set, its group length first; elements that are empty text are left out."""
    parts: list[bytes] = []
    for field in sorted(fields):
        value = fields[field]
        if value == "":
            continue
        raw = _encode_value(field, value)
        parts.append(_ELEMENT.pack(0, field, len(raw)))
        parts.append(raw)
    body = b"".join(parts)
    return _GROUP_LENGTH.pack(0, 0, 4, len(body)) + body


def _encode_value(field: Field, value: int | str) -> bytes:
    if field in _NUMBERS:
        return _US.pack(int(value))
    raw = str(value).encode("ascii", "replace")
    if len(raw) % 2:
        raw += b"\0" if field in _UIDS else b" "
    return raw


def request(
    verb: Verb, message_id: int, sop_class_uid: str, *, data_set: bool
) -> dict[Field, int | str]:
    """The fields that every request has; PRIORITY is medium, PS3.7 9.3."""
    fields: dict[Field, int | str] = {
        Field.AFFECTED_SOP_CLASS_UID: sop_class_uid,
        Field.COMMAND_FIELD: verb,
        Field.MESSAGE_ID: message_id,
        Field.COMMAND_DATA_SET_TYPE: 0x0001 if data_set else NO_DATA_SET,
    }
    if verb != Verb.C_ECHO_RQ:
        fields[Field.PRIORITY] = 0x0000
    return fields


def response(
    to: Command, status: int, *, comment: str = "", data_set: bool = False
) -> dict[Field, int | str]:
    """The fields that every response has, with an Error Comment cut to 64 characters."""
    fields: dict[Field, int | str] = {
        Field.AFFECTED_SOP_CLASS_UID: to.text(Field.AFFECTED_SOP_CLASS_UID),
        Field.COMMAND_FIELD: to.verb | RESPONSE,
        Field.MESSAGE_ID_BEING_RESPONDED_TO: to.message_id,
        Field.COMMAND_DATA_SET_TYPE: 0x0001 if data_set else NO_DATA_SET,
        Field.STATUS: status,
    }
    if comment:
        fields[Field.ERROR_COMMENT] = comment[:64]
    return fields


def cancel(message_id: int) -> bytes:
    """A C-CANCEL-RQ for the request with `message_id`, PS3.7 9.3.2.3."""
    return encode(
        {
            Field.COMMAND_FIELD: Verb.C_CANCEL_RQ,
            Field.MESSAGE_ID_BEING_RESPONDED_TO: message_id,
            Field.COMMAND_DATA_SET_TYPE: NO_DATA_SET,
        }
    )
