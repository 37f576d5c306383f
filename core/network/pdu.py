"""PDUs of the upper layer, PS3.8 9.3: the small ones by `struct`, A-ASSOCIATE by pynetdicom.

This is the edge towards pynetdicom's codecs: whatever they raise on damaged input leaves here as
ProtocolError.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from pydicom.uid import UID
from pynetdicom import pdu as codec
from pynetdicom._globals import APPLICATION_CONTEXT_NAME
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassExtendedNegotiation,
)
from pynetdicom.presentation import PresentationContext

from core.archive.filemeta import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from core.network.faults import ProtocolError, Reason
from core.network.items import TITLES, known_items
from core.network.remembered import Remembered

HEADER = struct.Struct(">BxI")
PDV_HEADER = struct.Struct(">IBB")
P_DATA_HEADERS = struct.Struct(">BxIIBB")
"""PDU header and PDV header of a P-DATA-TF that holds one presentation data value."""

MAX_ASSOCIATE = 1 << 20
"""Bytes of an A-ASSOCIATE PDU we read: 128 contexts with every transfer syntax have 200 KB."""
_MAX_REMEMBERED = 32 << 10
"""Bytes of a request whose content is remembered: 128 contexts of storescu have 13 KB."""


class Type:
    """PDU types, PS3.8 9.3.1."""

    ASSOCIATE_RQ = 1
    ASSOCIATE_AC = 2
    ASSOCIATE_RJ = 3
    P_DATA = 4
    RELEASE_RQ = 5
    RELEASE_RP = 6
    ABORT = 7


RELEASE_RQ = bytes((Type.RELEASE_RQ, 0, 0, 0, 0, 4, 0, 0, 0, 0))
RELEASE_RP = bytes((Type.RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0))


def abort(source: int, reason: int) -> bytes:
    """An A-ABORT PDU, PS3.8 9.3.8."""
    return bytes((Type.ABORT, 0, 0, 0, 0, 4, 0, 0, source, reason))


def reject(result: int, source: int, reason: int) -> bytes:
    """An A-ASSOCIATE-RJ PDU, PS3.8 9.3.4."""
    return bytes((Type.ASSOCIATE_RJ, 0, 0, 0, 0, 4, 0, result, source, reason))


def unexpected(kind: int) -> ProtocolError:
    """The error for a PDU that has no place here: one out of turn, or of no known type."""
    if Type.ASSOCIATE_RQ <= kind <= Type.ABORT:
        return ProtocolError(f"a PDU of type {kind} out of turn", Reason.UNEXPECTED_PDU)
    return ProtocolError(f"a PDU of the unknown type {kind}", Reason.UNRECOGNISED_PDU)


class Associate(Struct, frozen=True):
    """The content of an A-ASSOCIATE-RQ or -AC; `max_pdu` 0 is unlimited."""

    calling: str
    called: str
    contexts: tuple[PresentationContext, ...]
    max_pdu: int
    roles: tuple[SCP_SCU_RoleSelectionNegotiation, ...] = ()
    extended: Mapping[str, bytes] = {}
    """SOP class → service class application information (PS3.7 D.3.3.5)."""
    application_context: str = APPLICATION_CONTEXT_NAME
    protocol_version: int = 1
    proposal: bytes = b""
    """What stood in a request but for the titles; empty where that is too much to remember."""


_requests: Remembered[bytes, Associate] = Remembered(16)


def titles(body: memoryview) -> tuple[str, str]:
    """Calling and called AE title of an A-ASSOCIATE-RQ body, as far as it has any."""
    called, calling = bytes(body[4:20]), bytes(body[20:36])
    return _title(calling), _title(called)


def _title(field: bytes) -> str:
    """Without its padding, which some fill up with NUL, or leave unset after one."""
    return field.partition(b"\0")[0].decode("latin-1").strip(" ")


def decode_associate(kind: int, body: memoryview) -> Associate:
    """Read the body of an A-ASSOCIATE-RQ or -AC; raises ProtocolError where it is damaged.

    A program proposes the same each time that it calls, and to read that takes long.
    """
    if kind != Type.ASSOCIATE_RQ:
        return _decoded(kind, body)
    proposal = bytes(body[: TITLES.start]) + bytes(body[TITLES.stop :])
    if len(proposal) > _MAX_REMEMBERED:
        found = _decoded(kind, body)
    else:
        found = _requests.get(proposal, lambda: replace(_decoded(kind, body), proposal=proposal))
    calling, called = titles(body)
    return replace(found, calling=calling, called=called)


def _decoded(kind: int, body: memoryview) -> Associate:
    """The content but for the titles."""
    pdu = codec.A_ASSOCIATE_RQ() if kind == Type.ASSOCIATE_RQ else codec.A_ASSOCIATE_AC()
    try:
        known = known_items(body)
        pdu.decode(HEADER.pack(kind, len(known)) + known)
        return _from_primitive(pdu.to_primitive(), kind, pdu.protocol_version)
    except ProtocolError:
        raise
    except Exception as exc:
        # The codec raises whatever its parsing ran into: AssertionError, KeyError, struct.error …
        raise ProtocolError(f"a damaged A-ASSOCIATE PDU ({type(exc).__name__})") from exc


def _from_primitive(primitive: A_ASSOCIATE, kind: int, version: int) -> Associate:
    request = kind == Type.ASSOCIATE_RQ
    contexts = (
        primitive.presentation_context_definition_list
        if request
        else primitive.presentation_context_definition_results_list
    )
    if not contexts or (
        request and not all(cx.transfer_syntax and cx.abstract_syntax for cx in contexts)
    ):
        raise ValueError("no presentation context, or one without syntax")
    return Associate(
        calling="",
        called="",
        contexts=tuple(contexts),
        max_pdu=primitive.maximum_length_received or 0,
        roles=tuple(
            item
            for item in primitive.user_information
            if isinstance(item, SCP_SCU_RoleSelectionNegotiation)
        ),
        extended={
            str(item.sop_class_uid): bytes(item.service_class_application_information or b"")
            for item in primitive.user_information
            if isinstance(item, SOPClassExtendedNegotiation)
        },
        application_context=str(primitive.application_context_name or ""),
        protocol_version=version,
    )


def encode_request(content: Associate) -> bytes:
    """Write an A-ASSOCIATE-RQ, PS3.8 9.3.2."""
    primitive = _to_primitive(content)
    primitive.calling_ae_title = content.calling
    primitive.called_ae_title = content.called
    primitive.presentation_context_definition_list = list(content.contexts)
    return codec.A_ASSOCIATE_RQ(primitive).encode()


def encode_accept(content: Associate) -> bytes:
    """Write an A-ASSOCIATE-AC, PS3.8 9.3.3."""
    primitive = _to_primitive(content)
    primitive.calling_ae_title = primitive.called_ae_title = "X"
    primitive.result = 0
    primitive.result_source = 1
    primitive.presentation_context_definition_results_list = list(content.contexts)
    return with_titles(codec.A_ASSOCIATE_AC(primitive).encode(), content)


def with_titles(accept: bytes, request: Associate) -> bytes:
    """An A-ASSOCIATE-AC with the titles of a request, given back as they came."""
    encoded = bytearray(accept)
    names = (request.called, request.calling)
    fields = (name.encode("latin-1", "replace")[:16].ljust(16) for name in names)
    encoded[HEADER.size + TITLES.start : HEADER.size + TITLES.stop] = b"".join(fields)
    return bytes(encoded)


def _to_primitive(content: Associate) -> A_ASSOCIATE:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = UID(APPLICATION_CONTEXT_NAME)
    length = MaximumLengthNotification()
    length.maximum_length_received = content.max_pdu
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    extended = [_extended(uid, data) for uid, data in content.extended.items()]
    primitive.user_information = [length, implementation, version, *content.roles, *extended]
    return primitive


def _extended(uid: str, data: bytes) -> SOPClassExtendedNegotiation:
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid = UID(uid)
    item.service_class_application_information = data
    return item


def context(identifier: int, abstract_syntax: str, syntaxes: Sequence[str]) -> PresentationContext:
    """A presentation context to propose."""
    result = PresentationContext()
    result.context_id = identifier
    result.abstract_syntax = UID(abstract_syntax)
    result.transfer_syntax = [UID(syntax) for syntax in syntaxes]
    return result
