"""What is done to the listener on the wire, and the A-ABORT it is owed (PS3.8 9.3.8).

After each, the fixture checks that no thread and no half object is left.
"""

from __future__ import annotations

import struct

import pytest

from core.events import AssociationEnded, AssociationRejected
from core.network import pdu
from core.network.command import Field, encode
from core.network.listener import Listener
from tests.core.network.fakes import MemoryArchive, Recorder, Source, wait_until
from tests.core.network.raw import Raw, echo_command, p_data, request, store_command

PROVIDER = 2
UNRECOGNISED, UNEXPECTED, UNEXPECTED_PARAMETER, INVALID = 1, 2, 5, 6


def _still_serves(port: int) -> None:
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(p_data(1, 3, echo_command()))
        assert raw.answer().status == 0


OPENINGS = {
    "unknown type": (struct.pack(">BxI", 0x47, 4) + b"GET ", UNRECOGNISED),
    "http": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", UNRECOGNISED),
    "p-data first": (p_data(1, 3, echo_command()), UNEXPECTED),
    "release first": (pdu.RELEASE_RQ, UNEXPECTED),
    "zero length": (struct.pack(">BxI", 1, 0), INVALID),
    "four gigabytes": (struct.pack(">BxI", 1, 0xFFFFFFF0), INVALID),
    "no items": (struct.pack(">BxI", 1, 68) + request()[6:74], INVALID),
    "items cut short": (struct.pack(">BxI", 1, 100) + request()[6:106], INVALID),
    "garbage items": (struct.pack(">BxI", 1, 168) + request()[6:74] + b"\xff" * 100, INVALID),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_a_broken_opening_is_aborted(
    name: str, port: int, recorder: Recorder, listener: Listener
) -> None:
    data, reason = OPENINGS[name]
    with Raw.connect(port) as raw:
        raw.send(data)
        assert raw.expect_abort() == (PROVIDER, reason)
    recorder.wait(AssociationRejected)
    _still_serves(port)


MESSAGES = {
    "context not accepted": (p_data(99, 3, echo_command()), INVALID),
    "data without command": (p_data(1, 2, b"1234"), UNEXPECTED_PARAMETER),
    "pdv longer than pdu": (p_data(1, 3, echo_command(), lie=1000), INVALID),
    "pdv too short": (struct.pack(">BxIIBB", 4, 6, 1, 1, 3), INVALID),
    "pdu too short": (struct.pack(">BxI", 4, 2) + b"12", INVALID),
    "empty p-data": (struct.pack(">BxI", 4, 0) + p_data(1, 3, echo_command())[:0], INVALID),
    "pdu longer than agreed": (struct.pack(">BxI", 4, 0xFFFFFFF0), INVALID),
    "unknown type": (struct.pack(">BxI", 9, 4) + b"1234", UNRECOGNISED),
    "second request": (request(), UNEXPECTED),
    "release answer": (pdu.RELEASE_RP, UNEXPECTED),
    "command of garbage": (p_data(1, 3, b"\x01\x02\x03\x04\x05\x06\x07\x08\x09"), INVALID),
    "command without fields": (p_data(1, 3, encode({Field.MESSAGE_ID: 1})), INVALID),
    "command without message id": (
        p_data(1, 3, encode({Field.COMMAND_FIELD: 0x30, Field.COMMAND_DATA_SET_TYPE: 0x101})),
        INVALID,
    ),
    "response to nothing": (
        p_data(
            1,
            3,
            encode(
                {
                    Field.COMMAND_FIELD: 0x8030,
                    Field.COMMAND_DATA_SET_TYPE: 0x101,
                    Field.STATUS: 0,
                    Field.MESSAGE_ID_BEING_RESPONDED_TO: 1,
                }
            ),
        ),
        UNEXPECTED,
    ),
    "command without end": (p_data(1, 1, b"\0" * 16000) * 5, INVALID),
    "endless empty command": (p_data(1, 1, b"") * 6000, INVALID),
    "endless empty data": (p_data(3, 3, store_command()) + p_data(3, 0, b"") * 2000, INVALID),
    "foreign fragment in data": (
        p_data(3, 3, store_command()) + p_data(3, 0, b"1234") + p_data(1, 0, b"1234"),
        INVALID,
    ),
    "command in the middle of data": (
        p_data(3, 3, store_command()) + p_data(3, 0, b"1234") + p_data(3, 3, echo_command()),
        INVALID,
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_broken_message_is_aborted(
    name: str, port: int, recorder: Recorder, listener: Listener
) -> None:
    data, reason = MESSAGES[name]
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(data)
        assert raw.expect_abort() == (PROVIDER, reason)
    recorder.wait(AssociationEnded)
    assert listener.associations() == ()
    _still_serves(port)


CUTS = {
    "in a header": b"\x04\0\0",
    "in a command": p_data(3, 3, store_command())[:40],
    "before the data": p_data(3, 3, store_command()),
    "in the data": p_data(3, 3, store_command()) + p_data(3, 0, b"x" * 5000)[:3000],
    "between fragments": p_data(3, 3, store_command()) + p_data(3, 0, b"x" * 5000),
}


@pytest.mark.parametrize("ending", ["close", "abort"])
@pytest.mark.parametrize("name", CUTS)
def test_a_peer_that_goes_leaves_nothing_behind(
    name: str,
    ending: str,
    port: int,
    recorder: Recorder,
    archive: MemoryArchive,
    listener: Listener,
) -> None:
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(CUTS[name])
        if ending == "abort":
            raw.send(pdu.abort(0, 0))
    recorder.wait(AssociationEnded)
    assert archive.instances == []
    assert listener.associations() == ()


def test_half_a_header_is_dropped_by_the_deadline(
    settings: Source, port: int, recorder: Recorder
) -> None:
    settings.station(acse_timeout=0.2)
    with Raw.connect(port) as raw:
        raw.send(b"\x01\0\0")
        raw.expect_close()
    assert "time limit" in recorder.wait(AssociationRejected)[0].reason


def test_a_silent_peer_on_an_open_association_is_dropped(
    settings: Source, port: int, recorder: Recorder
) -> None:
    settings.station(network_timeout=0.2)
    with Raw.connect(port) as raw:
        raw.associate()
        assert raw.expect_abort() == (PROVIDER, 0)
    assert "time limit" in recorder.wait(AssociationEnded)[0].reason


def test_a_peer_that_stops_in_mid_message_is_dropped(
    settings: Source, port: int, archive: MemoryArchive
) -> None:
    settings.station(network_timeout=0.2)
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(p_data(3, 3, store_command()), p_data(3, 0, b"x" * 100)[:50])
        assert raw.expect_abort() == (PROVIDER, 0)
    wait_until(lambda: archive.incoming[0].state == "discarded", "the half object is discarded")


def test_an_endless_object_is_aborted_at_the_limit(
    settings: Source, port: int, archive: MemoryArchive
) -> None:
    settings.station(max_object_mib=1)
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(p_data(3, 3, store_command()))
        fragment = p_data(3, 0, b"x" * 16000)
        for _ in range(70):
            raw.send(fragment)
        assert raw.expect_abort() == (0, 0)
    wait_until(lambda: archive.incoming[0].state == "discarded", "the object is discarded")
    assert len(archive.incoming[0].data) <= 1 << 20


def test_a_message_in_the_smallest_pieces_is_one_message(port: int, archive: MemoryArchive) -> None:
    data = b"\x08\x00\x18\x00UI\x08\x001.2.3.4\x00"
    with Raw.connect(port) as raw:
        raw.associate()
        commands = store_command()
        for index in range(0, len(commands), 2):
            last = index + 2 >= len(commands)
            raw.send(p_data(3, 3 if last else 1, commands[index : index + 2]))
        for index in range(0, len(data), 2):
            raw.send(p_data(3, 2 if index + 2 >= len(data) else 0, data[index : index + 2]))
        assert raw.answer().status == 0
    assert bytes(archive.incoming[0].data) == data


def test_command_and_data_in_one_pdu_are_understood(port: int, archive: MemoryArchive) -> None:
    data = b"\x08\x00\x18\x00UI\x08\x001.2.3.4\x00"
    parts = p_data(3, 3, store_command())[6:] + p_data(3, 2, data)[6:]
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(struct.pack(">BxI", 4, len(parts)), parts)
        assert raw.answer().status == 0
    assert bytes(archive.incoming[0].data) == data


def test_a_peer_that_gives_no_room_for_data_is_aborted(port: int) -> None:
    with Raw.connect(port) as raw:
        raw.send(request(max_pdu=7))
        assert raw.expect_abort() == (PROVIDER, INVALID)


def test_the_smallest_pdu_of_a_peer_is_respected(port: int) -> None:
    with Raw.connect(port) as raw:
        raw.associate(max_pdu=12)
        raw.send(p_data(1, 3, echo_command()))
        commands = b""
        while True:
            kind, body = raw.pdu()
            assert kind == 4
            assert len(body) <= 12
            commands += body[6:]
            if body[5] & 2:
                break
    assert struct.unpack_from("<I", commands, 8)[0] == len(commands) - 12


def test_a_release_is_answered(port: int, recorder: Recorder) -> None:
    with Raw.connect(port) as raw:
        raw.associate()
        raw.send(pdu.RELEASE_RQ)
        assert raw.pdu()[0] == 6
        raw.expect_close()
    assert recorder.wait(AssociationEnded)[0].reason == "released by the peer"
