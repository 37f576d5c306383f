"""The picture in the running console, key to cells and cine: part of benchmarks.preview."""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import data, servers
from benchmarks.decoding import Line
from benchmarks.faults import WorkNotDoneError
from benchmarks.terminal import Replay, Terminal
from core.settings_file import SettingsStore
from core.station import Station

SIZE = (80, 24)
SLICES = 64
KEYS = 60
PAUSE = (0.08, 0.16)
"""Seconds between two keys, at least and at most."""
PLAYS = 6.0
"""Seconds of cine."""
FASTEST = ">" * 15
UP, DOWN = "\x1b[A", "\x1b[B"
_INSTANCE = re.compile(r"instance (\d+) of")
_KITTY_PICTURE = re.compile(rb"\x1b_Ga=T|\x1b_G[^;]*a=T")


def lines() -> Iterator[Line]:
    """Every figure, as it is found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = _console(folder)
        with Terminal(words, *SIZE) as terminal:
            _look_at_the_series(terminal)
            seconds = sorted(_key_to_cells(terminal))
            yield Line("next instance: key to cells, median", median(seconds) * 1000, limit=50)
            yield Line(
                "next instance: key to cells, 95 of 100", seconds[-len(seconds) // 20] * 1000
            )
            yield Line("cine in blocks at 80x24 (at least 25)", _cine(terminal), "/s")
        SettingsStore.open(folder / "config.toml").change("preview.protocol", "kitty")
        with Terminal(words, *SIZE) as terminal:
            _look_at_the_series(terminal)
            yield Line("cine by kitty's protocol at 80x24", _kitty_cine(terminal), "/s")


def _console(folder: Path) -> list[str]:
    """The words that start a console which holds a series of 512 by 512."""
    config, _ = servers.configure(folder, {})
    store = SettingsStore.open(config)
    with Station.open(store, folder / "data") as station:
        samples = data.ct_slices(folder / "samples", SLICES)
        station.jobs.wait(station.jobs.import_files([samples.folder]).id)
    return [*servers.program(), "--config", str(config), "--data", str(folder / "data")]


def _look_at_the_series(terminal: Terminal) -> None:
    terminal.wait_for("Quit", "127.0.0.1:")
    terminal.type("4")
    terminal.wait_for("1 study")
    terminal.type("i")
    terminal.wait_for(f"instance 1 of {SLICES}")
    terminal.type("v")
    terminal.wait_for("space Play")
    time.sleep(1)


def _cells(replay: Replay) -> object:
    """The colours of a line through the picture."""
    line = replay.screen.buffer[SIZE[1] // 2]
    return tuple((line[x].fg, line[x].bg) for x in range(20, 60))


def _key_to_cells(terminal: Terminal) -> list[float]:
    """Seconds from each key to the bytes that show another picture."""
    uneven = random.Random(1)
    typed = []
    for number in range(KEYS):
        typed.append(terminal.type(DOWN if number % 60 < 40 else UP))
        time.sleep(uneven.uniform(*PAUSE))
    time.sleep(0.5)
    replay, found = terminal.replay(), []
    more = replay.step()
    for at in typed:
        while more and replay.at <= at:
            before = _cells(replay)
            more = replay.step()
        while more and _cells(replay) == before:
            more = replay.step()
        if not more:
            raise WorkNotDoneError("a key brought no other picture")
        found.append(replay.at - at)
    return found


def _cine(terminal: Terminal) -> float:
    """Pictures a second: none is turned to before the one before it is on the screen."""
    terminal.type(FASTEST)
    began = terminal.type(" ")
    time.sleep(PLAYS)
    ended = terminal.type(" ")
    replay = terminal.replay()
    count, last = 0, 0
    for at in replay.steps():
        found = _INSTANCE.search(replay.screen.display[2])
        if began < at < ended and found:
            now = int(found[1])
            # A number may be written in two pieces, and read as another in between.
            step = (now - last) % SLICES
            count += step if last and step < SLICES // 2 else 0
            last = now
    return count / (ended - began)


def _kitty_cine(terminal: Terminal) -> float:
    """Pictures a second, as their escapes come."""
    terminal.type(FASTEST)
    began = terminal.type(" ")
    time.sleep(PLAYS)
    ended = terminal.type(" ")
    came = b"".join(piece.data for piece in terminal.written if began < piece.at < ended)
    return len(_KITTY_PICTURE.findall(came)) / (ended - began)
