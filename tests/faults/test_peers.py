"""Peers that misbehave towards our calls: the answer is in words, the exit code is honest."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.network import command, finding, pdu
from core.network.command import Field, Verb
from tests.core.archive.objects import encode, make
from tests.core.network.fakes import CT, write_object
from tests.core.network.raw import Raw, accept_all, p_data, peer, read_message, respond
from tests.faults.served import PROGRAM, command_line, harmless, one_line, peak_mib
from tests.tui.commandline import CommandLine, Said

EXPLICIT = "1.2.840.10008.1.2.1"
PENDING = 0xFF00
HOSTILE = "Evil^\x1b]52;c;AAAA\x07\x1b[2J[/b][@click=app.exit]\x9b31m"


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return command_line(tmp_path)


def ask(cli: CommandLine, verb: str, port: int, *words: object) -> Said:
    said = cli(verb, "--aet", "PEER", "--host", "127.0.0.1", "--port", port, *words)
    harmless(said.err)
    harmless(said.out)
    return said


# -- C-FIND


def match(number: int) -> bytes:
    return encode(make(f"1.2.{number}", QueryRetrieveLevel="STUDY", PatientName="A" * 40))


def pending(context: int, to: command.Command, data: bytes) -> bytes:
    """One pending response and its identifier, as bytes."""
    fields = command.response(to, PENDING, data_set=True)
    return p_data(context, 3, command.encode(fields)) + p_data(context, 2, data)


def answering(count: int | None, data: bytes) -> Callable[[Raw], None]:
    """A peer that gives so many matches (None: without end), and hears nothing meanwhile."""

    def script(raw: Raw) -> None:
        accept_all(raw)
        context, asked = read_message(raw)
        batch = pending(context, asked, data) * 200
        sent = 0
        while count is None or sent < count:
            raw.send(batch)
            sent += 200
        respond(raw, context, asked, 0)
        read_message(raw)

    return script


def test_a_flood_of_matches_streams_through(cli: CommandLine, tmp_path: Path) -> None:
    """Four times as many take four times as long, and no more memory."""
    out = tmp_path / "out"
    with peer(answering(50_000, match(1))) as port, out.open("w") as stream:
        at = ("--aet", "P", "--host", "127.0.0.1", "--port", port)
        words = cli.words("find", *at, "--json")
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], stdout=stream)
        peak = 0.0
        while process.poll() is None:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, AssertionError):
                peak = peak_mib(process.pid)
    assert process.returncode == 0
    lines = out.read_text().splitlines()
    assert len(lines) == 50_000
    assert json.loads(lines[-1])["values"]["PatientName"] == "A" * 40
    assert 20 < peak < 160


def test_a_find_without_end_is_cut_off_at_the_limit(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no notice of C-CANCEL either."""
    monkeypatch.setattr(finding, "_LIMIT_PATIENCE", 0.5)
    start = time.monotonic()
    with peer(answering(None, match(1))) as port:
        said = ask(cli, "find", port, "--limit", 100, "--json")
    assert said.out.count("\n") == 100
    assert (said.code, said.err) == (0, "")
    assert time.monotonic() - start < 20


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    """One element in explicit VR, whatever it says."""
    value += b" " * (len(value) % 2)
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


IDENTIFIERS = {
    "garbage": bytes(range(256)),
    "half": match(1)[:-7],
    "length beyond the end": b"\x10\x00\x10\x00PN\xff\xffA",
    "no bytes": b"",
    "other syntax": struct.pack("<HHI", 0x10, 0x10, 4) + b"A^B ",
    "no such set": element(8, 5, b"CS", b"NO_SUCH") + element(16, 16, b"PN", b"\xe4\xff"),
    "a set that lies": element(8, 5, b"CS", b"ISO_IR 192") + element(16, 16, b"PN", b"\xff\xe2"),
    "nested deep": b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 300,
    "hostile": element(16, 16, b"PN", HOSTILE.encode("latin-1")),
    "a UID of letters": element(32, 13, b"UI", b"\x1b[2J\n\0"),
    "an unknown VR": element(16, 16, b"\x1b[", b"x"),
}


@pytest.mark.parametrize("words", [("--json",), ()])
def test_identifiers_that_do_not_decode_are_passed_over(
    cli: CommandLine, words: tuple[str, ...]
) -> None:
    def script(raw: Raw) -> None:
        accept_all(raw)
        context, asked = read_message(raw)
        for data in IDENTIFIERS.values():
            raw.send(pending(context, asked, data))
        raw.send(pending(context, asked, match(7)))
        respond(raw, context, asked, 0)
        read_message(raw)

    with peer(script) as port:
        said = ask(cli, "find", port, *words)
    assert said.code == 0, said
    assert "1.2" in said.out.splitlines()[-1]
    if words:
        assert len(said.lines) >= len(IDENTIFIERS) - 1


