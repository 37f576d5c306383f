"""The last result of each scenario, in a JSON file that later runs add to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from benchmarks.figures import Row


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of a scenario found.

    `commit` is what was measured, `at` is in ISO 8601, `load` is the machine's load average of the
    last minute before the run: much above 0 others were at work too.
    """

    name: str
    title: str
    at: str
    commit: str
    rounds: int
    load: float
    machine: Mapping[str, str]
    rows: tuple[Row, ...]


Results = dict[str, Result]


def load(path: Path) -> Results:
    """Read the results of earlier runs; none where there is no file."""
    if not path.exists():
        return {}
    return msgspec.json.decode(path.read_bytes(), type=Results)


def save(results: Results, path: Path) -> None:
    """Write results for people and programs to read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
