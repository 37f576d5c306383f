"""The edge to pynetdicom's A-ASSOCIATE codec: what comes back, and what is stopped before it."""

from __future__ import annotations

import struct
from functools import partial

import pytest
from pynetdicom._globals import APPLICATION_CONTEXT_NAME
from pynetdicom.presentation import PresentationContext

from core.network import acceptor, pdu
from core.network.contexts import EXPLICIT_LE, IMPLICIT_LE, VERIFICATION
from core.network.faults import ProtocolError
from core.network.negotiation import accepted, judge, negotiate
from core.network.remembered import Remembered
from core.settings import Accept, Settings, StationSettings, UnknownCallers
from tests.core.network.fakes import CT
from tests.core.network.raw import context_item, item, proposing, request


def _body(data: bytes) -> memoryview:
    return memoryview(data)[6:]


def test_a_request_comes_back_as_it_was_written() -> None:
    contexts = (pdu.context(5, VERIFICATION, [EXPLICIT_LE, IMPLICIT_LE]),)
    data = pdu.encode_request(pdu.Associate("ME", "YOU", contexts, 4096))
    found = pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, _body(data))
    assert (found.calling, found.called, found.max_pdu) == ("ME", "YOU", 4096)
    assert found.contexts[0].context_id == 5
    assert found.contexts[0].transfer_syntax == [EXPLICIT_LE, IMPLICIT_LE]


def test_items_of_unknown_type_are_ignored() -> None:
    data = bytes(_body(request())) + item(0x77, b"future")
    found = pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, memoryview(data))
    assert len(found.contexts) == 2


def test_thousands_of_transfer_syntaxes_are_refused_before_they_are_compared() -> None:
    syntaxes = b"".join(item(0x40, b"1.%d" % n) for n in range(5000))
    context = item(0x20, b"\x01\0\0\0" + item(0x30, b"1.2") + syntaxes)
    data = bytes(_body(request()))[:68] + context
    with pytest.raises(ProtocolError, match="too many"):
        pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, memoryview(data))


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (context_item(1, b"1.2.3", b"1.2.840.10008.1.2") * 127, "presentation contexts"),
        (item(0x50, item(0x54, b"\0\x051.2.3\1\1") * 513), "roles"),
        (item(0x50, item(0x56, b"\0\x051.2.3\1")) * 513, "roles"),
    ],
    ids=["contexts", "roles", "abilities"],
)
def test_more_than_there_can_be_is_refused_before_it_is_read(more: bytes, what: str) -> None:
    """Thousands would take seconds, in which nobody else has the interpreter."""
    data = bytes(_body(proposing(more)))
    with pytest.raises(ProtocolError, match=f"too many {what}"):
        pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, memoryview(data))


@pytest.mark.parametrize("cut", range(0, 180, 7))
def test_a_request_cut_short_is_a_protocol_error(cut: int) -> None:
    body = _body(request())
    with pytest.raises(ProtocolError):
        pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, body[:cut])


def test_titles_are_read_from_any_bytes() -> None:
    body = memoryview(b"\0\1\0\0" + b"CALLED\0\0".ljust(16) + b"\xff\x1b[2J".ljust(16))
    assert pdu.titles(body) == ("\xff\x1b[2J", "CALLED")


NO_UIDS = [
    b"",
    b"1." * 40 + b"1",
    b"1.2.x",
    b"../../x",
    b"\x1b[2J",
    b"1.2.03",
    b"\xff\xfe",
    b"1.2.3\n",
]


@pytest.mark.parametrize("bad", NO_UIDS)
def test_an_abstract_syntax_that_is_no_uid_leaves_the_other_contexts_alone(bad: bytes) -> None:
    body = _body(proposing(context_item(5, bad, EXPLICIT_LE.encode())))
    found = pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, body)
    answers = {cx.context_id: cx.result for cx in negotiate(found, trusting())}
    assert answers == {1: 0, 3: 0, 5: 3}


@pytest.mark.parametrize("bad", NO_UIDS)
def test_a_transfer_syntax_that_is_no_uid_is_passed_over(bad: bytes) -> None:
    verification, good = VERIFICATION.encode(), EXPLICIT_LE.encode()
    with_another = context_item(5, verification, bad, good)
    body = _body(proposing(with_another, context_item(7, verification, bad)))
    found = pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, body)
    answers = {cx.context_id: cx for cx in negotiate(found, trusting())}
    assert (answers[5].result, answers[5].transfer_syntax) == (0, [EXPLICIT_LE])
    assert answers[7].result == 4


