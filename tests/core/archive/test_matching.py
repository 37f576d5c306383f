"""Attribute matching, PS3.4 C.2.2.2, against oracles that are slow and plain."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.archive.matching import compile_value

ALPHABET = st.text(alphabet="aAbB*?.+\n ^é", max_size=8)


def matches(pattern: str, vr: str, value: str) -> bool:
    matcher = compile_value(pattern, vr)
    return matcher is None or matcher(value)


def naive(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return naive(pattern[1:], text) or (bool(text) and naive(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and naive(pattern[1:], text[1:])


@given(pattern=ALPHABET, text=ALPHABET)
def test_wildcards_match_as_the_definition_says(pattern: str, text: str) -> None:
    pattern, text = pattern.strip(), text.strip()
    expected = not pattern.strip("*") or naive(pattern, text)
    assert matches(pattern, "LO", text) == expected


def test_hostile_wildcards_come_to_an_end() -> None:
    """One that tries every way there is would be at it for ever."""
    assert not matches("*a" * 40 + "b", "LO", "a" * 64)
    assert not matches("*?a" * 20 + "b", "PN", "a" * 64)


dates = st.dates().map(lambda d: d.strftime("%Y%m%d").zfill(8))


@given(low=st.none() | dates, high=st.none() | dates, value=dates)
def test_date_ranges_are_open_at_either_end(low: str | None, high: str | None, value: str) -> None:
    text = f"{low or ''}-{high or ''}"
    if text == "-":
        return
    expected = (low is None or low <= value) and (high is None or value <= high)
    assert matches(text, "DA", value) == expected


times = st.times().map(lambda t: t.strftime("%H%M%S.%f"))


@given(low=times, high=times, value=times, cut=st.sampled_from([2, 4, 6, 13]))
def test_time_ranges_include_what_they_leave_out(low: str, high: str, value: str, cut: int) -> None:
    low, high = low[:cut], high[:cut]
    expected = low <= value[: len(low)] and value[: len(high)] <= high
    assert matches(f"{low}-{high}", "TM", value) == expected


@pytest.mark.parametrize(
    ("pattern", "vr", "value", "expected"),
    [
        ("SMITH", "PN", "Smith", True),
        ("smith^john", "PN", "SMITH^JOHN^^^", True),
        ("smith", "PN", "SMITH^JOHN", False),
        ("smith*", "PN", "SMITH^JOHN", True),
        ("muller*", "PN", "Müller^Jörg", True),
        ("山田*", "PN", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("yamada*", "PN", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("yamada*=山*", "PN", "Yamada^Tarou=山田^太郎", True),
        ("yamada*=川*", "PN", "Yamada^Tarou=山田^太郎", False),
        ("=山田*", "PN", "Yamada^Tarou=山田^太郎", True),
        ("*", "PN", "", True),
        ("?*", "PN", "", False),
        ("head", "LO", "HEAD", False),
        ("HEAD", "LO", "HEAD", True),
        ("CT\\MR", "CS", "MR", True),
        ("MR", "CS", "CT\\MR", True),
        ("M?", "CS", "CT\\MR", True),
        ("XA", "CS", "CT\\MR", False),
        ("1.2\\1.3", "UI", "1.3", True),
        ("1.*", "UI", "1.3", False),
        ("2024*", "DA", "20240101", False),
        ("20240131", "DA", "20240131", True),
        ("20240131", "DA", "2024.01.31", True),
        ("20240101-20241231", "DA", "", False),
        ("1015", "TM", "101530", True),
        ("10-11", "TM", "115959.5", True),
        ("10-11", "TM", "12", False),
        ("20240101-0500", "DT", "20240101050000+0000", True),
        ("2024-2025", "DT", "20250630101010", True),
        ("20240101120000+0100", "DT", "20240101110000+0000", True),
        ("01", "IS", "1", True),
        ("1", "IS", "11", False),
        ("512", "US", "512", True),
        ("a\\b", "LT", "a\\b", True),
        ("", "LO", "anything", True),
        ("1*", "IS", "12", False),
        ("garbage-", "DA", "20240101", False),
    ],
)
def test_matching_by_value_representation(
    pattern: str, vr: str, value: str, expected: bool
) -> None:
    assert matches(pattern, vr, value) is expected


moments = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1))


@given(key=moments, value=moments)
@example(key=datetime(2024, 1, 31), value=datetime(2024, 1, 30, 12))
@example(key=datetime(2024, 2, 29), value=datetime(2024, 2, 29, 12))
@pytest.mark.parametrize("offset", ["", "+0000", "-0330", "+1400"])
def test_a_day_is_that_day_in_every_time_zone(key: datetime, value: datetime, offset: str) -> None:
    day, moment = key.strftime("%Y%m%d"), value.strftime("%Y%m%d%H%M%S")
    expected = key.date() == value.date()
    assert matches(day + offset, "DT", moment + offset) == expected
    assert matches(f"{day}{offset}-{day}{offset}", "DT", moment + offset) == expected


def test_a_month_ends_with_its_last_day_in_every_time_zone() -> None:
    for last in ("20230228", "20240229", "20230430", "20231231"):
        assert matches(f"{last[:6]}+0100", "DT", f"{last}235959+0100")
        assert matches(f"-{last[:6]}+0100", "DT", f"{last}235959+0100")
