"""One key in the query place opens an object of the peer, which is not kept unless asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from core.model import Level, Modality, Outcome, Ref, Stored
from core.model.look import Look
from tests.tui.console import Pair, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.screens.inspector.look import LookScreen

SERIES = Ref(level=Level.SERIES, study_uid="1.2.3.2", series_uid="1.2.3.2.1")


def files_of(stations: Pair) -> list[Path]:
    return list((stations.me.data_folder / "looks").glob("*"))


async def look_at_the_study(pilot: Pilot[object]) -> None:
    await pilot.press("2", "f", *"patient*", "enter")
    await until_shown(pilot, "● 1 study in")
    await pilot.press("I")
    await until_shown(pilot, "not kept: s keeps it")


async def test_a_look_opens_one_object_and_leaves_nothing(stations: Pair) -> None:
    stations.me.listen()
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "f", *"patient*", "enter")
        await until_shown(pilot, "● 1 study in")
        await pilot.press("I")
        await until(pilot, lambda: isinstance(app.screen, LookScreen), "the look")
        await until_shown(pilot, "of pacs, instance 2 of 2, not kept: s keeps it")
        await until_shown(pilot, "1.2.3.2.1.2")
        await pilot.press("v")
        await until_shown(pilot, "16 by 16")
        assert len(files_of(stations)) == 1
        await pilot.press("escape")
        await until_shown(pilot, "● 1 study in")
        await until(pilot, lambda: not files_of(stations), "the file goes")
        assert not stations.me.archive.instances(SERIES)


async def test_a_look_is_kept_by_a_key(stations: Pair) -> None:
    stations.me.listen()
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await look_at_the_study(pilot)
        await pilot.press("s")
        await until_shown(pilot, "2 of 2, kept")
        await pilot.press("escape")
        await until(pilot, lambda: not files_of(stations), "the file goes")
        assert len(stations.me.archive.instances(SERIES)) == 1


async def test_a_look_that_is_closed_while_it_is_stored_is_stored(
    stations: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    stations.me.listen()
    may_store = threading.Event()
    keep = stations.me.looks.keep

    def slowly(look: Look) -> Stored:
        may_store.wait(20)
        return keep(look)

    monkeypatch.setattr(stations.me.looks, "keep", slowly)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await look_at_the_study(pilot)
        await pilot.press("s", "escape")
        may_store.set()
        await until_shown(pilot, "It is in the archive now.", "● 1 study in")
        await until(pilot, lambda: not files_of(stations), "the file goes")
        assert len(stations.me.archive.instances(SERIES)) == 1


async def test_a_look_that_comes_when_nobody_waits_for_it_goes_away_aside(
    stations: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    stations.me.listen()
    may_come = threading.Event()
    closed_by: list[str] = []
    fetch, close = stations.me.looks.fetch, stations.me.looks.close

    def slowly(
        peer: Modality, ref: Ref, cancel: threading.Event | None = None
    ) -> Iterator[str | Look | Outcome]:
        may_come.wait(20)
        yield from fetch(peer, ref, cancel)

    def noted(look: Look) -> None:
        closed_by.append(threading.current_thread().name)
        close(look)

    monkeypatch.setattr(stations.me.looks, "fetch", slowly)
    monkeypatch.setattr(stations.me.looks, "close", noted)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "f", *"patient*", "enter")
        await until_shown(pilot, "● 1 study in")
        await pilot.press("I", "1")
        await until(pilot, lambda: app.current_mode == "network", "another place")
        may_come.set()
        await until_shown(pilot, "gone: another place")
        await until(pilot, lambda: closed_by and not files_of(stations), "the file goes")
        assert threading.main_thread().name not in closed_by, "a large file takes a while to delete"


async def test_a_look_that_does_not_work_says_why_and_what_to_do(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await pilot.press("2", "f", *"patient*", "enter")
        await until_shown(pilot, "● 1 study in")
        stations.pacs.stop_listening(0)
        await pilot.press("I")
        await until_shown(pilot, "✖", "→")
        assert "Nothing listens" in text_of(app) or "refused" in text_of(app), text_of(app)
        stations.pacs.listen()
        await pilot.press("I")
        await until(pilot, lambda: isinstance(app.screen, LookScreen), "the look")


async def test_esc_stops_a_look_at_a_peer_that_keeps_silent(stations: Pair, silent: int) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "f", *"patient*", "enter")
        await until_shown(pilot, "● 1 study in")
        stations.me.modalities.put(replace(stations.pacs_modality, port=silent), replaces="pacs")
        await pilot.press("I")
        await until_shown(pilot, "esc stops")
        await pilot.press("escape")
        await until_shown(pilot, "Cancelled")
        assert not files_of(stations)
