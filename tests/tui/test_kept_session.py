"""A session begins where the last one ended, unless what was kept is damaged or not wanted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tui.console import Pair, text_of, until, until_shown
from tui import kept
from tui.app import ModalittyApp
from tui.kept import FILE_NAME, Kept
from tui.widgets.row_table import RowTable


async def leave_in_query(stations: Pair) -> None:
    """Spend a session: a filter and an order in Network, a level in Query, another theme."""
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("slash", *"!zzz", "enter")
        await pilot.press("o", "O")
        app.theme = "nord"
        await pilot.press("2", "l")
        await until_shown(pilot, "patients")
        app.exit()
        await until(pilot, lambda: not app.is_running, "the end")


async def test_place_filter_order_level_and_theme_come_back(stations: Pair) -> None:
    await leave_in_query(stations)
    path = stations.me.data_folder / FILE_NAME
    assert path.stat().st_mode & 0o077 == 0, "filters hold names of patients"
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.current_mode == "query", "the place")
        await until_shown(pilot, "patients")
        assert app.theme == "nord"
        await pilot.press("1")
        await until_shown(pilot, "/ !zzz", "Name▼")
        table = app.screen.query_one("#modalities", RowTable)
        assert table.filter_text == "!zzz"


async def test_chosen_columns_come_back_in_their_order(stations: Pair) -> None:
    for wanted in (False, True):
        app = ModalittyApp(stations.me)
        async with app.run_test(size=(120, 30)) as pilot:
            await until(pilot, lambda app=app: app.places, "a place")
            table = app.screen.query_one("#modalities", RowTable)
            if wanted:
                assert table.state.columns == ("address", "name")
                break
            table.show_columns(["address", "name"])
            app.exit()
            await until(pilot, lambda app=app: not app.is_running, "the end")


async def test_a_theme_in_the_settings_that_is_newer_counts_more(stations: Pair) -> None:
    await leave_in_query(stations)
    stations.me.change("ui.theme", "gruvbox")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30)):
        assert app.theme == "gruvbox"


async def test_nothing_is_kept_or_put_back_where_that_is_not_wanted(stations: Pair) -> None:
    await leave_in_query(stations)
    stations.me.change("ui.restore", False)
    path = stations.me.data_folder / FILE_NAME
    before = path.read_bytes()
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30)) as pilot:
        assert app.current_mode == "network"
        app.exit()
        await until(pilot, lambda: not app.is_running, "the end")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ('{"version": 1, "tables": 7}', "cannot be read"),
        ("[" * 5000, "cannot be read"),
        ('{"version": 99}', "another version"),
    ],
)
def test_a_damaged_file_is_a_fresh_start_with_a_word(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    found, said = kept.load(tmp_path)
    assert found == Kept()
    assert words in said
    assert kept.save(tmp_path, Kept(place="query")) == ""
    assert kept.load(tmp_path) == (Kept(place="query"), "")


async def test_the_word_is_shown_and_odd_values_do_no_harm(stations: Pair) -> None:
    path = stations.me.data_folder / FILE_NAME
    path.parent.mkdir(exist_ok=True)
    odd = {"columns": ["nothing"], "sort": "gone", "filter": "~("}
    path.write_text(
        json.dumps(
            {
                "version": 1,
                "place": "nowhere",
                "theme": "no-such-theme",
                "theme_setting": "textual-dark",
                "tables": {"network/modalities": odd, "x": {}},
                "places": {"query": {"root": "HOSTILE"}},
            }
        )
    )
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until_shown(pilot, "pacs", "not a regular expression yet")
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "query", "the place")
        assert "studies" in text_of(app)
    path.write_text("{")
    again = ModalittyApp(stations.me)
    async with again.run_test(size=(120, 30), notifications=True) as pilot:
        await until_shown(pilot, "this one starts anew")


def test_a_folder_that_cannot_be_written_is_a_word_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert kept.save(tmp_path / "file" / "below", Kept(place="query"))
