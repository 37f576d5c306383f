"""A peer that does not do as it should is an answer in words and exit code 3, never a traceback."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from tests.peers.processes import free_port
from tests.tui.commandline import CommandLine, Said


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server on loopback that does `serve` with each connection."""
    done = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    kept = []

    def loop() -> None:
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = server.accept()
                kept.append(connection)
                serve(connection)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        done.set()
        thread.join()
        for connection in kept:
            connection.close()
        server.close()


def ask(cli: CommandLine, verb: str, port: int, *words: str) -> Said:
    return cli(verb, "--aet", "PEER", "--host", "127.0.0.1", "--port", port, *words)


def in_one_line(said: Said, *parts: str) -> None:
    assert said.err.count("\n") == 1, said.err
    assert "Traceback" not in said.err
    for part in parts:
        assert part in said.err


@pytest.mark.parametrize("verb", ["echo", "find"])
def test_a_closed_port(cli: CommandLine, verb: str) -> None:
    said = ask(cli, verb, free_port())
    assert said.code == 3
    in_one_line(said, "refused", "port")


def test_a_move_from_a_closed_port(cli: CommandLine) -> None:
    said = ask(cli, "move", free_port(), "--study", "1.2.3")
    assert said.code == 3
    assert "refused" in said.err


def test_a_name_that_does_not_resolve(cli: CommandLine) -> None:
    said = cli("echo", "--aet", "PEER", "--host", "no-such-host.invalid", "--port", 104)
    assert said.code == 3
    in_one_line(said, "resolve")


def test_a_silent_peer_is_given_up_within_the_time_limit(cli: CommandLine) -> None:
    with listening(lambda _connection: None) as port:
        said = ask(cli, "echo", port)
    assert said.code == 3
    in_one_line(said, "not answered")


def test_a_peer_that_hangs_up(cli: CommandLine) -> None:
    with listening(lambda connection: connection.close()) as port:
        said = ask(cli, "echo", port)
    assert said.code == 3
    in_one_line(said)


def test_a_peer_that_is_no_dicom(cli: CommandLine) -> None:
    def http(connection: socket.socket) -> None:
        connection.settimeout(2)
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with listening(http) as port:
        said = ask(cli, "echo", port)
    assert said.code == 3
    in_one_line(said)


def test_an_abort_says_who_aborted(cli: CommandLine) -> None:
    def abort(connection: socket.socket) -> None:
        connection.settimeout(2)
        connection.recv(65536)
        connection.sendall(bytes([7, 0, 0, 0, 0, 4, 0, 0, 0, 0]))

    with listening(abort) as port:
        said = ask(cli, "echo", port)
    assert said.code == 3
    in_one_line(said, "aborted")


@contextlib.contextmanager
def pynetdicom_peer(ae: AE, *handlers: tuple[evt.EventType, Any]) -> Iterator[int]:
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers))
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()


def test_a_rejection_is_told_in_words(cli: CommandLine) -> None:
    ae = AE(ae_title="OTHER")
    ae.add_supported_context(Verification)
    ae.require_called_aet = True
    with pynetdicom_peer(ae) as port:
        said = ask(cli, "echo", port, "--json")
    assert said.code == 3
    assert said.json["state"] == "rejected"
    in_one_line(said, "AE title we called")


def test_a_peer_without_the_service_is_a_failure_not_a_loss(cli: CommandLine) -> None:
    ae = AE(ae_title="PEER")
    ae.add_supported_context(Verification)
    with pynetdicom_peer(ae) as port:
        said = ask(cli, "find", port)
    assert said.code == 1
    in_one_line(said, "SOP class")


def test_a_failure_status_exits_1_with_its_meaning(cli: CommandLine) -> None:
    ae = AE(ae_title="PEER")
    ae.add_supported_context(StudyRootQueryRetrieveInformationModelFind)

    def fail(_event: evt.Event) -> Iterator[tuple[int, None]]:
        yield 0xC123, None

    with pynetdicom_peer(ae, (evt.EVT_C_FIND, fail)) as port:
        said = ask(cli, "find", port)
    assert said.code == 1
    in_one_line(said, "0xC123", "cannot process")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("echo",), "no peer given"),
        (("echo", "nobody"), "no modality named"),
        (("echo", "--aet", "SEVENTEEN_LETTERS", "--host", "h", "--port", "1"), "17 bytes"),
        (("echo", "--aet", "A", "--host", "h", "--port", "70000"), "1 to 65535"),
        (("find", "--aet", "A", "--host", "h", "--port", "1", "--level", "x"), "no such level"),
        (("find", "--aet", "A", "--host", "h", "--port", "1", "-k", "NoSuchKey"), "NoSuchKey"),
        (("move", "--aet", "A", "--host", "h", "--port", "1"), "nothing named"),
        (("--read-only", "import", "."), "--read-only"),
        (("--log-level", "loud", "list"), "log level"),
        (("echo", "--nosuch"), "--nosuch"),
        (("nosuch",), "nosuch"),
        (("send",), "--help"),
        (("find", "pacs", "--limit", "-1"), "limit"),
        (("preview", "x", "--frame", "a"), "frame"),
    ],
)
def test_misuse_exits_2_in_one_line(cli: CommandLine, words: tuple[str, ...], part: str) -> None:
    said = cli(*words)
    assert said.code == 2, said
    in_one_line(said, part)


def test_a_broken_configuration_exits_2_naming_file_key_and_mend(cli: CommandLine) -> None:
    cli.config.write_text("[station]\nae_titel = 'X'\n")
    said = cli("list")
    assert said.code == 2
    in_one_line(said, str(cli.config), "station.ae_titel", "ae_title")
