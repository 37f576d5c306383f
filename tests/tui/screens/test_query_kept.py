"""What the query place keeps: saved queries, history, destinations; wildcards to be switched."""

from __future__ import annotations

from core.model import JobKind
from core.settings_file import SettingsStore
from core.station import Station
from tests.tui.console import Pair, paste, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.query_memory import QueryMemory
from tui.screens.query import QueryScreen
from tui.screens.query.library import PickQuery


def again(station: Station) -> Station:
    """The same station, as the next console opens it."""
    return Station.open(SettingsStore.open(station.config_path), station.data_folder)


def screen(app: ModalittyApp) -> QueryScreen:
    assert isinstance(app.screen, QueryScreen)
    return app.screen


async def test_wildcards_and_dates_are_shown_as_they_will_be_asked(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(100, 24), notifications=True) as pilot:
        await pilot.press("2", "f", *"patient", "tab", "tab", *"2024-01-03..")
        await until_shown(pilot, "asks PatientName PATIENT*, StudyDate 20240103- (since Wed")
        await pilot.press("enter")
        await until_shown(pilot, "● 1 study in", "Patient Number 2")
        await pilot.press("w")
        await until_shown(pilot, "asks PatientName patient,", "as typed (w adds")
        await pilot.press("r")
        await until_shown(pilot, "○ Nothing matches")


async def test_a_query_is_saved_found_again_by_another_console_and_deleted(
    stations: Pair,
) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "d", *"2024-01-03", "enter")
        await until_shown(pilot, "● 1 study in")
        await pilot.press("s")
        await until_shown(pilot, "Save the query", "pacs studies: Date 2024-01-03")
        await paste(pilot, "[/b]odd name")
        await pilot.press("enter")
        memory = QueryMemory(stations.me.data_folder)
        await until(pilot, lambda: "[/b]odd name" in memory.read().saved)
    stations.me.close()

    with again(stations.me) as station:
        app = ModalittyApp(station)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await pilot.press("2", "L")
            await until_shown(pilot, "Saved queries", "[/b]odd name", "Date 2024-01-03")
            await pilot.press("enter")
            await until_shown(pilot, "asks StudyDate 20240103 (Wed", "● 1 study in")
            await pilot.press("C", "escape", "1", "colon")
            await until_shown(pilot, "Search for commands")
            await pilot.press(*"odd name")
            await until_shown(pilot, "Ask [/b]odd name")
            await pilot.press("enter")
            await until_shown(pilot, "● 1 study in", "2024-01-03")
            await pilot.press("L")
            await until_shown(pilot, "Saved queries", "odd name")
            await pilot.press("delete")
            await until_shown(pilot, "none yet: s saves")
            assert memory.read().saved == {}


async def test_history_brings_back_what_was_asked_newest_first(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "f", *"evil", "enter")
        await until_shown(pilot, "● 1 study in")
        await pilot.press("C", *"patient", "enter")
        await until_shown(pilot, "Patient Number 2", "● 1 study in")
        await pilot.press("r")
        memory = QueryMemory(stations.me.data_folder)
        await until(pilot, lambda: len(memory.read().history) == 2)
        await pilot.press("h")
        await until_shown(pilot, "Queries asked before", "Patient patient", "Patient evil")
        shown = text_of(app)
        assert shown.index("Patient patient") < shown.index("Patient evil")
        await pilot.press(*"evil")
        await until(pilot, lambda: "Patient patient" not in text_of(app))
        await pilot.press("tab")
        await until(pilot, lambda: not isinstance(app.screen, PickQuery))
        assert screen(app).form.typed == {"PatientName": "evil"}
        assert not screen(app).path, "filled in, not asked"
        await pilot.press("enter")
        await until_shown(pilot, "● 1 study in")


async def test_the_next_console_asks_whom_the_last_one_asked(stations: Pair) -> None:
    memory = QueryMemory(stations.me.data_folder)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "p")
        await until_shown(pilot, "Ask whom")
        await pilot.press("asterisk", "enter", "enter")
        await until(pilot, lambda: memory.read().history)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "pacs + own archive studies")


async def test_a_destination_is_typed_checked_and_remembered(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "r")
        await until_shown(pilot, "● 2 studies in")
        await pilot.press("m")
        await until_shown(pilot, "this station", "this station, by C-GET", "another …")
        await pilot.press("a", "enter")
        await until_shown(pilot, "Retrieve to")
        await paste(pilot, "MUCH_TOO_LONG_FOR_A_TITLE")
        await pilot.press("enter")
        await until_shown(pilot, "at most 16")
        await paste(pilot, "NOWHERE")
        await pilot.press("enter")
        await until(pilot, lambda: stations.me.jobs.all())
        job = stations.me.jobs.all()[0]
        assert job.kind is JobKind.MOVE
        await until(pilot, lambda: stations.me.jobs.one(job.id).state.ended)
        assert stations.me.jobs.one(job.id).destination == "NOWHERE"
        await until(pilot, lambda: screen(app).kept.targets == ("NOWHERE",))
        await pilot.press("m")
        await until_shown(pilot, "NOWHERE", "typed before, by C-MOVE")


async def test_c_get_is_a_choice_at_the_retrieve(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "r")
        await until_shown(pilot, "● 2 studies in")
        await pilot.press("m")
        await until_shown(pilot, "this station, by C-GET")
        await pilot.press("down", "enter")
        await until(pilot, lambda: stations.me.jobs.all())
        assert stations.me.jobs.all()[0].kind is JobKind.GET


async def test_what_cannot_be_kept_is_told_once(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2")
        await until_shown(pilot, "pacs (PACS)")
        folder = QueryMemory(stations.me.data_folder).path.parent
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("no folder")
        await pilot.press("r")
        await until_shown(pilot, "cannot keep", "● 2 studies in")