def test_hostile_words_of_a_peer_are_shown_as_written(cli: CommandLine) -> None:
    def script(raw: Raw) -> None:
        accept_all(raw)
        context, asked = read_message(raw)
        fields = command.response(asked, 0xC001, data_set=False)
        fields[Field.ERROR_COMMENT] = "x\x1b[2J\x07[/b]\x1b]0;t\x07"
        raw.send(p_data(context, 3, command.encode(fields)))
        read_message(raw)

    for words in (("--json",), ()):
        with peer(script) as port:
            said = ask(cli, "find", port, *words)
        assert said.code == 1
        one_line(said.err, "0xC001", "[/b]")


CUTS: dict[str, Callable[[Raw, int, command.Command], None]] = {
    "closes": lambda raw, context, asked: raw.close(),
    "aborts": lambda raw, context, asked: raw.send(pdu.abort(0, 0)),
    "closes in mid-identifier": lambda raw, context, asked: raw.send(
        pending(context, asked, match(1))[:-9]
    ),
    "closes after a match": lambda raw, context, asked: raw.send(pending(context, asked, match(1))),
    "sends garbage": lambda raw, context, asked: raw.send(b"\xff" * 100),
    "answers another": lambda raw, context, asked: respond(
        raw, context, command.decode(command.encode({**vars_of(asked), Field.MESSAGE_ID: 77})), 0
    ),
    "a PDU of 4 GiB": lambda raw, context, asked: raw.send(struct.pack(">BxI", 4, 0xFFFFFFF0)),
    "releases": lambda raw, context, asked: raw.send(pdu.RELEASE_RQ),
}


def vars_of(asked: command.Command) -> dict[Field, Any]:
    return command.request(Verb.C_FIND_RQ, 1, "1.2.840.10008.5.1.4.1.2.2.1", data_set=False)


@pytest.mark.parametrize("name", CUTS)
def test_a_find_cut_off_exits_3(cli: CommandLine, name: str) -> None:
    def script(raw: Raw) -> None:
        accept_all(raw)
        context, asked = read_message(raw)
        CUTS[name](raw, context, asked)

    with peer(script) as port:
        said = ask(cli, "find", port, "--json")
    assert said.code == 3, said
    one_line(said.err)
    if "match" in name:
        assert len(said.lines) == 2, "the match that came, and how it ended"


# -- C-MOVE, as its job tells it


Tell = Callable[[Raw, int, command.Command, Callable[..., None]], None]


def mover(cli: CommandLine, tell: Tell) -> Callable[[Raw], None]:
    """A peer whose C-MOVE is `tell`; it can really send, and answers C-FIND with nothing."""

    def deliver(asked: command.Command, *uids: str) -> None:
        with Raw.connect(cli.port) as raw:
            raw.associate(calling="PEER")
            for uid in uids:
                fields = command.request(Verb.C_STORE_RQ, 1, CT, data_set=True)
                fields[Field.AFFECTED_SOP_INSTANCE_UID] = uid
                fields[Field.MOVE_ORIGINATOR_AE_TITLE] = "MODALITTY"
                fields[Field.MOVE_ORIGINATOR_MESSAGE_ID] = asked.message_id
                raw.send(p_data(3, 3, command.encode(fields)), p_data(3, 2, encode(make(uid))))
                assert raw.answer().status == 0
            raw.send(pdu.RELEASE_RQ)
            raw.pdu()

    def script(raw: Raw) -> None:
        accept_all(raw)
        context, asked = read_message(raw)
        if asked.verb == Verb.C_MOVE_RQ:
            tell(raw, context, asked, lambda *uids: deliver(asked, *uids))
        else:
            respond(raw, context, asked, 0)
        read_message(raw)

    return script


def success_and_nothing(raw: Raw, context: int, asked: command.Command, send: Any) -> None:
    respond(raw, context, asked, 0)


def success_of_three_and_nothing(raw: Raw, context: int, asked: command.Command, send: Any) -> None:
    respond(raw, context, asked, 0, COMPLETED=3, FAILED=0, WARNING=0)


def no_pending(raw: Raw, context: int, asked: command.Command, send: Any) -> None:
    send("1.2.1", "1.2.2")
    respond(raw, context, asked, 0)


