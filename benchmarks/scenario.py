"""A scenario: the same work for several contestants, round after round, in turn."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from benchmarks.figures import Row

Turn = Callable[[Path], Mapping[str, float]]
"""One contestant's work of one round in an empty folder: row → value.

Raises WorkNotDoneError where the work was not done.
"""


@dataclass(frozen=True)
class Workshop:
    """Where a scenario makes things: `samples` may be kept, `scratch` goes; who takes part."""

    samples: Path
    scratch: Path
    only: frozenset[str] = frozenset()

    def takes_part(self, contestant: str) -> bool:
        """Say whether a contestant was asked for."""
        return not self.only or contestant.casefold() in self.only

    def folder(self, name: str) -> Path:
        """A new folder of the scratch room."""
        folder = self.scratch / name
        folder.mkdir()
        return folder


Contest = Callable[[Workshop], AbstractContextManager[Mapping[str, Turn]]]


@dataclass(frozen=True)
class Scenario:
    """A contest by name; `rows` have no values yet, `rounds` is how many it takes by itself."""

    name: str
    title: str
    rows: tuple[Row, ...]
    contest: Contest
    rounds: int = 5
    warm_up: bool = False
    """Begin with a round that does not count: where servers live through the whole contest."""


def run(
    scenario: Scenario, workshop: Workshop, rounds: int, tell: Callable[[str], None] = print
) -> tuple[Row, ...]:
    """Let the contestants take turns, A B C A B C; the rows with a value for each round."""
    values: dict[str, dict[str, list[float]]] = {row.name: {} for row in scenario.rows}
    with scenario.contest(workshop) as turns:
        taking_part = {name: turn for name, turn in turns.items() if workshop.takes_part(name)}
        if not taking_part:
            tell("  nobody takes part: the peer that this needs is not installed")
        if scenario.warm_up:
            for turn in taking_part.values():
                _one(turn, workshop)
        for number in range(rounds):
            for contestant, turn in taking_part.items():
                found = _one(turn, workshop)
                for row, value in found.items():
                    values[row].setdefault(contestant, []).append(value)
                tell(f"  {number + 1}/{rounds} {contestant}: {_words(scenario.rows, found)}")
    return tuple(replace(row, values=values[row.name]) for row in scenario.rows)


def _one(turn: Turn, workshop: Workshop) -> Mapping[str, float]:
    folder = workshop.folder("round")
    try:
        # What the one before left to be written is not to be paid for by this one.
        os.sync()
        return turn(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _words(rows: Iterable[Row], found: Mapping[str, float]) -> str:
    units = {row.name: row.unit for row in rows}
    return ", ".join(f"{name} {value:.3g} {units[name]}" for name, value in found.items())


def clocked(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
