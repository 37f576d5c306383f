"""Values as people write them: sizes, rates, durations, and DICOM's names, dates and times.

Text that goes in may be hostile and comes out no better: whoever shows it uses `safe_text`.
"""

from __future__ import annotations

import re
import time as _time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

from core.settings import Clock, DateStyle, SizeUnits, UiSettings

_UNITS = {
    SizeUnits.DECIMAL: (1000, ("B", "kB", "MB", "GB", "TB", "PB")),
    SizeUnits.BINARY: (1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB")),
}
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_OLD_DATE = re.compile(r"(\d{4})\.(\d\d)\.(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d)(\d\d)?(\d\d)?(?:\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True)
class Habits:
    """How the people here write dates, times of day and sizes."""

    dates: DateStyle = DateStyle.ISO
    clock: Clock = Clock.H24
    sizes: SizeUnits = SizeUnits.DECIMAL


_in_use = [Habits()]


def habits() -> Habits:
    """What holds in this process: the command line never changes it, the console once."""
    return _in_use[0]


def use(ui: UiSettings) -> None:
    """Write as the settings say from now on."""
    _in_use[0] = Habits(ui.dates, ui.clock, ui.sizes)
    for forget in _forget:
        forget()


_forget: list[Callable[[], None]] = []


def remembered(form: Callable[[str], str]) -> Callable[[str], str]:
    """`form`, with what it made of a value remembered: a day and a patient stand in many rows."""
    known = lru_cache(maxsize=50_000)(form)
    _forget.append(known.cache_clear)
    return known


def size(count: float) -> str:
    """A number of bytes with a unit: `950 B`, `1.2 MB`, `34 GB`."""
    if not isfinite(count) or count < 0:
        return "-"
    base, units = _UNITS[habits().sizes]
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(units) - 1:
        value, unit = value / base, unit + 1
    digits = 1 if unit and value < 9.95 else 0
    return f"{value:.{digits}f} {units[unit]}"


def rate(bytes_per_second: float) -> str:
    """Bytes per second with a unit: `34 MB/s`."""
    text = size(bytes_per_second)
    return text if text == "-" else f"{text}/s"


def duration(seconds: float) -> str:
    """A span of time in its two largest units: `3 ms`, `1.4 s`, `2:05`, `1:02:05`, `3 d 4 h`."""
    if not isfinite(seconds) or seconds < 0:
        return "-"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.0095 else f"{seconds * 1000:.1f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def person_name(value: str) -> str:
    """A PN value as it is read: `Yamada Tarou (山田 太郎)` (PS3.5 6.2.1).

    The phonetic group is shown only where it is all there is.
    """
    groups = value.split("=")
    if len(groups) > 3:
        return value
    names = [" ".join(part.strip() for part in g.split("^") if part.strip()) for g in groups]
    alphabetic, ideographic, phonetic = [*names, "", ""][:3]
    other = ideographic or ("" if alphabetic else phonetic)
    if alphabetic and other and alphabetic != other:
        return f"{alphabetic} ({other})"
    return alphabetic or other


def date(value: str) -> str:
    """A DA value as `2024-01-31`, or as is usual here; anything else as it is (PS3.5 6.2)."""
    found = _DATE.fullmatch(value.strip()) or _OLD_DATE.fullmatch(value.strip())
    if not found or not _is_day(*found.groups()):
        return value
    year, month, day = found.groups()
    style = habits().dates
    if style is DateStyle.ISO:
        return f"{year}-{month}-{day}"
    return f"{day}.{month}.{year}" if style is DateStyle.DAY_FIRST else f"{month}/{day}/{year}"


def time(value: str) -> str:
    """A TM value as `13:45:01` or `1:45:01 PM`, as far as it goes; else as it is (PS3.5 6.2)."""
    found = _TIME.fullmatch(value.strip())
    if not found:
        return value
    parts = [part for part in found.groups() if part]
    if int(parts[0]) > 23 or any(int(part) > 60 for part in parts[1:]):
        return value
    if habits().clock is Clock.H12:
        hour = int(parts[0])
        return ":".join([str(hour % 12 or 12), *parts[1:]]) + (" AM" if hour < 12 else " PM")
    return ":".join(parts) if len(parts) > 1 else value


def clock(seconds: float) -> str:
    """A moment since the epoch as the local time of day: `13:45:01`."""
    return time(_time.strftime("%H%M%S", _time.localtime(seconds)))


def _is_day(_year: str, month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31
