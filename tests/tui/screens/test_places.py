"""What holds for all places: any size, quitting, settings, traffic, the listener."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import fields, replace
from textual.color import Color

from core.settings import Settings
from tests.peers.processes import free_port
from tests.tui.console import Pair, pair, paste, text_of, until, until_shown, write_studies
from tui.app import ModalittyApp
from tui.commands import MODES
from tui.screens.settings import ENTRIES
from tui.widgets.row_table import RowTable


@pytest.mark.parametrize("size", [(20, 5), (250, 60)])
async def test_every_place_stands_any_size(stations: Pair, size: tuple[int, int]) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=size, notifications=True) as pilot:
        for number, place in enumerate(MODES, 1):
            await pilot.press(str(number))
            await pilot.pause()
            assert app.current_mode == place.value
        await pilot.press("question_mark")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.resize_terminal(80, 24)
        await until_shown(pilot, "6 Settings", "q Quit")


async def test_resize_to_nearly_nothing_and_back_keeps_the_rows(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "r")
        await until_shown(pilot, "● 2 studies in")
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await until_shown(pilot, "● 2 studies in", "study 2")


async def test_quit_asks_while_a_transfer_runs(stations: Pair, tmp_path: Path) -> None:
    write_studies(tmp_path / "new", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        stations.me.modalities.put(replace(stations.pacs_modality, name="mute", port=port))
        job = stations.me.jobs.send(stations.me.modalities.get("mute"), paths=[tmp_path / "new"])
        app = ModalittyApp(stations.me)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until_shown(pilot, "1 job")
            await pilot.press("q")
            await until_shown(pilot, "Leaving stops them")
            await pilot.press("enter", "3")
            await until_shown(pilot, "▶ running", "0/4")
            await pilot.press("x", "right", "enter")
            await until(
                pilot, lambda: stations.me.jobs.one(job.id).state.ended, "the end of the job"
            )
            await until_shown(pilot, "– cancelled")
            await pilot.press("ctrl+q")
            await until(pilot, lambda: not app.is_running, "the end of the app")


async def test_ctrl_c_does_not_quit_but_says_what_does(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("ctrl+c")
        await until_shown(pilot, "q or Ctrl+Q quits.")
        assert app.is_running


async def test_settings_are_changed_and_refused_here(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("6")
        await until_shown(pilot, "station.ae_title", str(stations.me.config_path)[:40])
        await pilot.press("enter")
        await until_shown(pilot, "enter Save")
        await paste(pilot, "ME_AND_MUCH_TOO_LONG")
        await pilot.press("enter")
        await until_shown(pilot, "an AE title has at most 16")
        await paste(pilot, "ME2")
        await pilot.press("enter")
        await until(pilot, lambda: stations.me.settings.station.ae_title == "ME2")
        assert 'ae_title = "ME2"' in stations.me.config_path.read_text()
        await until_shown(pilot, "ME2 ●")

        port = free_port()
        await pilot.press("down", "down", "enter")
        await until_shown(pilot, "The TCP port we listen on.", "enter Save")
        await paste(pilot, str(port))
        await pilot.press("enter")
        await until_shown(pilot, f"ME2 ● 127.0.0.1:{port}")
        assert stations.me.listening == ("127.0.0.1", port)


async def test_a_list_is_edited_as_text_and_settings_are_all_there(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("6", "slash", *"transfer_syn", "enter")
        await until_shown(pilot, "1 of ")
        await pilot.press("enter")
        await until_shown(pilot, "separated by commas", "enter Save")
        await paste(pilot, "1.2.840.10008.1.2, 1.2.840.10008.1.2.4.*")
        await pilot.press("enter")
        wanted = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.4.*")
        await until(pilot, lambda: stations.me.settings.station.accept.transfer_syntaxes == wanted)
        await until_shown(pilot, "1.2.840.10008.1.2, ")


def test_every_setting_can_be_changed_on_the_screen() -> None:
    known = set(_keys(Settings, ""))
    # Read when the console starts: changing them under it would mislead.
    elsewhere = {"archive.folder", "ui.read_only", "ui.keys", "station.max_pdu"}
    assert {entry.key for entry in ENTRIES} == known - elsewhere


def _keys(kind: type[Struct], before: str) -> Iterator[str]:
    for info in fields(kind):
        if isinstance(info.type, type) and issubclass(info.type, Struct):
            yield from _keys(info.type, f"{before}{info.name}.")
        elif info.name != "modalities":
            yield f"{before}{info.name}"


async def test_traffic_shows_what_passed_before_one_looked(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("e")
        await until_shown(pilot, "● answers")
        assert stations.pacs.echo(stations.pacs.modalities.get("me")).ok
        await pilot.press("5")
        await until_shown(pilot, "● C-ECHO", "0x0000", "← in")
        lines = [line for line in text_of(app).splitlines() if "● C-ECHO" in line]
        assert len(lines) == 2, "each message stands there once"


async def test_why_there_is_no_listener_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pair(tmp_path, studies=0) as both:
        both.me.change("station.port", taken.getsockname()[1])
        app = ModalittyApp(both.me)
        async with app.run_test(size=(120, 24), notifications=True) as pilot:
            await until_shown(pilot, "Not listening")
            assert "ME ✖" in text_of(app)


async def test_filter_and_palette_work_where_one_is(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("6", "slash", *"timeout", "enter")
        await until(pilot, lambda: "station.ae_title" not in text_of(app).split("Listening")[0])
        await until_shown(pilot, "station.dimse_timeout")
        await pilot.press("escape")
        await until_shown(pilot, "station.ae_title")
        await pilot.press("colon", *"transfers")
        await until_shown(pilot, "Go to Transfers.")
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "transfers")


async def test_settings_tell_where_every_file_lies(stations: Pair, tmp_path: Path) -> None:
    config, certificate = stations.me.config_path, tmp_path / "mine.pem"
    stations.me.change("station.tls.certificate", str(certificate))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(200, 50), notifications=True) as pilot:
        await pilot.press("6", "G")
        data = stations.me.data_folder
        found = {str(file.path) for file in stations.me.files()}
        assert {str(config), str(data), str(data / "objects"), str(certificate)} <= found
        assert all(path.parent.exists() for path in (data / "jobs", data / "index"))
        table = app.screen.query_one("#settings", RowTable)
        shown = {str(table.values(key)["value"]) for key in table.visible_keys}
        assert found | {str(data / "log" / "modalitty.log")} <= shown
        await pilot.press("enter")
        await until_shown(pilot, "y copies the path")


async def test_a_theme_chosen_in_one_place_holds_in_the_others(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("4", "1", "6")
        for theme in ("textual-light", "nord"):
            app.theme = theme
            for place in ("6", "1", "4", "6"):
                await pilot.press(place)
                await until(pilot, lambda: app.screen.styles.background == _ground(app), theme)
                seen = _styles(app)
                app.screen.update_node_styles(animate=False)
                await pilot.pause()
                assert seen == _styles(app)


def _ground(app: ModalittyApp) -> Color:
    return Color.parse(app.theme_variables["background"])


def _styles(app: ModalittyApp) -> list[tuple[Color, Color]]:
    return [(node.styles.background, node.styles.color) for node in app.screen.walk_children()]
