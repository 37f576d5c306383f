"""Requests that stretch the standard, byte by byte, as old and odd devices make them."""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from core.events import AssociationOpened, AssociationRejected
from core.model import Level, Match, OutcomeState, Query
from core.network import command, pdu
from core.network.contexts import IMPLICIT_LE, VERIFICATION
from core.network.scu import Caller
from tests.core.network.fakes import Recorder, Source
from tests.core.network.raw import (
    Raw,
    echo_command,
    p_data,
    peer,
    read_message,
    respond,
)

MAX_LENGTH, CLASS_UID = 0x51, 0x52


def item(kind: int, data: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(data)) + data


def context(number: int, abstract: str = VERIFICATION, syntax: str = IMPLICIT_LE) -> bytes:
    names = item(0x30, abstract.encode()) + item(0x40, syntax.encode())
    return item(0x20, bytes((number, 0, 0, 0)) + names)


BASIC = item(MAX_LENGTH, struct.pack(">I", 16384)) + item(CLASS_UID, b"1.2.3.4")


def request(
    called: bytes = b"MODALITTY       ",
    calling: bytes = b"ODD             ",
    contexts: Sequence[bytes] = (context(1),),
    user: bytes = BASIC,
) -> bytes:
    fixed = struct.pack(">HH", 1, 0) + called + calling + bytes(32)
    application = item(0x10, b"1.2.840.10008.3.1.1.1")
    body = fixed + application + b"".join(contexts) + item(0x50, user)
    return struct.pack(">BxI", 1, len(body)) + body


def echo(raw: Raw, number: int = 1, commands: bytes = b"") -> int:
    raw.send(p_data(number, 3, commands or echo_command()))
    return message(raw).status


def message(raw: Raw) -> command.Command:
    """The next command set, in however many PDUs it comes."""
    whole, last = b"", False
    while not last:
        kind, body = raw.pdu()
        assert kind == 4, f"a PDU of type {kind}: {body!r}"
        whole += body[6:]
        last = bool(body[5] & 2)
    return command.decode(whole)


