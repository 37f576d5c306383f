"""The last result of each scenario, in a JSON file that later runs add to."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.figures import Row


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of a scenario found; `commit` is what was measured, `at` in ISO 8601."""

    name: str
    title: str
    at: str
    commit: str
    rounds: int
    rows: tuple[Row, ...]


Results = dict[str, Result]


def load(path: Path) -> Results:
    """Read the results of earlier runs; none where there is no file."""
    if not path.exists():
        return {}
    return msgspec.json.decode(path.read_bytes(), type=Results)


def save(results: Results, path: Path) -> None:
    """Write results for people and programs to read."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
