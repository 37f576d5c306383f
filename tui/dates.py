"""Dates as people type them, made into what C-FIND matches (PS3.4 C.2.2.2.5), and read aloud."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from tui import units

_BACK = re.compile(r"-(\d{1,4})([dwmy])", re.ASCII)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_PARTS = re.compile(r"(\d{4})[-./]?(?:(\d\d)[-./]?(\d\d)?)?", re.ASCII)
_ISO = re.compile(r"(\d{4})[-./](\d\d)(?:[-./](\d\d))?(?!\d)", re.ASCII)

HELP = "today, yesterday, -7d, -2w, 2024-01-31, 2024-01, 2024-01-01.., 2024-01-01..2024-01-31"

Span = tuple[date, date]


def date_range(text: str, today: date) -> str:
    """A DA matching value: a date, a range, or empty for any date.

    Takes `today`, `yesterday`, `-7d` (the last seven days and today; also w, m, y), a day, a month
    or a year with or without separators, and ranges of any of these, written `a..b`, `a..` or
    `..b`; of days `a-b` too, as DICOM has it. Raises ValueError, with a sentence, for anything
    else.
    """
    text = text.strip().lower().replace(" ", "")
    if not text:
        return ""
    if ".." in text:
        first, _, last = text.partition("..")
        return _between(first, last, today)
    if _BACK.fullmatch(text):
        return f"{_da(_span(text, today)[0])}-"
    plain = _ISO.sub(lambda found: "".join(part or "" for part in found.groups()), text)
    if "-" in plain:
        first, _, last = plain.partition("-")
        return _between(first, last, today)
    return _joined(*_span(text, today))


def in_words(value: str) -> str:
    """A DA matching value as people read it: `since Mon 2024-01-01`; anything else as it is."""
    first, dash, last = value.partition("-")
    if not dash:
        return _day_in_words(value)
    if first and last:
        return f"{_day_in_words(first)} to {_day_in_words(last)}"
    return f"since {_day_in_words(first)}" if first else f"until {_day_in_words(last)}"


def _between(first: str, last: str, today: date) -> str:
    """A range whose ends are words or dates; an empty end is open."""
    if not first and not last:
        raise ValueError(f"this is no date: try {HELP}")
    start = _span(first, today)[0] if first else None
    end = _span(last, today)[1] if last else None
    if start and end:
        if start > end:
            raise ValueError("the range ends before it starts")
        return _joined(start, end)
    return f"{_da(start) if start else ''}-{_da(end) if end else ''}"


def _joined(start: date, end: date) -> str:
    return _da(start) if start == end else f"{_da(start)}-{_da(end)}"


def _span(text: str, today: date) -> Span:
    """The first and the last day of what a word or a date names."""
    if text == "today":
        return today, today
    if text == "yesterday":
        return (today - timedelta(days=1),) * 2
    back = _BACK.fullmatch(text)
    if back:
        return (_back(today, int(back[1]) * _DAYS[back[2]]),) * 2
    found = _PARTS.fullmatch(text)
    if not found or text[-1] in "-./":
        raise ValueError(f"this is no date: try {HELP}")
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        if day:
            return (date(year, month, day),) * 2
        last = month or 12
        end = calendar.monthrange(year, last)[1]
        return date(year, month or 1, 1), date(year, last, end)
    except ValueError:
        raise ValueError(f"this is no date: try {HELP}") from None


def _back(today: date, days: int) -> date:
    return max(today, date.min + timedelta(days=days)) - timedelta(days=days)


def _da(day: date) -> str:
    return day.isoformat().replace("-", "")  # strftime leaves the zeros of early years out


def _day_in_words(text: str) -> str:
    try:
        day = date.fromisoformat(units.date(text))
    except ValueError:
        return text
    return f"{calendar.day_abbr[day.weekday()]} {day.isoformat()}"
