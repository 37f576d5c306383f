"""What a value of each VR may be: lengths, characters, numbers and dates, PS3.5 table 6.2-1."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROL_IN_LINE = re.compile(r"[\x00-\x1a\x1c-\x1f\x7f]")
_TIME = re.compile(r"([01]\d|2[0-3])(([0-5]\d)(([0-5]\d|60)(\.\d{1,6})?)?)?")
_DATE_TIME = re.compile(
    r"(?P<year>\d{4})((?P<month>0[1-9]|1[0-2])((?P<day>0[1-9]|[12]\d|3[01])"
    r"(([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?)?)?)?"
    r"(?P<zone>[+-](0\d|1[0-4])[0-5]\d)?"
)
_DECIMAL = re.compile(r" *[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)? *")
_INTEGER = re.compile(r" *[+-]?\d+ *")
_AGE = re.compile(r"\d{3}[DWMY]")
_CODE = re.compile(r"[A-Z0-9 _]*")
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")

MAX_CHARACTERS = {
    "AE": 16, "CS": 16, "DS": 16, "IS": 12, "LO": 64, "LT": 10240, "SH": 16, "ST": 1024,
}  # fmt: skip


def wrong(vr: str, text: str) -> str:
    """What is wrong with one value without its padding, empty where nothing is."""
    most = MAX_CHARACTERS.get(vr)
    if most is not None and len(text) > most:
        return f"{len(text)} characters, where {vr} has {most} at most"
    rule = _RULES.get(vr)
    return rule(text) if rule is not None else ""


def _age(text: str) -> str:
    return "" if _AGE.fullmatch(text) else "no age (nnnD, nnnW, nnnM or nnnY)"


def _ae_title(text: str) -> str:
    if not text.strip():
        return "an AE title of nothing but spaces"
    return "control characters" if _CONTROL_IN_LINE.search(text) or "\x1b" in text else ""


def _code(text: str) -> str:
    return "" if _CODE.fullmatch(text) else "CS has capitals, digits, space and underscore only"


def _date(text: str) -> str:
    if re.fullmatch(r"\d{4}\.\d\d\.\d\d", text):
        return "a date in the form of ACR-NEMA, which has dots"
    if not re.fullmatch(r"[0-9]{8}", text):
        return "no date (YYYYMMDD)"
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return "no day of the calendar"
    return ""


def _time(text: str) -> str:
    return "" if _TIME.fullmatch(text) and text.isascii() else "no time (HHMMSS.FFFFFF)"


def _date_time(text: str) -> str:
    found = _DATE_TIME.fullmatch(text) if text.isascii() else None
    if found is None:
        return "no date and time (YYYYMMDDHHMMSS.FFFFFF&ZZXX)"
    if found["day"]:
        return _date(text[:8])
    return ""


def _decimal(text: str) -> str:
    return "" if _DECIMAL.fullmatch(text) and text.isascii() else "no decimal number"


def _integer(text: str) -> str:
    if not (_INTEGER.fullmatch(text) and text.isascii()):
        return "no whole number"
    return "" if -(2**31) <= int(text) < 2**31 else "beyond 32 bits"


def _line(text: str) -> str:
    return "control characters" if _CONTROL_IN_LINE.search(text) else ""


def _lines(text: str) -> str:
    return "control characters" if _CONTROL.search(text) else ""


def _name(text: str) -> str:
    groups = text.split("=")
    if len(groups) > 3:
        return f"{len(groups)} component groups, where a person name has 3 at most"
    for group in groups:
        if len(group) > 64:
            return f"{len(group)} characters in a component group, which has 64 at most"
        if group.count("^") > 4:
            return f"{group.count('^') + 1} components, where a person name has 5 at most"
    return _line(text)


def _uid(text: str) -> str:
    if len(text) > 64:
        return f"{len(text)} characters, where a UID has 64 at most"
    if _UID.fullmatch(text) and text.isascii():
        first, second = text.split(".")[:2]
        if int(first[:3]) > 2 or (first != "2" and int(second[:3]) > 39):
            return "no UID: its first components are none of ISO 9834"
        return ""
    if re.fullmatch(r"[0-9.]+", text) and re.search(r"(^|\.)0\d", text):
        return "a component of a UID begins with 0"
    return "no UID, which is numbers parted by dots"


def _uri(text: str) -> str:
    return "" if _URI.fullmatch(text) else "no URI (RFC 3986)"


_RULES: dict[str, Callable[[str], str]] = {
    "AE": _ae_title,
    "AS": _age,
    "CS": _code,
    "DA": _date,
    "DS": _decimal,
    "DT": _date_time,
    "IS": _integer,
    "LO": _line,
    "LT": _lines,
    "PN": _name,
    "SH": _line,
    "ST": _lines,
    "TM": _time,
    "UC": _line,
    "UI": _uid,
    "UR": _uri,
    "UT": _lines,
}
