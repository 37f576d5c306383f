"""The transfers place: pause and go on, do again what failed, start sooner; all in words."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.model import Failure, Job, JobKind, JobState, Level, Ref
from tests.peers.processes import free_port
from tests.tui.console import Pair, hold, text_of, until, until_shown, write_studies
from tui.app import ModalittyApp
from tui.job_words import ARROWS, SERVICES, words
from tui.outcomes import JOB_WORDS


@pytest.fixture
def mute(stations: Pair, tmp_path: Path) -> Iterator[Path]:
    """A peer that takes connections and says nothing, and a folder of files to send to it."""
    write_studies(tmp_path / "new", 1, start=7)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        peer = replace(stations.pacs_modality, name="mute", port=port, max_jobs=1)
        stations.me.modalities.put(peer)
        yield tmp_path / "new"


async def test_a_job_is_held_and_goes_on(stations: Pair, mute: Path) -> None:
    me = stations.me
    job = me.jobs.send(me.modalities.get("mute"), paths=[mute])
    app = ModalittyApp(me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "▶ running")
        await pilot.press("p")
        await until(pilot, lambda: me.jobs.one(job.id).state is JobState.PAUSED, "the pause")
        await until_shown(pilot, "‖ paused")
        await pilot.press("p")
        await until(pilot, lambda: me.jobs.one(job.id).state is JobState.RUNNING, "it going on")
        await until_shown(pilot, "▶ running")


async def test_what_failed_is_done_again(stations: Pair, tmp_path: Path) -> None:
    write_studies(tmp_path / "new", 1, start=7)
    me = stations.me
    me.modalities.put(replace(stations.pacs_modality, name="moved", port=free_port()))
    job = me.jobs.send(me.modalities.get("moved"), paths=[tmp_path / "new"])
    me.jobs.wait(job.id, 20)
    app = ModalittyApp(me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "✖ failed", "C-STORE: ", "Promised 4, arrived 0")
        me.modalities.put(replace(stations.pacs_modality, name="moved"), replaces="moved")
        await pilot.press("R")
        await until_shown(pilot, "● done", "4/4", "attempt 2")
        await pilot.press("R")
        await until_shown(pilot, "nothing to do again")


async def test_a_waiting_job_is_let_go_sooner_or_later(stations: Pair, mute: Path) -> None:
    me = stations.me
    me.jobs.send(me.modalities.get("mute"), paths=[mute])
    waits = me.jobs.send(me.modalities.get("mute"), paths=[mute])
    app = ModalittyApp(me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "○ queued")
        await pilot.press("plus")
        await until(pilot, lambda: me.jobs.one(waits.id).priority == 1, "its priority")
        await until_shown(pilot, "priority +1")
        await pilot.press("minus", "minus")
        await until(pilot, lambda: me.jobs.one(waits.id).priority == -1, "its priority")


async def test_read_only_steers_nothing(stations: Pair, mute: Path) -> None:
    me = stations.me
    job = me.jobs.send(me.modalities.get("mute"), paths=[mute])
    app = ModalittyApp(me, read_only=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "▶ running")
        await pilot.press("p", "plus", "x", "R")
        await pilot.pause()
        assert me.jobs.one(job.id).state is JobState.RUNNING
        assert me.jobs.one(job.id).priority == 0
        assert "Pause" not in text_of(app)


def test_every_kind_and_state_of_job_has_words() -> None:
    assert set(ARROWS) == set(SERVICES) == set(JobKind)
    assert set(JOB_WORDS) == set(JobState)


def test_a_job_is_told_whole_and_harmless() -> None:
    job = Job(
        id=3,
        kind=JobKind.GET,
        title="1.2.3",
        peer="pacs",
        state=JobState.PARTIAL,
        promised=9,
        arrived=6,
        arrived_bytes=2048,
        skipped=1,
        failed=1,
        missing=3,
        completed=8,
        attempt=2,
        note="3 missing",
        failures=(Failure(what="1.2.3.4", why="[/b] \x1b[2J promised, and never arrived"),),
    )
    text = words(job, "A study").plain
    assert "Job 3, C-GET: A study" in text
    assert "! in part  from pacs, attempt 2" in text
    assert "Promised 9, arrived 6 (2.0 kB), missing 3, failed 1, skipped 1" in text
    assert "the peer says it completed 8" in text
    assert "3 missing" in text
    assert "✖ 1.2.3.4: [/b]" in text
    assert "\x1b" not in text


async def test_what_came_is_looked_at_by_a_key(stations: Pair, tmp_path: Path) -> None:
    me = stations.me
    ref = Ref(level=Level.STUDY, study_uid="1.2.3.2")
    me.jobs.wait(me.jobs.retrieve(stations.pacs_modality, [ref]).id, 30)
    write_studies(tmp_path / "new", 1, start=7)
    hold(me, tmp_path / "new")
    app = ModalittyApp(me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("3")
        await until_shown(pilot, "4/4")
        await pilot.press("i")
        await until_shown(pilot, "it names files")
        await pilot.press("down", "i")
        await until_shown(pilot, "instance 1 of 2", "Patient Number 2", "(0008,0016)")
