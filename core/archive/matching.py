"""Attribute matching (PS3.4 C.2.2.2): a key's value is compiled once, then held against rows.

A matcher takes what the index holds of an attribute (text, values joined by a backslash) and
says whether it matches. None in place of a matcher stands for universal matching.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from core.archive.entities import fold_name

Matcher = Callable[[str], bool]

WILDCARD_VRS = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
_LONG_TEXT = frozenset(("LT", "ST", "UT", "UR"))
_NUMBERS = frozenset(("IS", "DS", "US", "UL", "SS", "SL"))
_OFFSET = r"(?:[+-](?:0[0-9]|1[0-4])[0-5][0-9])?"
_MOMENTS = {
    "DA": r"[0-9]{8}|[0-9]{4}\.[0-9]{2}\.[0-9]{2}",
    "TM": r"[0-9]{2}(?:[0-9]{2}(?:[0-9]{2}(?:\.[0-9]{1,6})?)?)?"
    r"|[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?",
    "DT": r"(?:[0-9]{4}|[0-9]{6}|[0-9]{8}|[0-9]{10}|[0-9]{12}|[0-9]{14}(?:\.[0-9]{1,6})?)"
    + _OFFSET,
}
_RANGES = {
    vr: re.compile(rf"\s*(?P<low>{moment})?\s*-\s*(?P<high>{moment})?\s*")
    for vr, moment in _MOMENTS.items()
}
_SINGLES = {vr: re.compile(rf"\s*(?:{moment})\s*") for vr, moment in _MOMENTS.items()}
_LENGTHS = {"DA": 8, "TM": 12, "DT": 20}
_LAST = {"DA": "99999999", "TM": "235959999999", "DT": "99991231235959999999"}
_FIRST = {"DA": "00000000", "TM": "000000000000", "DT": "00000101000000000000"}


def has_wildcard(text: str) -> bool:
    """True where a value asks for wildcard matching, if its VR allows it (C.2.2.2.4)."""
    return "*" in text or "?" in text


def is_range(text: str, vr: str) -> bool:
    """True where a value of VR DA, TM or DT asks for range matching (C.2.2.2.5)."""
    return vr in _RANGES and not _SINGLES[vr].fullmatch(text) and "-" in text


def compile_value(text: str, vr: str) -> Matcher | None:
    """The matcher of a key's value, None for universal matching.

    A backslash separates alternatives: a list of UIDs (C.2.2.2.2), and likewise for other VRs.
    """
    text = text.strip(" \0") if vr not in _LONG_TEXT else text.rstrip(" \0")
    if not text or (vr in WILDCARD_VRS and not text.strip("*")):
        return None
    if vr in _LONG_TEXT:
        return _single(text, vr)
    alternatives = [part.strip(" \0") for part in text.split("\\")]
    if vr == "UI":
        return _any_of(frozenset(part for part in alternatives if part))
    matchers = [_any_value(_single(part, vr)) for part in alternatives if part]
    if not matchers:
        return None
    if len(matchers) == 1:
        return matchers[0]
    return lambda value: any(matcher(value) for matcher in matchers)


def _any_of(uids: frozenset[str]) -> Matcher:
    def matches(value: str) -> bool:
        return value in uids or ("\\" in value and not uids.isdisjoint(value.split("\\")))

    return matches


def _any_value(single: Matcher) -> Matcher:
    """Multi-valued attributes match where one of their values does (C.2.2.2.1, note)."""

    def matches(value: str) -> bool:
        if "\\" not in value:
            return single(value)
        return any(single(part.strip(" ")) for part in value.split("\\"))

    return matches


def _single(text: str, vr: str) -> Matcher:
    if vr == "PN":
        return _person_name(text)
    if vr in _MOMENTS:
        return _moment(text, vr)
    if vr in WILDCARD_VRS and has_wildcard(text):
        return _wildcard(text)
    if vr in _NUMBERS:
        return _number(text)
    return lambda value: value == text


def _wildcard(pattern: str) -> Matcher:
    expression = re.compile(wildcard_expression(pattern), re.DOTALL)
    return lambda value: expression.fullmatch(value) is not None


def wildcard_expression(pattern: str) -> str:
    """The regular expression of a pattern with `*` and `?`, quick on hostile ones as well."""
    # Runs of stars are one star, and each star is as short as can be: no run away backtracking
    # where the rest is literal text (the atomic group is what lookahead and back reference give).
    pieces = re.sub(r"\*+", "*", pattern).split("*")
    literal = ["".join("." if c == "?" else re.escape(c) for c in piece) for piece in pieces]
    if len(literal) == 1:
        return literal[0]
    middle = "".join(
        f"(?=(?P<p{number}>.*?{piece}))(?P=p{number})"
        for number, piece in enumerate(literal[1:-1])
        if piece
    )
    return f"{literal[0]}{middle}.*{literal[-1]}"


def _person_name(text: str) -> Matcher:
    """Without case and accents; a name of one group matches in any of the three (PS3.5 6.2.1)."""
    pattern = fold_name(text)
    if "=" not in pattern:
        group = _name_group(pattern)

        def matches_any(value: str) -> bool:
            folded = _folded(value)
            return any(group(part) for part in folded.split("=")) if folded else False

        return matches_any
    groups = [
        (number, _name_group(part))
        for number, part in enumerate(pattern.split("=")[:3])
        if part.strip("*")
    ]

    def matches_each(value: str) -> bool:
        parts = (_folded(value) + "==").split("=")
        return all(group(parts[number]) for number, group in groups)

    return matches_each


def _name_group(pattern: str) -> Matcher:
    """One group; delimiters at a name's end may stand or be left out (PS3.5 6.2.1.1)."""
    if not has_wildcard(pattern):
        return pattern.__eq__
    wild = _wildcard(pattern)

    def matches(group: str) -> bool:
        return wild(group) or (bool(group) and wild(group + "^" * (4 - group.count("^"))))

    return matches


