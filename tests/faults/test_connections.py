"""Connections that are no calls: the station stays up, small, and open for everybody else."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.archive.objects import encode, make
from tests.core.network.raw import Raw, echo_command, p_data, request, store_command
from tests.faults.served import Served, command_line, leftovers, objects
from tests.peers.processes import eventually

PEAK_MIB = 200
"""A station at rest has about 100."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One station for all of them: what one leaves behind, the next one meets."""
    folder = tmp_path_factory.mktemp("connections")
    cli = command_line(folder, acse_timeout=1, network_timeout=1, max_object_mib=2)
    with Served(cli) as station:
        assert station.store() == 0
        yield station


@pytest.mark.parametrize("count", [11, 50, 200])
def test_silent_connections_lock_nobody_out(served: Served, count: int) -> None:
    before = served.held
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
        served.serves()
        assert served.store() == 0
        assert served.held.threads < before.threads + 64
    served.back_to(before)
    assert served.peak_mib < PEAK_MIB


def test_silent_and_slow_openings_end_by_themselves(served: Served) -> None:
    before = served.held
    with contextlib.ExitStack() as stack:
        callers = [stack.enter_context(Raw.connect(served.port)) for _ in range(20)]
        for number, raw in enumerate(callers):
            raw.send(request()[: number * 5])
        served.serves()
        for raw in callers:
            raw.expect_close()
    served.back_to(before)


def test_a_slow_drip_gains_no_time(served: Served) -> None:
    """One byte now and then would hold a thread for ever, were each byte a new beginning."""
    before = served.held
    opening = request()
    with Raw.connect(served.port) as raw:
        sent = 0

        def dripped_dry() -> bool:
            nonlocal sent
            try:
                raw.send(opening[sent : sent + 1])
                sent += 1
                served.back_to(before)
            except (OSError, AssertionError):
                return True
            return served.held.threads <= before.threads

        eventually(dripped_dry, 5, what="the dripping caller to be dropped")
    assert sent < len(opening)
    served.back_to(before)


BROKEN = {
    "four gigabytes first": struct.pack(">BxI", 1, 0xFFFFFFF0) + b"\0" * 65536,
    "nothing in it": struct.pack(">BxI", 1, 0),
    "data first": p_data(1, 3, echo_command()),
    "release first": struct.pack(">BxI4x", 5, 4),
    "unknown type": b"\xff" * 64,
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tls": bytes.fromhex("16030100c8010000c40303") + bytes(range(200)),
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "zeros": b"\0" * 4096,
}


def test_broken_openings_one_after_another(served: Served) -> None:
    before = served.held
    for data in BROKEN.values():
        with Raw.connect(served.port) as raw:
            raw.send(data)
            raw.expect_abort()
    served.serves()
    served.back_to(before)
    assert served.peak_mib < PEAK_MIB


def test_every_cut_of_a_store_leaves_nothing(served: Served) -> None:
    """The caller goes at any byte of a message; nothing of it is held, and no thread stays."""
    before = served.held
    whole = p_data(3, 3, store_command("1.9.9")) + p_data(3, 0, b"x" * 300)
    for cut in range(1, len(whole), 29):
        with Raw.connect(served.port) as raw:
            raw.associate()
            raw.send(whole[:cut])
    served.back_to(before)
    assert leftovers(served.cli) == []
    assert not any(path.stem == "1.9.9" for path in objects(served.cli))
    served.serves()


def test_a_caller_that_resets_before_the_answer_tells_no_lie(served: Served) -> None:
    """After the last byte the object is whole: index and disk agree on it, answered or not."""
    before = served.held
    for number in range(10):
        uid = f"1.7.{number}"
        raw = Raw.connect(served.port)
        raw.associate()
        raw.send(p_data(3, 3, store_command(uid)), p_data(3, 2, encode(make(uid))))
        raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()
    served.serves()  # connections are taken in turn: all ten are at work by now
    served.back_to(before)
    assert leftovers(served.cli) == []
    assert {row["SOPInstanceUID"] for row in served.rows()} == {
        path.stem for path in objects(served.cli)
    }
    assert served.cli("check").code == 0


@pytest.mark.parametrize("fragment", [0, 2, 16000])
def test_a_message_without_end_is_cut_off(served: Served, fragment: int) -> None:
    before = served.held
    with Raw.connect(served.port) as raw:
        raw.associate()
        raw.send(p_data(3, 3, store_command()))
        piece = p_data(3, 0, b"x" * fragment) * (1 + 65536 // (fragment + 12))
        # What still comes after the A-ABORT is read for a second, so that the peer may see it.
        deadline = time.monotonic() + 5
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline:
                raw.send(piece)
            pytest.fail("a message without end was read for 5 seconds")
    served.back_to(before)
    assert leftovers(served.cli) == []
    assert served.peak_mib < PEAK_MIB
    served.serves()


def _is_let_in(port: int) -> bool:
    with Raw.connect(port) as raw:
        raw.send(request())
        return raw.pdu()[0] == 2


def test_a_flood_of_calls_from_one_address_is_told_no_in_dicom(served: Served) -> None:
    """Over the limit for an address: A-ASSOCIATE-RJ (transient), and a place is free again soon."""
    before = served.held
    accepted, rejected = [], 0
    with contextlib.ExitStack() as stack:
        for _ in range(36):
            raw = stack.enter_context(Raw.connect(served.port))
            raw.send(request())
            kind, body = raw.pdu()
            if kind == 2:
                accepted.append(raw)
                continue
            assert (kind, body[1]) == (3, 2), "a rejection that says: later"
            rejected += 1
        assert len(accepted) == 24
        assert rejected == 12
        accepted[0].close()
        eventually(lambda: _is_let_in(served.port), what="the place to be free again")
    served.back_to(before)


TITLES = {
    "not ours": (b"RAW", b"NOT_ME"),
    "not known": (b"NOBODY", b"MODALITTY"),
    "for a terminal": (b"\x1b]0;x\x07\x1b[2J\x9b", b"MODALITTY"),
    "not ASCII": (b"\xff\xfe\xe2\x80\xae", b"\xff" * 16),
    "empty": (b"", b""),
    "nul": (b"\0" * 16, b"MODALITTY\0\0"),
}


def test_titles_that_do_not_fit_are_rejected_for_good(tmp_path: Path) -> None:
    cli = command_line(tmp_path, **{"accept.unknown_callers": "refuse"})
    with Served(cli, "--log-level", "debug", quiet=False) as served:
        before = served.held
        for calling, called in TITLES.values():
            with Raw.connect(cli.port) as raw:
                opening = bytearray(request())
                opening[10:42] = called.ljust(16) + calling.ljust(16)
                raw.send(bytes(opening))
                kind, body = raw.pdu()
                # What is no AE title at all is a broken opening, and aborted as one.
                proper = called and (calling + called).isascii() and b"\0" not in calling + called
                assert kind == 3 or not proper or b"\x1b" in calling
                assert kind == 7 or body[1] == 1
                raw.expect_close()
        served.back_to(before)
