"""Query keys as they are typed on a command line, and the columns they become."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from core.errors import UsageError
from core.model import RETURN_KEYS, Level, Match
from tui.units import date, person_name, time

LevelOption = Annotated[str, typer.Option(help="patient, study, series or instance.")]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "-k", "--key", help="KEYWORD=VALUE to match, KEYWORD to be told.", metavar="KEY[=VALUE]"
    ),
]

_LEVELS = {level.value.lower(): level for level in Level} | {"instance": Level.IMAGE}
_DATES = frozenset({"StudyDate", "SeriesDate", "PatientBirthDate", "ContentDate"})
_TIMES = frozenset({"StudyTime", "SeriesTime", "ContentTime"})


def level_of(name: str) -> Level:
    """Read a level's name; raises UsageError."""
    try:
        return _LEVELS[name.lower()]
    except KeyError:
        raise UsageError(
            f"--level {name}: no such level", "patient, study, series or instance"
        ) from None


def keys_of(level: Level, words: Iterable[str] | None) -> dict[str, str]:
    """Read `KEYWORD=VALUE` words into query keys, beside what is always asked for at a level."""
    keys = dict.fromkeys(RETURN_KEYS[level], "")
    for word in words or ():
        keyword, _, value = word.partition("=")
        if not keyword:
            raise UsageError(f"-k {word}: no keyword", "write KEYWORD=VALUE or KEYWORD")
        keys[keyword.strip()] = value
    return keys


def row_of(match: Match, columns: Iterable[str]) -> tuple[str, ...]:
    """Lay a match out under `columns`, as people read dates, times and names."""
    return tuple(_readable(keyword, match.values.get(keyword, "")) for keyword in columns)


def _readable(keyword: str, value: str) -> str:
    if keyword in _DATES:
        return date(value)
    if keyword in _TIMES:
        return time(value)
    return person_name(value) if keyword.endswith("Name") and "^" in value else value