_folded = lru_cache(maxsize=4096)(fold_name)


def _number(text: str) -> Matcher:
    try:
        wanted = float(text)
    except ValueError:
        return lambda value: value == text

    def matches(value: str) -> bool:
        try:
            return float(value) == wanted
        except ValueError:
            return False

    return matches


def _moment(text: str, vr: str) -> Matcher:
    """A date, time or date-time, or a range of them, open at either end (C.2.2.2.5)."""
    if _SINGLES[vr].fullmatch(text):
        low, high = _span(text, vr)
    else:
        found = _RANGES[vr].fullmatch(text)
        if found is None or not (found["low"] or found["high"]):
            return lambda value: value == text
        low = _span(found["low"], vr)[0] if found["low"] else _FIRST[vr]
        high = _span(found["high"], vr)[1] if found["high"] else _LAST[vr]

    def matches(value: str) -> bool:
        return _SINGLES[vr].fullmatch(value) is not None and low <= _span(value, vr)[0] <= high

    return matches


def _span(text: str, vr: str) -> tuple[str, str]:
    """First and last moment of a value, comparable as text: what it leaves out may be anything."""
    digits, offset = re.fullmatch(r"([^+-]*)([+-].*)?", text.strip()).groups()  # type: ignore[union-attr]
    digits = digits.replace(".", "").replace(":", "")
    width = _LENGTHS[vr]
    low = digits + _FIRST[vr][len(digits) : width]
    high = digits + _LAST[vr][len(digits) : width]
    return (_to_utc(low, offset), _to_utc(high, offset)) if offset else (low, high)


def _to_utc(moment: str, offset: str) -> str:
    from calendar import monthrange
    from datetime import datetime, timedelta

    sign = -1 if offset[0] == "-" else 1
    shift = sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
    try:
        # A month that is named without its day ends with its last one.
        day = min(int(moment[6:8]), monthrange(int(moment[:4]), int(moment[4:6]))[1])
        local = datetime.strptime(f"{moment[:6]}{day:02}{moment[8:]}", "%Y%m%d%H%M%S%f")
        utc = local - shift
    except (ValueError, OverflowError):  # no such month, or hour
        return moment
    return f"{utc.year:04}{utc:%m%d%H%M%S%f}"


def moment_matcher(date: str, time: str) -> Matcher:
    """The matcher of a date and a time as one moment (C.2.2.2.5), for `date U+001F time`.

    An object without a time matches where its date does.
    """
    dates, times = _ends(date, "DA"), _ends(time, "TM")
    by_date = compile_value(date, "DA")
    if dates is None or times is None or by_date is None:
        return lambda value: False
    low, high = (_plain(d) + _plain(t) if d else "" for d, t in zip(dates, times, strict=True))
    within = _moment(f"{low}-{high}", "DT")

    def matches(value: str) -> bool:
        day, _, hour = value.partition("\x1f")
        if not hour:
            return by_date(day)
        return within(_plain(day) + _plain(hour))

    return matches


def _ends(text: str, vr: str) -> tuple[str, str] | None:
    """First and last value of a range, alike for a single value; None where it is neither."""
    if _SINGLES[vr].fullmatch(text):
        return text, text
    found = _RANGES[vr].fullmatch(text)
    return (found["low"] or "", found["high"] or "") if found else None


def _plain(text: str) -> str:
    """Without what old dates and times have between their parts, fractions kept apart."""
    text = text.strip()
    if re.fullmatch(_MOMENTS["DA"], text):
        return text.replace(".", "")
    return text.replace(":", "")