@pytest.mark.parametrize("bad", NO_UIDS)
def test_roles_and_abilities_of_what_is_no_uid_are_ignored(bad: bytes) -> None:
    uid = struct.pack(">H", len(bad)) + bad
    user = item(0x50, item(0x51, bytes(4)) + item(0x54, uid + b"\1\1") + item(0x56, uid + b"\1"))
    body = bytes(_body(request()))
    found = pdu.decode_associate(
        pdu.Type.ASSOCIATE_RQ, memoryview(body[: body.index(b"\x50\0")] + user)
    )
    assert (found.roles, found.extended) == ((), {})


@pytest.mark.parametrize("padding", [b"\0", b" ", b"\0\0"])
def test_padded_uids_are_taken_for_what_they_are(padding: bytes) -> None:
    context = context_item(5, VERIFICATION.encode() + padding, EXPLICIT_LE.encode() + padding)
    found = pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, _body(proposing(context)))
    assert found.contexts[2].abstract_syntax == VERIFICATION
    assert found.contexts[2].transfer_syntax == [EXPLICIT_LE]


def test_an_application_context_that_is_no_uid_is_turned_away_and_not_aborted() -> None:
    body = bytes(_body(request()))
    right = item(0x10, APPLICATION_CONTEXT_NAME.encode())
    data = memoryview(body.replace(right, item(0x10, b"\x1bx")))
    found = pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, data)
    why = judge(found, trusting())
    assert why is not None
    assert (why.result, why.source, why.reason) == (1, 1, 2)


def test_an_accepted_context_whose_transfer_syntax_is_no_uid_cannot_be_used() -> None:
    body = bytes(_body(pdu.encode_accept(pdu.Associate("A", "B", (_accepted(),), 4096))))
    data = memoryview(body.replace(EXPLICIT_LE.encode(), b"\x1b" * len(EXPLICIT_LE)))
    found = pdu.decode_associate(pdu.Type.ASSOCIATE_AC, data)
    assert accepted(found.contexts) == {}


def _accepted() -> PresentationContext:
    context = pdu.context(1, VERIFICATION, [EXPLICIT_LE])
    context.result = 0
    return context


def trusting() -> Settings:
    accept = Accept(unknown_callers=UnknownCallers.ACCEPT)
    return Settings(station=StationSettings(accept=accept))


def _asks(calling: str, called: str = "US") -> pdu.Associate:
    contexts = (pdu.context(1, VERIFICATION, [IMPLICIT_LE]), pdu.context(3, CT, [EXPLICIT_LE]))
    data = pdu.encode_request(pdu.Associate(calling, called, contexts, 4096))
    return pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, _body(data))


def test_callers_that_propose_the_same_keep_their_own_titles() -> None:
    one, other = _asks("ONE", "X"), _asks("OTHER", "Y")
    assert one.contexts is other.contexts  # read once
    assert [(a.calling, a.called) for a in (one, other)] == [("ONE", "X"), ("OTHER", "Y")]
    answer = acceptor.agree(one, trusting()).answer
    assert pdu.with_titles(answer, other)[10:42] == b"Y".ljust(16) + b"OTHER".ljust(16)


def test_a_proposal_that_is_known_is_judged_by_what_is_allowed_now() -> None:
    request = _asks("ONE")
    echo_only = Settings(station=StationSettings(accept=Accept()))
    no_ct = Settings(
        station=StationSettings(
            accept=Accept(unknown_callers=UnknownCallers.ACCEPT, sop_classes=("1.2.3",))
        )
    )
    found = [
        set(acceptor.agree(request, settings).contexts)
        for settings in (trusting(), echo_only, no_ct, trusting())
    ]
    assert found == [{1, 3}, {1}, {1}, {1, 3}]


def test_a_damaged_proposal_is_damaged_each_time() -> None:
    body = _body(request())
    for _ in range(2):
        with pytest.raises(ProtocolError):
            pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, body[:100])


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number

    remembered: Remembered[int, int] = Remembered(2)
    for number in (1, 2, 1, 3, 1, 2):
        assert remembered.get(number, partial(make, number)) == number
    assert made == [1, 2, 3, 2]
