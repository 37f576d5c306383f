"""The first run: three questions, checked as one types, then the console; or none of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from core.model import Modality
from core.settings_file import SettingsStore, shipped_config_path
from core.station import Station
from tests.peers.processes import free_port
from tests.tui.console import text_of, until, until_shown
from tui.app import ModalittyApp
from tui.opening import opening
from tui.screens.first_run import FirstRun


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A station of a user who has no configuration yet."""
    shipped = tmp_path / "shipped.toml"
    text = shipped_config_path().read_text().replace('host = "0.0.0.0"', 'host = "127.0.0.1"')
    shipped.write_text(text.replace("port = 11112", f"port = {free_port()}"))
    store = SettingsStore.open(shipped)
    store.path = tmp_path / "new" / "config.toml"
    with Station.open(store, tmp_path / "data") as new:
        yield new


def console(station: Station) -> ModalittyApp:
    return ModalittyApp(station, start=opening(station, asks=True))


IDS = {
    "title": "own-ae-title",
    "port": "own-port",
    "name": "name",
    "peer_title": "ae_title",
    "peer_host": "host",
    "peer_port": "port",
}


def fill(app: ModalittyApp, **values: str) -> None:
    for key, value in values.items():
        app.screen.query_one(f"#{IDS[key]}", Input).value = value


async def test_the_answers_are_written_with_the_comments_and_count_at_once(
    station: Station,
) -> None:
    app, port = console(station), free_port()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "Welcome to Modalitty", "Skip writes nothing")
        assert station.listening is None
        fill(app, title="ME", port=str(port), peer_title="PACS 1", peer_host="127.0.0.1")
        fill(app, peer_port="104")
        await pilot.press("enter")
        await until(pilot, lambda: station.listening, "the listener")
        await until_shown(pilot, f"ME ● 127.0.0.1:{port}", "pacs-1", "Wrote")
    text = station.config_path.read_text()
    assert 'ae_title = "ME"' in text
    assert "# The listener's TCP port" in text
    pacs = Modality(name="pacs-1", ae_title="PACS 1", host="127.0.0.1", port=104)
    assert SettingsStore.open(station.config_path).current.modalities == {"pacs-1": pacs}


async def test_what_is_wrong_is_said_as_one_types_and_keeps_it_from_being_saved(
    station: Station,
) -> None:
    app = console(station)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        async with app.run_test(size=(80, 24)) as pilot:
            await until_shown(pilot, "Welcome to Modalitty")
            fill(app, title="FAR\\TOO_LONG_A_TITLE", port=str(other.getsockname()[1]))
            await until_shown(pilot, "✖ Our AE title:", "address already in use")
            await pilot.press("enter")
            await until(pilot, lambda: app.focused and app.focused.id == "own-ae-title")
            fill(app, title="ME", name="pacs", peer_host="a b", peer_port="99999")
            await until_shown(pilot, "its host:", "its port:")
            await pilot.press("enter")
            await until_shown(pilot, "its AE title:")
            assert isinstance(app.screen, FirstRun)
    assert not station.config_path.exists()


@pytest.mark.parametrize("way", ["escape", "#skip"])
async def test_skipping_writes_nothing_and_the_console_goes_on(station: Station, way: str) -> None:
    app = console(station)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "Welcome to Modalitty")
        await (pilot.click(way) if way.startswith("#") else pilot.press(way))
        await until_shown(pilot, "no modalities yet")
        await until(pilot, lambda: "opening" not in text_of(app), "the end of the start")
        assert not isinstance(app.screen, FirstRun)
    assert not station.config_path.exists()
