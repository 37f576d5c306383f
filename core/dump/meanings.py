"""What a value of code says in words: UIDs, dates, times, ages, tags, character sets."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from pydicom import datadict
from pydicom._uid_dict import UID_dictionary

MAX_VALUES = 4
"""Values of a UID or tag that are named; the tree has one line for all."""
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(\.\d{1,6})?)?)?", re.ASCII)
_DATE_TIME = re.compile(r"(\d{8})(\d{2,6}(?:\.\d{1,6})?)?([+-]\d{4})?", re.ASCII)
_AGE = re.compile(r"(\d{3})([DWMY])", re.ASCII)
_TAG = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)")
_AGE_UNITS = {"D": "day", "W": "week", "M": "month", "Y": "year"}
_REPERTOIRES = {
    "6": "ASCII", "13": "Japanese half-width", "58": "Chinese (GB 2312)", "87": "Japanese Kanji",
    "100": "Latin 1", "101": "Latin 2", "109": "Latin 3", "110": "Latin 4", "126": "Greek",
    "127": "Arabic", "138": "Hebrew", "144": "Cyrillic", "148": "Latin 5", "149": "Korean",
    "159": "Japanese supplementary Kanji", "166": "Thai", "192": "UTF-8", "203": "Latin 9",
}  # fmt: skip
"""PS3.3 tables C.12-2 to C.12-5, by the number of the registration."""
_CHARACTER_SET = re.compile(r"ISO_IR (\d+)|ISO 2022 IR (\d+)", re.ASCII)


@lru_cache(maxsize=4096)
def meaning(vr: str, keyword: str, text: str) -> str:
    """Put the value `text` of a VR into words; empty where it says itself what it means."""
    if not text:
        return ""
    if keyword == "SpecificCharacterSet":
        return _each(text, character_set)
    if vr == "UI":
        return _each(text, _uid)
    if vr == "AT":
        return _each(text, _tag)
    one = {"DA": _date, "TM": _time, "DT": _date_time, "AS": _age}.get(vr)
    return one(text) if one and "\\" not in text else ""


def character_set(term: str) -> str:
    """Name what a defined term of Specific Character Set (0008,0005) stands for."""
    if not term.strip():
        return "ASCII"
    if term in ("GB18030", "GBK"):
        return "Chinese"
    found = _CHARACTER_SET.fullmatch(term.strip())
    return _REPERTOIRES.get(found[1] or found[2], "unknown") if found else "unknown"


def _each(text: str, name: Callable[[str], str]) -> str:
    parts = text.split("\\")
    if len(parts) > MAX_VALUES:
        return ""
    names = [name(part) for part in parts]
    return ", ".join(names) if any(names) else ""


def _uid(text: str) -> str:
    found = UID_dictionary.get(text)
    return str(found[0]) if found else ""


def _tag(text: str) -> str:
    found = _TAG.fullmatch(text)
    if not found:
        return ""
    tag = int(found[1] + found[2], 16)
    known = datadict.dictionary_has_tag(tag) or datadict.repeater_has_tag(tag)
    return datadict.keyword_for_tag(tag) if known else ""


def _date(text: str) -> str:
    found = _DATE.fullmatch(text.strip())
    return "-".join(found.groups()) if found else ""


def _time(text: str) -> str:
    found = _TIME.fullmatch(text.strip())
    if not found or not found[2]:
        return ""
    return ":".join(part for part in found.groups()[:3] if part) + (found[4] or "")


def _date_time(text: str) -> str:
    found = _DATE_TIME.fullmatch(text.strip())
    if not found:
        return ""
    zone = f"UTC{found[3]}" if found[3] else ""
    return " ".join(part for part in (_date(found[1]), _time(found[2] or ""), zone) if part)


def _age(text: str) -> str:
    found = _AGE.fullmatch(text.strip())
    if not found:
        return ""
    count, unit = int(found[1]), _AGE_UNITS[found[2]]
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
