"""A few whole screens, line by line, as a person reads them at 80 by 24.

What is new and meant: `pytest tests/tui/test_snapshots.py --snapshot-update`, and read the change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from tests.tui.console import Pair, hold, pair, text_of, until, until_shown, write_studies
from tui.app import ModalittyApp

# What differs from run to run: ports, times of day, how long something took.
CHANGING = (
    (re.compile(r"(127\.0\.0\.1(?::| port ))\d+ *"), r"\1PORT "),
    (re.compile(r"\d\d:\d\d:\d\d"), "HH:MM:SS"),
    (re.compile(r"\d+(\.\d+)? ms"), "N ms"),
)


def steady(text: str) -> list[str]:
    for pattern, stands in CHANGING:
        text = pattern.sub(stands, text)
    return [line.rstrip() for line in text.splitlines()]


async def painted(pilot: Pilot[object]) -> list[str]:
    """The screen once it is whole, places behind a dialog too, and changes no more."""
    seen: list[list[str]] = []

    def at_rest() -> bool:
        seen.append(steady(text_of(pilot.app)))
        return seen[-1][0].startswith(" 1 Network") and seen[-5:] == [seen[-1]] * 5

    await until(pilot, at_rest, "a screen at rest")
    return seen[-1]


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Pair]:
    """Two stations; the names in the other one's studies are harmless ones."""
    with pair(tmp_path, studies=0) as both:
        write_studies(tmp_path / "files", 2, start=2)
        hold(both.pacs, tmp_path / "files")
        yield both


QUERY = (("2", "pacs (PACS) studies"), ("enter", "● 2 studies in"))


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((("1", "not tried"),), id="network"),
        pytest.param((("a", "Test"),), id="modality-form"),
        pytest.param(QUERY, id="query"),
        pytest.param((*QUERY, ("m", "C-MOVE to")), id="retrieve"),
        pytest.param((("3", "no transfers"),), id="transfers"),
        pytest.param((("4", "nothing"),), id="archive"),
        pytest.param((("5", "no association"),), id="traffic"),
        pytest.param((("question_mark", "Help: Network"),), id="help-network"),
        pytest.param((*QUERY, ("question_mark", "Help: Query")), id="help-query"),
        pytest.param((("4", "Archive"), ("question_mark", "Help: Archive")), id="help-archive"),
    ],
)
async def test_the_screen_reads_as_it_did(
    calm: Pair, steps: tuple[tuple[str, str], ...], snapshot: SnapshotAssertion
) -> None:
    calm.me.change("station.echo_interval", 0)
    app = ModalittyApp(calm.me)
    async with app.run_test(size=(80, 24), notifications=False) as pilot:
        await until_shown(pilot, "not tried")
        for key, shown in steps:
            await pilot.press(key)
            await until_shown(pilot, shown)
        assert await painted(pilot) == snapshot
