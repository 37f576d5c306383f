"""The doctor names the rung that broke, and what to do, where no DICOM peer need be running."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from core.model import Modality, Verdict
from core.station import Station
from tests.core.doctor.examined import at, examined, greet, server, speak_http, stay_silent
from tests.peers.processes import free_port
from tests.tui.console import open_station, write_studies


def test_a_name_that_does_not_resolve_ends_the_climb(me: Station) -> None:
    peer = Modality(ae_title="PEER", host="no.such.host.invalid", port=104)
    found = examined(me, peer)
    assert found["name"].verdict is Verdict.BAD
    assert "does not resolve" in found["name"].seen
    assert "TCP" in found["rest"].seen, "what was not tried is said"
    assert "association" not in found
    assert "callers" in found, "the other direction is looked at in any case"


def test_a_closed_port_is_told_from_a_host_that_is_away(me: Station) -> None:
    found = examined(me, at(free_port()))
    assert found["tcp"].verdict is Verdict.BAD
    assert "refused" in found["tcp"].seen
    assert found["tcp"].outcome is not None
    assert "echo" not in found


def test_a_silent_port_is_told(me: Station) -> None:
    with server(stay_silent) as port:
        found = examined(me, at(port))
    assert found["tcp"].verdict is Verdict.GOOD
    assert found["association"].verdict is Verdict.BAD
    assert "not answered" in found["association"].seen
    assert found["speaks"].verdict is Verdict.UNKNOWN
    assert "neither DICOM, TLS nor HTTP" in found["speaks"].seen


def test_a_web_port_is_told(me: Station) -> None:
    with server(speak_http) as port:
        found = examined(me, at(port))
    assert "web server" in found["speaks"].seen
    assert "4242" in found["speaks"].advice


def test_a_port_that_greets_is_quoted(me: Station) -> None:
    with server(greet) as port:
        assert "SSH-2.0" in examined(me, at(port))["speaks"].seen


def test_cancel_ends_it_soon_and_leaves_no_connection(me: Station) -> None:
    me.change("station.acse_timeout", 60)
    arrived = threading.Event()
    gone = threading.Event()

    def hang(connection: socket.socket) -> None:
        with connection:
            if connection.recv(1):
                arrived.set()
            stay_silent(connection)
        gone.set()

    with server(hang) as port:
        cancel = threading.Event()
        found: list[str] = []
        examining = threading.Thread(
            target=lambda: found.extend(f.check for f in me.doctor.examine(at(port), cancel))
        )
        examining.start()
        assert arrived.wait(10)
        start = time.monotonic()
        cancel.set()
        examining.join(10)
        assert not examining.is_alive()
        assert time.monotonic() - start < 10, "the limit of 60 s was not waited for"
        assert gone.wait(10)
    assert "speaks" not in found
    assert "callers" not in found


@pytest.mark.parametrize("title", ["ME", "me"])
def test_a_peer_that_minds_the_case_of_its_title_is_found_out(me: Station, title: str) -> None:
    port = me.listen()
    found = examined(me, at(port, title))
    if title == "ME":
        assert found["association"].verdict is Verdict.GOOD
        assert found["echo"].verdict is Verdict.GOOD
    else:
        assert found["association"].verdict is Verdict.BAD
        assert 'AE title of this modality to "ME"' in found["association"].advice


def test_our_listener_is_called_as_the_peer_would_call_it(me: Station) -> None:
    closed = examined(me, at(free_port()))["listener"]
    assert closed.verdict is Verdict.ODD
    assert "nobody listens" in closed.seen
    port = me.listen()
    found = examined(me, at(free_port()))["listener"]
    assert found.verdict is Verdict.GOOD
    assert f'AE title "ME", host 127.0.0.1, port {port}' in found.means


def test_a_peer_that_knows_us_not_as_destination_is_told_by_a801(
    me: Station, tmp_path: Path
) -> None:
    with open_station(tmp_path / "pacs", "PACS", None) as pacs:
        pacs.change("station.accept.unknown_callers", "accept")
        port = pacs.listen()
        write_studies(tmp_path / "files", 1)
        assert pacs.jobs.wait(pacs.jobs.import_files([tmp_path / "files"]).id, 20).arrived

        found = examined(me, at(port, "PACS"))["move"]
        assert found.verdict is Verdict.BAD
        assert "0xA801" in found.seen
        assert 'register us there: AE title "ME"' in found.advice

        pacs.modalities.put(Modality(name="me", ae_title="ME", host="127.0.0.1", port=me.listen()))
        found = examined(me, at(port, "PACS"))["move"]
        assert found.verdict is Verdict.GOOD
        assert 'knows the destination "ME"' in found.seen
        assert me.archive.statistics().instances == 0, "nothing moved"