@pytest.mark.parametrize(
    ("called", "calling"),
    [
        (b"MODALITTY\0\0\0\0\0\0\0", b"ODD\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        (b"  MODALITTY     ", b"             ODD"),
        (b"MODALITTY\0garba ", b"ODD \0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    ],
)
def test_titles_may_be_filled_up_with_anything(
    called: bytes, calling: bytes, port: int, recorder: Recorder
) -> None:
    with Raw.connect(port) as raw:
        raw.send(request(called, calling))
        kind, _ = raw.pdu()
        assert kind == 2
        assert echo(raw) == 0
    assert recorder.wait(AssociationOpened)[0].association.peer == "ODD"


@pytest.mark.parametrize(
    "calling", [bytes(16), b" " * 16, b"A\\B".ljust(16), b"A\x1b]52;c".ljust(16)]
)
def test_a_caller_without_a_title_is_rejected_and_not_aborted(
    calling: bytes, port: int, recorder: Recorder
) -> None:
    with Raw.connect(port) as raw:
        raw.send(request(calling=calling))
        kind, body = raw.pdu()
    assert (kind, tuple(body[1:])) == (3, (1, 1, 3))
    assert "AE title" in recorder.wait(AssociationRejected)[0].reason


def test_a_call_of_nobody_is_rejected_or_taken_as_the_settings_say(
    port: int, settings: Source
) -> None:
    with Raw.connect(port) as raw:
        raw.send(request(called=bytes(16)))
        kind, body = raw.pdu()
    assert (kind, tuple(body[1:])) == (3, (1, 1, 7))
    accept = replace(settings.current.station.accept, check_called_ae_title=False)
    settings.station(accept=accept)
    for called in (bytes(16), b"\x01\xe9\\".ljust(16)):
        with Raw.connect(port) as raw:
            raw.send(request(called=called))
            kind, _ = raw.pdu()
            assert kind == 2, called
            assert echo(raw) == 0


@pytest.mark.parametrize(
    "user",
    [
        b"",
        item(CLASS_UID, b"1.2.3.4"),
        BASIC[:8],  # without implementation class UID
        BASIC + item(0x55, b"ABCDEFGHIJKLMNOP"),
        BASIC + item(0x55, b"A_NAME_OF_TWENTY_LETTERS"),
        BASIC + item(0x55, b"ABC\0\0\0\0\0"),
        BASIC + item(0x55, b"\xff\xfe\x1b"),
        BASIC[:8] + item(CLASS_UID, b"1." + b"2" * 70),
        BASIC + item(0x53, struct.pack(">HH", 5, 0)),
        BASIC + item(0x53, b"\0"),
        BASIC + item(0x57, b"\0\x09abc"),
        BASIC + item(0x58, b"\x02\x01\0\4user\0\4pass"),
        BASIC + item(0x58, b"\x09\x01\0\4user\0\4pass"),
        BASIC + item(0x5B, b"of a standard to come"),
    ],
)
def test_what_a_peer_tells_of_itself_does_not_cost_it_the_association(
    user: bytes, port: int
) -> None:
    with Raw.connect(port) as raw:
        raw.send(request(user=user))
        kind, _ = raw.pdu()
        assert kind == 2
        assert echo(raw) == 0


def test_128_contexts_are_answered_one_by_one(port: int) -> None:
    others = [context(2 * n + 1, f"1.2.840.10008.5.1.4.1.1.{n}") for n in range(127)]
    with Raw.connect(port) as raw:
        raw.send(request(contexts=[*others, context(255)]))
        kind, body = raw.pdu()
        assert kind == 2
        answers = pdu.decode_associate(kind, memoryview(body)).contexts
        assert [cx.context_id for cx in answers] == list(range(1, 256, 2))
        assert echo(raw, 255) == 0


@pytest.mark.parametrize("size", [0, 8, 9, 17, 4096, 4097, 2**32 - 1])
def test_no_answer_is_longer_than_the_peer_takes(size: int, port: int) -> None:
    with Raw.connect(port) as raw:
        raw.send(request(user=item(MAX_LENGTH, struct.pack(">I", size)) + BASIC[8:]))
        assert raw.pdu()[0] == 2
        raw.send(p_data(1, 3, echo_command()))
        lengths, last = [], False
        while not last:
            kind, body = raw.pdu()
            assert kind == 4
            lengths.append(len(body))
            last = bool(body[5] & 2)
        assert not size or max(lengths) <= size


def element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0, number, len(value)) + value


_UID = element(0x0002, VERIFICATION.encode() + b"\0")
_ECHO = element(0x0100, b"\x30\0") + element(0x0110, b"\7\0") + element(0x0800, b"\1\1")


@pytest.mark.parametrize(
    "commands",
    [
        _UID + _ECHO,
        element(0, struct.pack("<I", 9999)) + _UID + _ECHO,
        _ECHO + _UID + element(0, bytes(4)),
        element(0x0001, bytes(4)) + _UID + element(0x0010, b"ACR-NEMA 2.0") + _ECHO,
        element(0x0002, VERIFICATION.encode()) + _ECHO,
        element(0x0002, VERIFICATION.encode() + b" ") + _ECHO + bytes(8),
        _ECHO + element(0x5010, b"x "),
    ],
    ids=["no group length", "wrong", "last", "of ACR-NEMA", "odd", "padded", "extra"],
)
def test_command_sets_of_every_fashion(commands: bytes, port: int) -> None:
    with Raw.connect(port) as raw:
        raw.send(request())
        assert raw.pdu()[0] == 2
        raw.send(p_data(1, 3, commands))
        answer = raw.answer()
    assert (answer.status, answer.responds_to) == (0, 7)


def test_requests_of_two_contexts_in_one_pdu(port: int) -> None:
    with Raw.connect(port) as raw:
        raw.send(request(contexts=[context(1), context(3)]))
        assert raw.pdu()[0] == 2
        values = b"".join(p_data(n, 3, echo_command(n))[6:] for n in (1, 3))
        raw.send(struct.pack(">BxI", 4, len(values)) + values)
        assert [raw.answer().responds_to for _ in range(2)] == [1, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux acknowledges on request")
def test_peers_that_write_piece_by_piece_are_not_held_up(port: int) -> None:
    """Nagle's algorithm holds the second piece back until the first is acknowledged: 40 ms."""
    with Raw.connect(port) as raw:
        raw.send(request())
        assert raw.pdu()[0] == 2
        whole = p_data(1, 3, echo_command())

        def seconds(*pieces: bytes) -> float:
            start = time.monotonic()
            for _ in range(50):
                for piece in pieces:
                    raw.send(piece)
                assert raw.answer().status == 0
            return time.monotonic() - start

        at_once = seconds(whole)
        assert seconds(whole[:6], whole[6:]) < at_once + 1.0, "held up each time it is 2 s more"


def acceptance(titles: bytes = b" " * 32, syntax: bytes = IMPLICIT_LE.encode()) -> bytes:
    """An A-ASSOCIATE-AC of context 1."""
    names = item(0x40, syntax) if syntax else b""
    items = item(0x10, b"1.2.840.10008.3.1.1.1") + item(0x21, bytes((1, 0, 0, 0)) + names)
    body = struct.pack(">HH", 1, 0) + titles + bytes(32) + items + item(0x50, BASIC)
    return struct.pack(">BxI", 2, len(body)) + body


_PATIENT = bytes.fromhex("1000100004000000") + b"A^B "
_NO_ITEMS = bytes.fromhex("08001011ffffffff") + bytes.fromhex("feffdde000000000")


@pytest.mark.parametrize("titles", [bytes(32), b"\xff" * 32, b" " * 32])
def test_the_titles_of_an_acceptance_do_not_matter(
    titles: bytes, caller: Caller, settings: Source
) -> None:
    """PS3.8 9.3.3: the fields are reserved, and not to be tested."""

    def script(raw: Raw) -> None:
        raw.pdu()
        raw.send(acceptance(titles=titles))
        number, asked = read_message(raw)
        respond(raw, number, asked, 0)
        read_message(raw)

    with peer(script) as at:
        assert caller.echo(settings.modality("odd", at)).ok


def test_an_acceptance_without_a_transfer_syntax_is_told_in_words(
    caller: Caller, settings: Source
) -> None:
    def script(raw: Raw) -> None:
        raw.pdu()
        raw.send(acceptance(syntax=b""))
        read_message(raw)

    with peer(script) as at:
        outcome = caller.echo(settings.modality("odd", at))
    assert outcome.state is OutcomeState.FAILED
    assert "without naming a transfer syntax" in outcome.meaning


@pytest.mark.parametrize(
    "identifier",
    [
        _PATIENT + bytes.fromhex("fcfffcff020000000000"),
        _NO_ITEMS + _PATIENT,
        bytes.fromhex("1000000004000000") + b"\1\2\3\4" + _PATIENT,
        bytes.fromhex("1000100003000000") + b"A^B",
    ],
    ids=["trailing padding", "undefined length", "group length", "odd length"],
)
def test_matches_of_every_fashion_are_read(
    identifier: bytes, caller: Caller, settings: Source
) -> None:
    def script(raw: Raw) -> None:
        raw.pdu()
        raw.send(acceptance())
        number, asked = read_message(raw)
        respond(raw, number, asked, 0xFF00, identifier)
        respond(raw, number, asked, 0)
        read_message(raw)

    with peer(script) as at:
        modality = settings.modality("odd", at)
        items = list(caller.find(modality, Query(level=Level.STUDY, keys={"PatientName": ""})))
    assert [item.values["PatientName"] for item in items if isinstance(item, Match)] == ["A^B"]
    assert items[-1].state is OutcomeState.OK
