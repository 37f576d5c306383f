"""Several peers in one table: each with its state, none held up by another."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.model import JobKind, Level, Modality, Ref
from core.station import Station
from tests.tui.console import (
    Pair,
    hold,
    open_station,
    paste,
    text_of,
    until,
    until_shown,
    write_studies,
)
from tui.app import ModalittyApp
from tui.widgets.row_table import RowTable


@dataclass(frozen=True)
class Trio(Pair):
    """A second PACS, that holds study 2 as the first does, and study 3."""

    other: Station


@pytest.fixture
def trio(stations: Pair, tmp_path: Path) -> Iterator[Trio]:
    assert stations.me.listening is None
    port = stations.me.settings.station.port
    with open_station(tmp_path / "other", "OTHER", ("me", "ME", port)) as other:
        write_studies(tmp_path / "more", 2, start=2)
        hold(other, tmp_path / "more")
        at = Modality(name="two", ae_title="OTHER", host="127.0.0.1", port=other.listen())
        stations.me.modalities.put(at)
        yield Trio(stations.me, stations.pacs, other)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _silent(station: Station, port: int) -> None:
    station.modalities.put(Modality(name="deaf", ae_title="DEAF", host="127.0.0.1", port=port))


def rows(app: ModalittyApp, level: str = "STUDY") -> RowTable:
    return app.screen.query_one(f"#rows-{level}", RowTable)


async def test_a_study_in_two_archives_is_two_rows_that_say_whose(trio: Trio) -> None:
    app = ModalittyApp(trio.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "p")
        await until_shown(pilot, "Ask whom", "own archive")
        await pilot.press("space", "space", "enter")
        await until_shown(pilot, "pacs + two studies")
        await pilot.press("enter")
        await until_shown(pilot, "pacs ● 2 studies", "two  ● 2 studies", "Peer")
        assert set(rows(app).visible_keys) == {
            *("pacs\n1.2.3.1", "pacs\n1.2.3.2"),
            *("two\n1.2.3.2", "two\n1.2.3.3"),
        }
        await pilot.press("p", "enter")
        await until_shown(pilot, "pacs (PACS) studies")
        await pilot.press("enter")
        await until_shown(pilot, "● 2 studies in")
        assert "Peer " not in text_of(app), "one peer is said on top"


async def test_marked_rows_come_from_each_by_a_job_of_its_own(trio: Trio) -> None:
    app = ModalittyApp(trio.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "ME ● ", "two")
        await pilot.press("space", "space", "f")
        await until_shown(pilot, "pacs + two studies")
        await pilot.press("enter")
        await until_shown(pilot, "pacs ● 2", "two  ● 2")
        await pilot.press("asterisk", "m")
        await until_shown(pilot, "2 studies of pacs", "2 studies of two", "by C-MOVE to:")
        await pilot.press("enter")
        for number in (1, 2, 3):
            study = Ref(level=Level.STUDY, study_uid=f"1.2.3.{number}")
            await until(pilot, lambda s=study: len(trio.me.archive.instances(s)) == 4)
        jobs = trio.me.jobs.all()
        assert {job.peer for job in jobs} == {"pacs", "two"}
        assert {job.kind for job in jobs} == {JobKind.MOVE}
        assert not rows(app).marked_keys, "marks have done their work"


async def test_who_fails_or_keeps_silent_holds_up_nobody_and_is_cancelled_alone(
    trio: Trio, silent: int
) -> None:
    _silent(trio.me, silent)
    bad = replace(trio.pacs_modality, name="bad", ae_title="WRONG")
    trio.me.modalities.put(bad)
    app = ModalittyApp(trio.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "deaf")
        await pilot.press("2", "p")
        await until_shown(pilot, "Ask whom")
        await pilot.press("asterisk", "enter")
        await until_shown(pilot, "5 peers studies")
        await pilot.press("r")
        await until_shown(pilot, "bad         ✖ Association rejected", "deaf        … asking")
        await until_shown(pilot, "v shows all")
        assert len(rows(app).visible_keys) == 4
        await pilot.press("v")
        await until_shown(pilot, "Answers", "two", "● 2 studies", "own archive")
        await pilot.press("escape", "x")
        await until_shown(pilot, "deaf        – cancelled")
        await pilot.press("x")
        await until_shown(pilot, "Nobody is asked now")
        assert len(rows(app).visible_keys) == 4


async def test_esc_cancels_all_and_one_of_several_is_chosen(trio: Trio, silent: int) -> None:
    _silent(trio.me, silent)
    trio.me.modalities.put(Modality(name="mute", ae_title="MUTE", host="127.0.0.1", port=silent))
    app = ModalittyApp(trio.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "mute")
        await pilot.press("2", "p")
        await until_shown(pilot, "Ask whom")
        await pilot.press("d", "space", "m", "space", "enter")
        await until_shown(pilot, "deaf + mute studies")
        await pilot.press("r")
        await until_shown(pilot, "deaf … asking", "mute … asking")
        await pilot.press("x")
        await until_shown(pilot, "Stop asking (C-CANCEL)")
        await pilot.press("m", "enter")
        await until_shown(pilot, "mute – cancelled", "deaf … asking")
        await pilot.press("escape")
        await until_shown(pilot, "deaf – cancelled")


async def test_the_way_back_up_finds_cursor_marks_and_filter_as_they_were(trio: Trio) -> None:
    app = ModalittyApp(trio.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "two")
        await pilot.press("space", "space", "f")
        await until_shown(pilot, "pacs + two studies")
        await pilot.press("enter")
        await until_shown(pilot, "pacs ● 2", "two  ● 2")
        table = rows(app)
        table.sort("StudyDate", reverse=True)
        await pilot.press("slash", *"Number", "enter")
        await until_shown(pilot, "3 of 4")
        await pilot.press("space")
        key, marks = table.cursor_key, table.marked_keys
        await pilot.press("enter")
        await until_shown(pilot, "● 2 series in", f"{key.partition(chr(10))[0]}: Patient Number")
        series = rows(app, "SERIES")
        await pilot.press("slash", *"series 2", "enter")
        await until_shown(pilot, "1 of 2")
        await pilot.press("enter")
        await until_shown(pilot, "● 2 instances in")
        await pilot.press("escape")
        await until_shown(pilot, "1 of 2")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: bool(table.region))
        assert (table.cursor_key, table.marked_keys, table.filter_text) == (key, marks, "Number")
        await pilot.press("down", "enter")
        await until_shown(pilot, "● 2 series in")
        assert series.filter_text == "", "it was for another study"


async def test_matches_are_capped_and_that_is_said(trio: Trio) -> None:
    app = ModalittyApp(trio.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "n")
        await until_shown(pilot, "The most matches to take")
        await paste(pilot, "x")
        await pilot.press("enter")
        await until_shown(pilot, "a number from 1 to")
        await paste(pilot, "1")
        await pilot.press("enter")
        await until_shown(pilot, "at most 1 of each (n)")
        await pilot.press("r")
        await until_shown(pilot, "! capped at 1 study", "n sets the limit")
        assert len(rows(app).visible_keys) == 1


async def test_the_own_archive_is_asked_beside_the_others_but_sends_nothing(trio: Trio) -> None:
    app = ModalittyApp(trio.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        hold(trio.me, _files(trio))
        await pilot.press("2", "p")
        await until_shown(pilot, "Ask whom")
        await pilot.press("o", "enter")
        await until_shown(pilot, "own archive studies")
        await pilot.press("r")
        await until_shown(pilot, "● 2 studies")
        await pilot.press("m")
        await until_shown(pilot, "held here already")
        await pilot.press("enter")
        await until_shown(pilot, "● 2 series")
        await pilot.press("escape", "l", "l")
        await until_shown(pilot, "nobody to ask")


def _files(trio: Trio) -> Path:
    return Path(trio.me.data_folder).parents[1] / "more"
