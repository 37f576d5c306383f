"""Keys that come several at a time, as over a slow line: each goes where the ones before lead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.console import Pair, hold, open_station, text_of, until, until_shown, write_studies
from tui import typed_ahead
from tui.app import ModalittyApp
from tui.commands import Place
from tui.opening import opening
from tui.screens.archive import ArchiveScreen
from tui.screens.dialogs import Confirm, Prompt
from tui.screens.first_run import FirstRun
from tui.screens.help import Help
from tui.screens.inspector import InspectorScreen
from tui.screens.query import QueryScreen
from tui.widgets.thumbnails import Thumbnails

LEFT, DELETE = "\x1b[D", "\x7f"


def arrives(pilot: Pilot[object], messages: Iterable[Message]) -> None:
    """Let all of these come before the screen has done anything about the first of them."""
    driver = pilot.app._driver
    assert driver is not None
    for message in messages:
        driver.process_message(message)


def typed(text: str) -> Iterable[Message]:
    """What the terminal sends for `text` in one read."""
    return XTermParser().feed(text)


@pytest.fixture
def held(stations: Pair, tmp_path: Path) -> Pair:
    """The stations, three studies in the archive of the first."""
    write_studies(tmp_path / "new", 3)
    hold(stations.me, tmp_path / "new")
    return stations


async def test_a_filter_takes_its_text_and_runs_no_command(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed(f"4/delta{DELETE * 5}number 2\r"))
        await until_shown(pilot, "1 of 3", "> Patient Number 2")
        assert len(app.screen_stack) == 1


async def test_the_palette_runs_what_is_typed_and_nothing_it_found_before(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed(":go to traffic\r:go to archive\r/number 3\r"))
        await until_shown(pilot, "1 of 3", "> Patient Number 3")


async def test_an_identifier_is_looked_up_from_another_place(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("4LACC2\r"))
        await until_shown(pilot, "2 series", "Archive →")


async def test_a_form_is_filled_in_from_field_to_field(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("adad\tDADE\t127.0.0.1\t104\r"))
        await until(pilot, lambda: len(stations.me.modalities.all()) == 2, "dad")
        dad = stations.me.modalities.get("dad")
        assert (dad.ae_title, dad.host, dad.port) == ("DADE", "127.0.0.1", 104)


@pytest.mark.parametrize("way", ["2f", "f"])  # by its number, and from Network over the peer
async def test_query_fields_take_what_is_typed_and_enter_asks(stations: Pair, way: str) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed(f"{way}patd{DELETE}\tID7{DELETE}2\r"))
        await until_shown(pilot, "● 1 study in", "> Patient Number 2")
        assert isinstance(app.screen, QueryScreen)
        assert app.screen.form.typed == {"PatientName": "pat", "PatientID": "ID2"}


async def test_a_query_is_saved_and_found_again(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("2fpat\rsmine\r"))
        await until_shown(pilot, "Saved as mine", "● 1 study in")
        await until(pilot, lambda: "mine" in app.screen.kept.saved, "it to be kept")  # type: ignore[attr-defined]
        arrives(pilot, typed("Lmi\ttra\r"))
        await until_shown(pilot, "asks PatientName TRA*")


async def test_columns_are_chosen(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("4| \rj"))
        await until_shown(pilot, "3 studies", "> ID2")
        assert isinstance(app.screen, ArchiveScreen)
        assert "PatientName" not in [c.key for c in app.screen.table.shown_columns]


async def test_from_place_to_place_each_gets_its_own_keys(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("23456 14j 2"))
        await until(pilot, lambda: Place.SETTINGS in app.places, "Settings")
        await until(pilot, lambda: app.current_mode == "query", "Query")
        archive = app.places[Place.ARCHIVE]
        assert isinstance(archive, ArchiveScreen)
        assert [len(archive.table.marked_keys), archive.table.cursor_row] == [1, 2]


async def test_help_keeps_keys_from_the_place_behind_it(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("4?dXsm"))
        await until(pilot, lambda: isinstance(app.screen, Help), "the help")
        await pilot.press("escape")
        assert isinstance(app.screen, ArchiveScreen), "nothing else was opened"


async def test_the_inspector_is_opened_and_searched(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("4i/transfer\r"))
        await until_shown(pilot, "(0002,0010)", "instance 1 of 2")
        await until(pilot, lambda: "(0008,0018)" not in text_of(app), "the filter")


async def test_the_inspector_shows_pictures_at_once(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("4\r\r\rvT"))
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen), "the inspector")
        await until_shown(pilot, "instance 1 of 2")
        await until(pilot, lambda: app.screen.query_one(Thumbnails).region, "the small pictures")


async def test_pasted_text_goes_where_the_keys_before_it_lead(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("4/\x1b[200~number\x1b[201~ 2\r"))
        await until_shown(pilot, "1 of 3", "> Patient Number 2")


async def test_a_click_waits_for_the_keys_before_it(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("42\x1b[<0;40;1M\x1b[<0;40;1m"))  # "4 Archive" stands in the bar there
        await until(pilot, lambda: app.current_mode == "archive", "Archive")
        await until_shown(pilot, "3 studies")


async def test_nobody_answers_what_they_have_not_read(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed(f"4d{LEFT}\rs"))
        await until_shown(pilot, "What was typed before this was asked is no answer.")
        assert isinstance(app.screen, Confirm)
        await pilot.press("left", "enter")
        await until_shown(pilot, "2 studies")


async def test_a_question_that_was_not_read_can_be_escaped(held: Pair) -> None:
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, [*typed("4d"), events.Key("escape", "\x1b"), *typed("L")])
        await until(pilot, lambda: isinstance(app.screen, Prompt), "the next one")
        assert len(held.me.archive.lookup("ID1")) == 1


async def test_the_first_questions_are_not_answered_by_what_was_typed_before(
    tmp_path: Path,
) -> None:
    with open_station(tmp_path / "new", "NEW", None) as station:
        app = ModalittyApp(station, start=opening(station, asks=True))
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until(pilot, lambda: len(app._screen_stacks) > 1, "the first place")
            app.push_screen(FirstRun(station))
            arrives(pilot, typed("dad\r"))
            await until_shown(pilot, "What was typed before this was asked is no answer.")
            assert isinstance(app.screen, FirstRun)
            assert app.screen.query(Input).first().value == "NEW"


async def test_work_without_end_holds_no_key_up_for_ever(
    held: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_ahead, "PATIENCE", 0.05)
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")

        async def never_rests() -> None:
            while True:
                await asyncio.sleep(0)

        restless = asyncio.create_task(never_rests())
        arrives(pilot, typed("2345"))
        await until(pilot, lambda: app.current_mode == "traffic", "Traffic")
        restless.cancel()


async def test_what_a_thread_never_brings_holds_no_key_up_for_ever(
    held: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed_ahead, "PATIENCE", 0.5)
    monkeypatch.setattr(ArchiveScreen, "takes", lambda *_: False)
    app = ModalittyApp(held.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        arrives(pilot, typed("45"))
        await until(pilot, lambda: app.current_mode == "traffic", "Traffic")


async def test_what_a_key_did_is_painted_without_waiting_for_a_frame(
    stations: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "> ")
        await until(pilot, lambda: not app.screen._dirty_widgets, "nothing to paint")
        painted = asyncio.Event()
        monkeypatch.setattr(app.screen, "_compositor_refresh", painted.set)
        # A clock that stands still: no frame comes by itself, nor by the pilot.
        app.screen._update_timer.pause()
        monkeypatch.setattr(app.screen._update_timer, "resume", lambda: None)
        arrives(pilot, typed("\x1b[B"))
        await asyncio.wait_for(painted.wait(), 10)
        monkeypatch.undo()
