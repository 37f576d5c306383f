"""The state line: what runs and what failed in words, whole words only, with a way to Transfers."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from core.model import Job, JobKind, JobState
from tests.tui.console import Pair, text_of, until, until_shown, write_studies
from tui.app import ModalittyApp
from tui.session import Status
from tui.widgets.status_bar import state_line

JOB = Job(id=1, kind=JobKind.MOVE, title="study 1.2", state=JobState.RUNNING)
STATUS = Status(ae_title="ME", listening="0.0.0.0:11112", is_listening=True)


def words(status: Status, width: int = 120) -> str:
    return "".join(segment.text for segment in state_line(status, width))


def test_jobs_are_told_by_what_they_do() -> None:
    running = changed(JOB, promised=10, arrived=4)
    assert words(replace(STATUS, jobs=(running,))).endswith("│ 1 job running 40 %")
    queued = changed(JOB, id=2, state=JobState.QUEUED)
    several = replace(STATUS, jobs=(running, queued, changed(queued, id=3)))
    assert words(several).endswith("│ 3 jobs: 1 running, 2 queued")
    assert "✖ 2 failed" in words(replace(STATUS, failed=2))


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_what_has_no_room_is_left_out_whole(width: int) -> None:
    status = replace(STATUS, jobs=(JOB,), failed=3, associations=7, received=123_456)
    text = words(status, width)
    assert len(text) <= max(width, len(words(STATUS)))
    for part in text.split(" │ ")[1:]:
        assert part in ("1 job running", "✖ 3 failed", "7 associations", "123,456 received")


async def test_a_failed_job_is_told_until_transfers_are_looked_at(
    stations: Pair, tmp_path: Path
) -> None:
    write_studies(tmp_path / "new", 1)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    stations.me.modalities.put(changed(stations.pacs_modality, name="gone", port=port))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "gone")
        me = stations.me
        me.jobs.send(me.modalities.get("gone"), paths=[tmp_path / "new"])
        await until_shown(pilot, "✖ 1 failed")
        line = text_of(app).splitlines()[1]
        await pilot.click("#state", offset=(line.index("1 failed"), 0))
        await until(pilot, lambda: app.current_mode == "transfers", "the place")
        await until(pilot, lambda: "✖ 1 failed" not in text_of(app), "that it is seen")
        await pilot.press("1")
        await until_shown(pilot, "pacs")
        assert "1 failed" not in text_of(app).splitlines()[1]
