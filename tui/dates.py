"""Dates as people type them, made into what C-FIND matches (PS3.4 C.2.2.2.5)."""

from __future__ import annotations

import re
from datetime import date, timedelta

_DAYS_BACK = re.compile(r"-(\d{1,4})([dwmy])", re.ASCII)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_ISO = re.compile(r"(\d{4})[-./](\d\d)[-./](\d\d)", re.ASCII)
_DAY = re.compile(r"\d{8}", re.ASCII)

HELP = "today, yesterday, -7d, -2w, 2024-01-31, 20240101-20240131"


def date_range(text: str, today: date) -> str:
    """A DA matching value: a date, a range, or empty for any date.

    Takes `today`, `yesterday`, `-7d` (the last seven days and today; also w, m, y), dates with or
    without separators, and ranges of such. Raises ValueError, with a sentence, for anything else.
    """
    text = _ISO.sub(r"\1\2\3", text.strip().lower().replace(" ", ""))
    if text == "today":
        return _da(today)
    if text == "yesterday":
        return _da(today - timedelta(days=1))
    back = _DAYS_BACK.fullmatch(text)
    if back:
        return f"{_da(_back(today, int(back[1]) * _DAYS[back[2]]))}-"
    first, dash, last = text.partition("-")
    days = [day for day in (first, last) if day]
    if (text and not days) or not all(_is_day(day) for day in days):
        raise ValueError(f"this is no date: try {HELP}")
    if first and last and first > last:
        raise ValueError("the range ends before it starts")
    return f"{first}{dash}{last}"


def _back(today: date, days: int) -> date:
    return max(today, date.min + timedelta(days=days)) - timedelta(days=days)


def _da(day: date) -> str:
    return day.isoformat().replace("-", "")  # strftime leaves the zeros of early years out


def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True
