"""Places that were built before anybody went there show at their first visit what is so then."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from textual.app import App
from textual.color import Color
from textual.screen import Screen

from core.model import Match, Query
from core.station.held import Held
from tests.tui.console import Pair, hold, text_of, until, until_shown, write_studies
from tests.tui.terminal import PROGRAM, Terminal
from tui import ahead
from tui.app import ModalittyApp
from tui.commands import MODES, Place
from tui.kept import FILE_NAME
from tui.mask import MASK
from tui.screens.help import Help
from tui.screens.place import PlaceScreen

SIZE = (80, 24)
MOMENT = 0.001
TELLS_WHAT_IS_BUILT = f"""
from tui.app import ModalittyApp
from tui.screens.place import PlaceScreen

lay_out = PlaceScreen.lay_out

def told(place):
    lay_out(place)
    if all(screen.stands for screen in place.app.places.values()) and len(place.app.places) == 6:
        print_at_exit = f"built in {{place.app.current_mode}}: {{len(place.app.places)}} places"
        place.app.exit(message=print_at_exit)

PlaceScreen.lay_out = told
{PROGRAM}
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build as soon as there is a moment: what a person does is waited for in one test only."""
    monkeypatch.setattr(ahead, "QUIET", MOMENT)
    monkeypatch.setattr(ahead, "REST", MOMENT)


async def build(app: ModalittyApp, pilot: object) -> None:
    """Have all places built, as on a terminal, and wait until they stand."""
    await until_shown(pilot, "pacs")  # type: ignore[arg-type]
    app.ahead.begin()
    await until(pilot, lambda: all_stand(app), "all places")  # type: ignore[arg-type]


def all_stand(app: ModalittyApp) -> bool:
    return len(app.places) == len(MODES) and all(screen.stands for screen in app.places.values())


def listings(monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """The listings of the archive that are asked for from now on."""
    asked: list[Query] = []
    listed = Held.list

    def noted(held: Held, query: Query) -> list[Match]:
        asked.append(query)
        return listed(held, query)

    monkeypatch.setattr(Held, "list", noted)
    return asked


def test_on_a_terminal_all_places_are_built_without_a_key(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    words = ["--config", str(tmp_path / "config.toml"), "--data", str(tmp_path / "data")]
    terminal = Terminal(words, {}, command=(sys.executable, "-c", TELLS_WHAT_IS_BUILT))
    try:
        terminal.shows("built in network: 6 places")
        assert terminal.ends() == 0
    finally:
        terminal.close()


async def test_building_changes_nothing_of_the_place_in_sight(
    stations: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "● answers")
        await pilot.pause()
        before = (text_of(app), app.focused, app.screen.stack_updates)
        painted: list[Screen[object]] = []
        monkeypatch.setattr(App, "_display", lambda app, screen, update: painted.append(screen))
        await build(app, pilot)
        assert (text_of(app), app.focused, app.screen.stack_updates) == before
        assert not painted
        assert app.current_mode == "network"


async def test_a_place_built_ahead_is_not_hidden_at_its_first_visit(
    stations: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[float] = []
    monkeypatch.setattr(App, "delay_update", lambda app, delay=0.05: hidden.append(delay))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await build(app, pilot)
        hidden.clear()
        for place, key in zip(MODES, "123456", strict=True):
            await pilot.press(key)
            await until(pilot, lambda place=place: app.current_mode == place.value, place.value)
        await pilot.press("1", "5", "2", "6")
        await until_shown(pilot, "station.ae_title")
        assert not hidden
        assert not app._batch_count


async def test_nothing_is_built_while_somebody_types_or_behind_a_dialog(
    stations: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bool] = []
    go_on = ahead.Ahead._go_on

    async def noted(self: ahead.Ahead) -> None:
        await go_on(self)
        looked.append(True)

    monkeypatch.setattr(ahead.Ahead, "_go_on", noted)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help), "the help")
        app.ahead.begin()
        await until(pilot, lambda: len(looked) > 5)
        assert len(app.places) == 1, "not behind the help"
        monkeypatch.setattr(ahead, "QUIET", 3600.0)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PlaceScreen), "the place")
        await app.ahead._go_on()
        assert len(app.places) == 1, "not while somebody types"
        monkeypatch.setattr(ahead, "QUIET", MOMENT)
        await pilot.press("down")
        app.ahead.begin()
        await until(pilot, lambda: all_stand(app), "all places")


async def test_it_fits_a_terminal_of_another_size(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await build(app, pilot)
        await pilot.resize_terminal(200, 50)
        await until(pilot, lambda: app.screen.size == (200, 50), "the size")
        for place, key in zip(MODES, "123456", strict=True):
            await pilot.press(key)
            await until(pilot, lambda place=place: app.current_mode == place.value, place.value)
            await until(pilot, lambda: app.screen.has_class("-wide", "-high"), "its classes")
            await until_shown(pilot, "Modalitty")
            lines = text_of(app).splitlines()
            assert {len(line) for line in lines} == {200}
            assert lines[-1].rstrip().endswith("Quit")


async def test_it_has_the_theme_chosen_meanwhile(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await build(app, pilot)
        app.theme = "textual-light"
        for place, key in zip(MODES, "123456", strict=True):
            await pilot.press(key)
            await until(pilot, lambda place=place: app.current_mode == place.value, place.value)
            ground = Color.parse(app.theme_variables["background"])
            await until(pilot, lambda g=ground: app.screen.styles.background == g, "the theme")
            seen = _colors(app)
            app.screen.update_node_styles(animate=False)
            await pilot.pause()
            assert _colors(app) == seen


async def test_a_place_built_in_the_moment_of_a_new_theme_has_that(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "pacs")
        app.theme = "textual-light"
        await app.ahead._build(Place.ARCHIVE)
        await app.switch_mode("archive")
        ground = Color.parse(app.theme_variables["background"])
        await until(pilot, lambda: app.screen.styles.background == ground, "the theme")
        seen = _colors(app)
        app.screen.update_node_styles(animate=False)
        await pilot.pause()
        assert _colors(app) == seen


def _colors(app: ModalittyApp) -> list[tuple[Color, Color]]:
    return [(node.styles.background, node.styles.color) for node in app.screen.walk_children()]


async def test_opening_a_place_works_out_no_styles_of_the_one_before(
    stations: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew: list[str] = []
    refresh = App.refresh_css

    def noted(app: App[object], animate: bool = True) -> None:
        anew.append(app.current_mode)
        refresh(app, animate)

    monkeypatch.setattr(App, "refresh_css", noted)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "pacs")
        anew.clear()
        await pilot.press("4")
        await until_shown(pilot, "Nothing is held yet")
        await pilot.press("6")
        await until_shown(pilot, "station.ae_title")
        await pilot.press("4")
        await until_shown(pilot, "Nothing is held yet")
        assert not anew


async def test_patients_hidden_meanwhile_stay_hidden(stations: Pair, tmp_path: Path) -> None:
    write_studies(tmp_path / "new", 1, start=7)
    hold(stations.me, tmp_path / "new")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await build(app, pilot)
        await pilot.press("M")
        try:
            await pilot.press("4")
            await until_shown(pilot, "1 study", " masked ")
            assert "Number 7" not in text_of(app)
            await pilot.press("2")
            await until(pilot, lambda: app.current_mode == "query", "the place")
            await until_shown(pilot, " masked ")
            assert app.screen.query_one("#PatientName").password  # type: ignore[attr-defined]
        finally:
            MASK.on = False


async def test_the_archive_lists_nothing_before_somebody_looks_and_then_all(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = listings(monkeypatch)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await build(app, pilot)
        write_studies(tmp_path / "new", 1, start=7)
        hold(stations.me, tmp_path / "new")
        await until(pilot, lambda: app.places[Place.ARCHIVE]._stale, "the news")  # type: ignore[attr-defined]
        assert not asked
        await pilot.press("4")
        await until_shown(pilot, "1 study", "study 7", "Archive")
        assert len(asked) == 1


async def test_whoever_only_passes_the_archive_has_it_read_nothing(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Nothing is held yet")
        await pilot.press("1")
        write_studies(tmp_path / "new", 1, start=7)
        hold(stations.me, tmp_path / "new")
        await until(pilot, lambda: app.places[Place.ARCHIVE]._stale, "the news")  # type: ignore[attr-defined]
        asked = listings(monkeypatch)
        await pilot.press("4", "1")
        assert not asked
        await pilot.press("4")
        await until_shown(pilot, "1 study", "study 7")


async def test_read_only_holds_in_places_built_ahead(stations: Pair) -> None:
    app = ModalittyApp(stations.me, read_only=True)
    async with app.run_test(size=(120, 30)) as pilot:
        await build(app, pilot)
        await pilot.press("6")
        await until_shown(pilot, "read-only", "station.ae_title")
        await pilot.press("enter")
        assert isinstance(app.screen, PlaceScreen), "no setting is changed"


async def test_a_place_that_nobody_saw_is_kept_as_it_was(stations: Pair) -> None:
    path = stations.me.data_folder / FILE_NAME
    path.parent.mkdir(exist_ok=True)
    left = {
        "tables": {"settings/settings": {"columns": ["gone"], "sort": "key", "filter": "port"}},
        "places": {"query": {"root": "OF ANOTHER VERSION"}},
    }
    path.write_text(json.dumps({"version": 1, **left}))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await build(app, pilot)
        app.exit()
        await until(pilot, lambda: not app.is_running, "the end")
    kept = json.loads(path.read_text())
    assert kept["places"] == left["places"]
    assert kept["tables"]["settings/settings"]["columns"] == ["gone"]
    assert kept["place"] == "network"


async def test_what_was_kept_is_there_at_the_first_visit(stations: Pair) -> None:
    path = stations.me.data_folder / FILE_NAME
    path.parent.mkdir(exist_ok=True)
    tables = {"settings/settings": {"filter": "timeout", "sort": "key", "reverse": True}}
    root = {"query": {"root": "patient"}}
    path.write_text(json.dumps({"version": 1, "tables": tables, "places": root}))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=SIZE) as pilot:
        await build(app, pilot)
        await pilot.press("6")
        await until_shown(pilot, "station.dimse_timeout", "/ timeout")
        assert "station.ae_title" not in text_of(app)
        await pilot.press("2")
        await until_shown(pilot, "patients")
        assert app.screen.focused is not None
        await pilot.press("4")
        await until(pilot, lambda: app.current_mode == "archive", "the digits lead on")
