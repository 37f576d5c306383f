"""The archive place: import, look-up, send, and what comes in while one looks."""

from __future__ import annotations

from pathlib import Path

from core.model import Level, Ref
from tests.tui.console import Pair, hold, paste, text_of, until, until_shown, write_studies
from tui.app import ModalittyApp
from tui.screens.inspector import InspectorScreen


async def test_import_asks_for_a_path_that_exists(stations: Pair, tmp_path: Path) -> None:
    write_studies(tmp_path / "new", 1, start=7)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "Nothing is held yet")
        await pilot.press("I", *"/no", "enter")
        await until_shown(pilot, "there is no such file or folder")
        await pilot.press("escape", "I")
        await paste(pilot, str(tmp_path / "new"))
        await pilot.press("enter")
        await until_shown(pilot, "study 7", "1 study")
        assert "Nothing is held" not in text_of(app)


async def test_lookup_goes_to_what_an_identifier_names(stations: Pair, tmp_path: Path) -> None:
    write_studies(tmp_path / "new", 2)
    hold(stations.me, tmp_path / "new")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "2 studies")
        await pilot.press("L", *"ACC2", "enter")
        await until_shown(pilot, "2 series", "Archive →")
        await pilot.press("L")
        await paste(pilot, "1.2.3.1.2.2")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen))
        await until_shown(pilot, "instance 2 of 2")
        await pilot.press("escape", "L", *"xyz", "enter")
        await until_shown(pilot, "Nothing here has the identifier xyz.")


async def test_going_down_into_a_study_makes_ready_for_pictures(
    stations: Pair, tmp_path: Path
) -> None:
    write_studies(tmp_path / "new", 1, start=7)
    hold(stations.me, tmp_path / "new")
    decoder = stations.me.objects._decoder
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "1 study")
        assert not decoder.pid
        await pilot.press("enter")
        await until(pilot, lambda: decoder.pid > 0)


async def test_what_comes_in_appears_and_the_cursor_stays(stations: Pair, tmp_path: Path) -> None:
    write_studies(tmp_path / "new", 1, start=7)
    hold(stations.me, tmp_path / "new")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "1 study", "study 7")
        await until(pilot, lambda: stations.me.listening)
        study = Ref(level=Level.STUDY, study_uid="1.2.3.2")
        stations.pacs.jobs.send(stations.pacs.modalities.get("me"), refs=[study])
        await until_shown(pilot, "2 studies", "study 2", "4 received")
        assert "> Patient Number 7" in text_of(app)


async def test_send_asks_whom_to(stations: Pair, tmp_path: Path) -> None:
    write_studies(tmp_path / "new", 1, start=7)
    hold(stations.me, tmp_path / "new")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "1 study", "study 7")
        await pilot.press("s")
        await until_shown(pilot, "by C-STORE to:", "pacs")
        await pilot.press("enter")
        sent = Ref(level=Level.STUDY, study_uid="1.2.3.7")
        await until(pilot, lambda: len(stations.pacs.archive.instances(sent)) == 4)
        await pilot.press("5")
        await until_shown(pilot, "● C-STORE")
