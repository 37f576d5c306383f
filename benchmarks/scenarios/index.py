"""The index of a million instances: to open, to ask, to add to, to compact."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import large_index
from benchmarks.clients import Running
from benchmarks.figures import OURS, Row, Target
from benchmarks.scenario import Scenario, Turn, Workshop


def _worked(log: Path, *words: object) -> dict[str, float]:
    """What a process of its own found; WorkNotDoneError where it failed."""
    work = Running([sys.executable, "-m", "benchmarks.large_index", *words], log)
    work.end()
    found: dict[str, float] = json.loads(work.output.splitlines()[-1])
    return found


@contextlib.contextmanager
def _contest(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    made = workshop.samples / f"index-{large_index.STUDIES}-{large_index.PER_STUDY}"
    large_index.make(made)

    def turn(folder: Path) -> dict[str, float]:
        shutil.copytree(made, folder / "archive")
        found = _worked(folder / "ask.log", "ask", folder / "archive", folder / "empty")
        return found | _worked(folder / "change.log", "change", folder / "archive")

    yield {OURS: turn}


INDEX_MILLION = Scenario(
    name="index-million",
    title="An index of 1,000,000 instances in 100,000 studies",
    rows=(
        Row(name="open", unit="s", targets=(Target(4),)),
        Row(name="resident", unit="MB", targets=(Target(1000),)),
        Row(name="of it the index", unit="MB"),
        Row(name="insert", unit="µs", targets=(Target(60),)),
        Row(name="unique key", unit="ms", targets=(Target(10),)),
        Row(name="look-up", unit="ms", targets=(Target(10),)),
        Row(name="wildcard, first", unit="s", targets=(Target(0.3),)),
        Row(name="wildcard, last", unit="s", targets=(Target(1),)),
        Row(name="compaction, look-up", unit="s", targets=(Target(0.2),)),
        Row(name="compaction, insert", unit="s", targets=(Target(0.2),)),
        Row(name="compaction, insert and sync", unit="s", targets=(Target(0.2),)),
    ),
    contest=_contest,
    rounds=3,
)
