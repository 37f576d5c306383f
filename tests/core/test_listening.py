"""The listener moves with the settings of its address, whoever changes them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.archive.archive import Archive
from core.errors import ListenError, SettingsError, UsageError
from core.station import Station
from tests.core.test_transfers import as_modality, station_at
from tests.peers.processes import answers, free_port


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with station_at(tmp_path / "me", "ME") as made:
        yield made


def test_the_listener_moves_to_the_port_it_is_given(station: Station) -> None:
    assert station.listening is not None
    before = station.listening[1]
    after = free_port()
    station.change("station.port", after)
    assert station.listening == ("127.0.0.1", after)
    assert station.echo(as_modality(station, "me")).ok
    assert not answers(before)


def test_it_moves_to_another_address(station: Station) -> None:
    port = station.settings.station.port
    station.change("station.host", "127.0.0.2")
    assert station.listening == ("127.0.0.2", port)
    with socket.create_connection(("127.0.0.2", port), timeout=5):
        assert not answers(port)


def test_what_is_no_address_leaves_it_alone(station: Station) -> None:
    listener = station._listener
    station.change("station.dimse_timeout", 20)
    station.change("station.port", station.settings.station.port)
    with pytest.raises(SettingsError):
        station.change("station.port", 70000)
    assert station._listener is listener
    assert station.echo(as_modality(station, "me")).ok


def test_one_that_nobody_opened_stays_closed(station: Station) -> None:
    station.stop_listening()
    station.change("station.port", free_port())
    assert station.listening is None


def test_a_port_that_is_taken_is_told_and_another_opens_it_again(station: Station) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(ListenError):
            station.change("station.port", taken.getsockname()[1])
        assert station.listening is None
        port = free_port()
        station.change("station.port", port)
    assert station.listening == ("127.0.0.1", port)


def test_who_closes_while_the_listener_is_loaded_leaves_no_port_open(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.stop_listening()
    monkeypatch.setattr(Archive, "make_ready", lambda _: station.close())
    with pytest.raises(UsageError, match="closed"):
        station.listen(patience=0.1)
    assert station.listening is None
    assert not answers(station.settings.station.port)