def wrong_counters(raw: Raw, context: int, asked: command.Command, send: Any) -> None:
    respond(raw, context, asked, PENDING, REMAINING=65535, COMPLETED=65535, FAILED=0, WARNING=0)
    send("1.2.1", "1.2.2")
    respond(raw, context, asked, PENDING, REMAINING=0, COMPLETED=0, FAILED=0, WARNING=65535)
    respond(raw, context, asked, 0, COMPLETED=9, FAILED=0, WARNING=0)


def dropped_midway(raw: Raw, context: int, asked: command.Command, send: Any) -> None:
    respond(raw, context, asked, PENDING, REMAINING=4, COMPLETED=0, FAILED=0, WARNING=0)
    send("1.2.1", "1.2.2")
    raw.close()


def failed_list(raw: Raw, context: int, asked: command.Command, send: Any) -> None:
    send("1.2.1")
    uid = b"1.2.2\x1b[2J".ljust(10, b"\0")
    data = struct.pack("<HH2sH", 8, 0x58, b"UI", len(uid)) + uid
    respond(raw, context, asked, 0xB000, data, COMPLETED=1, FAILED=1, WARNING=0)


def garbage_list(raw: Raw, context: int, asked: command.Command, send: Any) -> None:
    send("1.2.1")
    respond(raw, context, asked, 0xB000, b"\xff" * 99 + b"\0", COMPLETED=1, FAILED=1, WARNING=0)


def unknown_destination(raw: Raw, context: int, asked: command.Command, send: Any) -> None:
    respond(raw, context, asked, 0xA801)


LIES: dict[Tell, tuple[int, str, int]] = {
    success_and_nothing: (1, "failed", 0),
    success_of_three_and_nothing: (1, "failed", 0),
    no_pending: (0, "done", 2),
    wrong_counters: (4, "partial", 2),
    dropped_midway: (4, "partial", 2),
    failed_list: (4, "partial", 1),
    garbage_list: (4, "partial", 1),
    unknown_destination: (1, "failed", 0),
}


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_move_says_what_arrived_and_not_what_was_claimed(cli: CommandLine, lie: Tell) -> None:
    code, state, arrived = LIES[lie]
    with peer(mover(cli, lie)) as port:
        said = ask(cli, "move", port, "--study", "1.2", "--json")
    job = said.json
    assert (job["state"], job["arrived"]) == (state, arrived), job
    assert said.code == code, job
    held = cli("list", "--level", "instance", "--json")
    assert held.out.count("\n") == arrived
    if state != "done":
        assert said.err.startswith("modalitty: ")
        assert job["note"] or job["failures"] or job["outcome"]["meaning"]


# -- what answers there is no DICOM


def test_tls_where_plain_is_expected(cli: CommandLine) -> None:
    def script(raw: Raw) -> None:
        raw.read(6)
        raw.send(bytes.fromhex("15030100020246"))

    with peer(script) as port:
        for verb in ("echo", "find"):
            said = ask(cli, verb, port)
            assert said.code == 3
            one_line(said.err, "TLS")


def test_a_peer_that_floods_instead_of_accepting(cli: CommandLine) -> None:
    def script(raw: Raw) -> None:
        for _ in range(400):
            raw.send(b"\x02\0\xff\xff\xff\xf0" + b"\0" * 65536)

    with peer(script) as port:
        said = ask(cli, "echo", port)
    assert said.code == 3
    one_line(said.err)


def test_a_send_to_a_peer_that_answers_nonsense(cli: CommandLine, tmp_path: Path) -> None:
    path = write_object(tmp_path, "1.2.3.4")
    answers: tuple[tuple[Callable[..., None], int], ...] = (
        (lambda raw, context, asked: respond(raw, context, asked, 0xA700), 1),
        (lambda raw, context, asked: respond(raw, context, asked, 0x1234), 1),
        (lambda raw, context, asked: raw.send(b"\xff" * 50), 3),
        (lambda raw, context, asked: raw.close(), 3),
    )
    for answer, code in answers:

        def script(raw: Raw, answer: Callable[..., None] = answer) -> None:
            accept_all(raw)
            context, asked = read_message(raw)
            answer(raw, context, asked)
            read_message(raw)

        with peer(script) as port:
            cli(
                "modalities", "add", f"p{port}", "--aet", "P", "--host", "127.0.0.1", "--port", port
            )
            said = cli("send", f"p{port}", path, "--json")
        harmless(said.err)
        assert said.code == code, said
        assert said.json["state"] == "failed"


def test_a_reset_in_mid_handshake(cli: CommandLine) -> None:
    def script(raw: Raw) -> None:
        raw.read(6)
        raw.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with peer(script) as port:
        said = ask(cli, "echo", port)
    assert said.code == 3
    one_line(said.err)
