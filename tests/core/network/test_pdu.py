"""The edge to pynetdicom's A-ASSOCIATE codec: what comes back, and what is stopped before it."""

from __future__ import annotations

import struct

import pytest

from core.network import pdu
from core.network.contexts import EXPLICIT_LE, IMPLICIT_LE, VERIFICATION
from core.network.faults import ProtocolError
from tests.core.network.raw import request


def _body(data: bytes) -> memoryview:
    return memoryview(data)[6:]


def _item(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(data)) + data


def test_a_request_comes_back_as_it_was_written() -> None:
    contexts = (pdu.context(5, VERIFICATION, [EXPLICIT_LE, IMPLICIT_LE]),)
    data = pdu.encode_request(pdu.Associate("ME", "YOU", contexts, 4096))
    found = pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, _body(data))
    assert (found.calling, found.called, found.max_pdu) == ("ME", "YOU", 4096)
    assert found.contexts[0].context_id == 5
    assert found.contexts[0].transfer_syntax == [EXPLICIT_LE, IMPLICIT_LE]


def test_items_of_unknown_type_are_ignored() -> None:
    data = bytes(_body(request())) + _item(0x77, b"future")
    found = pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, memoryview(data))
    assert len(found.contexts) == 2


def test_thousands_of_transfer_syntaxes_are_refused_before_they_are_compared() -> None:
    syntaxes = b"".join(_item(0x40, b"1.%d" % n) for n in range(5000))
    context = _item(0x20, b"\x01\0\0\0" + _item(0x30, b"1.2") + syntaxes)
    data = bytes(_body(request()))[:68] + context
    with pytest.raises(ProtocolError, match="too many"):
        pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, memoryview(data))


@pytest.mark.parametrize("cut", range(0, 180, 7))
def test_a_request_cut_short_is_a_protocol_error(cut: int) -> None:
    body = _body(request())
    with pytest.raises(ProtocolError):
        pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, body[:cut])


def test_titles_are_read_from_any_bytes() -> None:
    body = memoryview(b"\0\1\0\0" + b"CALLED\0\0".ljust(16) + b"\xff\x1b[2J".ljust(16))
    assert pdu.titles(body) == ("\xff\x1b[2J", "CALLED")
