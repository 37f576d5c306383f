"""The screen's event loop: few looks at its files while it is at work, and none forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.terminal import PROGRAM, Terminal
from tui.loop import PatientSelector, patient_loop

SHOWS_ITS_LOOP = f"""
import asyncio, gc

async def told():
    from textual.constants import MAX_FPS
    print(type(asyncio.get_running_loop()._selector).__name__, MAX_FPS, "frames")

def last_before_it_runs():
    from tui.app import ModalittyApp
    ModalittyApp.run = lambda self: asyncio.run(told())

gc.freeze = last_before_it_runs
{PROGRAM}
"""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_it_does_not_look_twice_in_a_moment_but_always_where_it_waits(
    pipe: tuple[int, int],
) -> None:
    reader, writer = pipe
    with contextlib.closing(PatientSelector()) as selector:
        selector.register(reader, selectors.EVENT_READ)
        assert selector.select(0) == []
        os.write(writer, b"x")
        selector._looked = time.monotonic() + 60
        assert selector.select(0) == []
        assert selector.select(20)
        selector._looked = time.monotonic() - 60
        assert selector.select(0)


def test_a_loop_that_never_rests_hears_its_files_and_looks_seldom(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = pipe
    looks = 0
    select = selectors.DefaultSelector.select

    def counted(
        self: selectors.DefaultSelector, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        nonlocal looks
        looks += 1
        return select(self, timeout)

    monkeypatch.setattr(selectors.DefaultSelector, "select", counted)

    async def work() -> int:
        heard = asyncio.Event()
        asyncio.get_running_loop().add_reader(reader, heard.set)
        for turns in range(10_000_000):
            if turns == 1000:
                os.write(writer, b"x")
            if heard.is_set():
                return turns
            await asyncio.sleep(0)
        raise AssertionError("it never looked")

    with patient_loop():
        turns = asyncio.run(work())
    assert turns >= 1000
    assert looks < turns / 2


def test_other_loops_stay_as_they_are() -> None:
    before = asyncio.get_event_loop_policy()
    with patient_loop(), contextlib.suppress(ZeroDivisionError), patient_loop():
        raise ZeroDivisionError
    assert asyncio.get_event_loop_policy() is before


def test_the_console_has_it_and_more_frames(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    words = ["--config", str(tmp_path / "config.toml"), "--data", str(tmp_path / "data")]
    terminal = Terminal(words, {}, command=(sys.executable, "-c", SHOWS_ITS_LOOP))
    try:
        terminal.shows("PatientSelector 120 frames")
    finally:
        terminal.close()
