"""Query keys as they are typed on a command line, and the columns they become."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as day
from typing import Annotated

import typer

from core.errors import UsageError
from core.model import RETURN_KEYS, Level, Match
from tui import dates
from tui.units import date, person_name, time

LevelOption = Annotated[str, typer.Option(help="patient, study, series or instance.")]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "-k", "--key", help="KEYWORD=VALUE to match, KEYWORD to be told.", metavar="KEY[=VALUE]"
    ),
]
Limit = Annotated[int, typer.Option(min=0, help="Stop after so many matches.")]

_LEVELS = {level.value.lower(): level for level in Level} | {"instance": Level.IMAGE}
_AS_THEY_ARE = frozenset('*?\\"')
"""Wildcards, lists and "nothing" are no dates, and yet some peers match them."""


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
    return dict.fromkeys(RETURN_KEYS[level], "") | read_keys(words)


def read_keys(words: Iterable[str] | None) -> dict[str, str]:
    """Read `KEYWORD=VALUE` words, with dates and times as people type them; raises UsageError."""
    keys = {}
    for word in words or ():
        keyword, _, value = word.partition("=")
        keyword = keyword.strip()
        if not keyword:
            raise UsageError(f"-k {word}: no keyword", "write KEYWORD=VALUE or KEYWORD")
        keys[keyword] = _matching(keyword, value)
    return keys


def is_date(keyword: str) -> bool:
    """Whether the values of an attribute are dates, as its keyword tells (VR DA)."""
    return keyword.endswith("Date") or "DateOf" in keyword


def _matching(keyword: str, value: str) -> str:
    """Turn a date or a time as people type them into those of DICOM."""
    if is_date(keyword) and not _AS_THEY_ARE & set(value):
        try:
            return dates.date_range(value, day.today())
        except ValueError as exc:
            raise UsageError(f"-k {keyword}={value}: {exc}") from exc
    return value.replace(":", "") if keyword.endswith("Time") else value


def row_of(match: Match, columns: Iterable[str]) -> tuple[str, ...]:
    """Lay a match out under `columns`, as people read dates, times and names."""
    return tuple(_readable(keyword, _value(match, keyword)) for keyword in columns)


def _value(match: Match, column: str) -> str:
    """The value of a column; of a sequence, what its items mean."""
    found = match.values.get(column, "")
    return found or match.values.get(f"{column}.CodeMeaning", "")


def _readable(keyword: str, value: str) -> str:
    if is_date(keyword):
        return date(value)
    if keyword.endswith("Time"):
        return time(value)
    return person_name(value) if keyword.endswith("Name") and "^" in value else value
