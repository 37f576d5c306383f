"""The console on a real pty: start to first frame, and key to paint while objects pour in."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import clients, data, servers
from benchmarks.data import Samples
from benchmarks.faults import WorkNotDoneError
from benchmarks.figures import OURS, Row, Target
from benchmarks.scenario import Scenario, Turn, Workshop
from benchmarks.terminal import Replay, Terminal
from core.settings_file import SettingsStore
from core.station import Station

SMALL, LARGE = (80, 24), (200, 50)
KEYS = 120
"""Keys that are typed at each place."""
PAUSE = (0.08, 0.16)
"""Seconds between two keys, at least and at most."""
STUDIES = 500
MODALITIES = 30
UP, DOWN = "\x1b[A", "\x1b[B"
_CURSOR = ">"

Shown = Callable[[Replay], object]
"""What a key is to change on the screen, and nothing else changes."""


def _cursor_row(replay: Replay) -> object:
    lines = (line for line in replay.screen.display[2:] if line.startswith(_CURSOR))
    return next((line[:30] for line in lines), None)


def _place(replay: Replay) -> object:
    """The mode whose tab stands out in bold."""
    tabs = replay.screen.buffer[0]
    cells = (tabs[x] for x in range(replay.screen.columns))
    return next((cell.data for cell in cells if cell.bold and cell.data.isdigit()), None)


def _configured(folder: Path) -> tuple[list[str], int]:
    """The words that start a console that takes everything, and its port."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {f"PEER{number:02}": 50000 + number for number in range(MODALITIES)}
    config, port = servers.configure(folder, known)
    SettingsStore.open(config).change("archive.duplicates", "replace")
    SettingsStore.open(config).change("station.echo_interval", 0)
    words = [*servers.program(), "--config", str(config), "--data", str(folder / "data")]
    return words, port


def _filled(folder: Path, samples: Samples) -> None:
    """Import studies, so that there is an archive to look at."""
    store = SettingsStore.open(folder / "config.toml")
    with Station.open(store, folder / "data") as station:
        station.jobs.wait(station.jobs.import_files([samples.folder]).id)


PLACES: Mapping[str, tuple[str, Callable[[int], str], Shown]] = {
    "archive": ("4", lambda number: DOWN if number % 20 < 10 else UP, _cursor_row),
    "network": ("1", lambda number: DOWN if number % 20 < 10 else UP, _cursor_row),
    "places": ("1", lambda number: "3421"[number % 4], _place),
}
"""Where keys are typed: the key that leads there, the n-th key there, and what it changes."""


# -- start to first frame


def _first_frame(words: list[str]) -> float:
    """Seconds until tabs, a table and the footer stand on the screen."""
    with Terminal(words, *SMALL) as terminal:
        terminal.wait_for("1 Network", "Address", "Quit")
        replay = terminal.replay()
        for at in replay.steps():
            text = "\n".join(replay.screen.display)
            if all(word in text for word in ("1 Network", "Address", "Quit")):
                return at - terminal.began
    raise WorkNotDoneError("there was no first frame")


@contextlib.contextmanager
def _starting(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    empty, full = workshop.folder("empty"), workshop.folder("full")
    words = {"empty": _configured(empty)[0], "archive": _configured(full)[0]}
    _filled(full, data.studies(workshop.samples, STUDIES))
    yield {OURS: lambda _: {name: _first_frame(start) for name, start in words.items()}}


# -- key to paint


class _Pouring:
    """Storescu after storescu while the context lasts, so many at once."""

    def __init__(self, port: int, folders: Sequence[Path], logs: Path) -> None:
        self._end = threading.Event()
        self._threads = [
            threading.Thread(target=self._pour, args=(port, folder, logs / f"{number}.log"))
            for number, folder in enumerate(folders)
        ]

    def __enter__(self) -> _Pouring:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _pour(self, port: int, folder: Path, log: Path) -> None:
        to = ("-aet", clients.CALLER, "-aec", "MODALITTY", "127.0.0.1", port)
        while not self._end.is_set():
            clients.Running(["storescu", "+sd", *to, folder], log).end()


def _typed(terminal: Terminal, keys: Callable[[int], str]) -> list[float]:
    """Type keys at uneven intervals; when each was typed."""
    uneven = random.Random(1)
    times = []
    for number in range(KEYS):
        times.append(terminal.type(keys(number)))
        time.sleep(uneven.uniform(*PAUSE))
    time.sleep(0.5)
    return times


def _answered(terminal: Terminal, times: list[float], shown: Shown) -> list[float]:
    """Seconds from each key to the bytes that show what it did."""
    replay = terminal.replay()
    more = replay.step()
    found = []
    for typed, following in zip(times, [*times[1:], times[-1] + 0.5], strict=True):
        while more and replay.at <= typed:
            before = shown(replay)
            more = replay.step()
        while more and shown(replay) == before and replay.at < following:
            more = replay.step()
        found.append(min(replay.at, following) - typed)
    return found


def _measured(
    words: list[str], size: tuple[int, int], pouring: contextlib.AbstractContextManager[object]
) -> Mapping[str, float]:
    """The median and the slowest of a hundred keys at each place, in ms."""
    found = {}
    with Terminal(words, *size) as terminal:
        terminal.wait_for("Quit", "127.0.0.1:")
        terminal.type("4")
        terminal.wait_for("studies")
        time.sleep(1)
        with pouring:
            for name, (key, keys, shown) in PLACES.items():
                terminal.type(key)
                time.sleep(1.5)
                seconds = sorted(_answered(terminal, _typed(terminal, keys), shown))
                found[f"{name} p50"] = seconds[len(seconds) // 2] * 1000
                found[f"{name} p99"] = seconds[len(seconds) * 99 // 100] * 1000
    return found


def _turn(parts: Sequence[Path], studies: Samples, size: tuple[int, int]) -> Turn:
    def turn(folder: Path) -> Mapping[str, float]:
        words, port = _configured(folder)
        _filled(folder, studies)
        return _measured(words, size, _Pouring(port, parts, folder))

    return turn


def _typing(
    name: str,
    size: tuple[int, int],
    words: str,
    make: Callable[[Path], Samples] | None = None,
) -> Scenario:
    """Eight storescu send what `make` makes; nobody sends anything where that is None."""

    @contextlib.contextmanager
    def contest(workshop: Workshop) -> Iterator[dict[str, Turn]]:
        studies = data.studies(workshop.samples, STUDIES)
        parts = make(workshop.samples).parts if make else []
        yield {OURS: _turn(parts, studies, size)}

    columns, lines = size
    return Scenario(
        name=name,
        title=f"Key to paint at {columns}x{lines} while {words} come in",
        rows=tuple(
            Row(name=f"{place} {part}", unit="ms", targets=(Target(50.0),) * (part == "p99"))
            for place in PLACES
            for part in ("p50", "p99")
        ),
        contest=contest,
        rounds=1,
    )


CONSOLE_START = Scenario(
    name="console-start",
    title=f"Start to first frame, without objects and with {STUDIES} studies",
    rows=tuple(Row(name=n, unit="s", targets=(Target(0.6),)) for n in ("empty", "archive")),
    contest=_starting,
    warm_up=True,
)
KEYS_IDLE = _typing("keys-idle", SMALL, "no objects")
KEYS_CT = _typing("keys-ct", SMALL, "CT slices from 8 storescu", data.ct_slices)
KEYS_CT_LARGE = _typing("keys-ct-large", LARGE, "CT slices from 8 storescu", data.ct_slices)
KEYS_TINY = _typing("keys-tiny", SMALL, "tiny objects from 8 storescu", data.tiny_objects)
