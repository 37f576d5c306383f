"""Identifiers of C-FIND responses (PS3.4 C.4.1.1.3.2), built from what the index holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydicom import config
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from core.archive import attributes
from core.archive.keys import Key, vr_of
from core.model import Level

_CHARACTER_SET = 0x00080005
_LEVEL = 0x00080052
_NUMBERS = {"US": int, "UL": int, "SS": int, "SL": int, "FL": float, "FD": float}
_UNSENT = frozenset(("AT", "OB", "OD", "OF", "OL", "OV", "OW", "SV", "UV"))
"""VRs whose values are bytes, or that nobody asks by: answered empty."""


def response(level: Level, shown: Sequence[Key], answer: Callable[[Key], Any]) -> Dataset:
    """One response: the keys asked for with what is held, empty where nothing is known."""
    ds = Dataset()
    ascii_only = True
    for key in shown:
        held = key.text if key.is_creator else answer(key)
        if key.vr == "SQ":
            items = [_item(item) for item in held] if isinstance(held, list) else []
            ds.add(DataElement(key.tag, "SQ", Items(items)))
            ascii_only = ascii_only and str(held).isascii()
        else:
            ds.add(element(key.tag, key.vr, held))
            ascii_only = ascii_only and held.isascii()
    ds.add(element(_LEVEL, "CS", level.value))
    if not ascii_only:
        ds.add(element(_CHARACTER_SET, "CS", "ISO_IR 192"))
    return ds


def element(tag: int, vr: str, text: str) -> DataElement:
    """A data element of a text value as the index holds it; empty where it is no such value."""
    value: Any = "" if vr in _UNSENT else text
    if vr in _NUMBERS:
        numbers = [_number(part, _NUMBERS[vr]) for part in text.split("\\") if part]
        value = numbers if len(numbers) > 1 else (numbers[0] if numbers else None)
    if value == "":
        value = None
    elif vr == "UN":
        value = text.encode() + b" " * (len(text.encode()) % 2)
    try:
        return DataElement(tag, vr, value, validation_mode=config.IGNORE)
    except (ValueError, TypeError, OverflowError):
        return DataElement(tag, vr, None)


def _number(text: str, kind: type[int] | type[float]) -> int | float | None:
    try:
        return kind(text)
    except ValueError:
        return None


def _item(values: dict[str, Any]) -> Dataset:
    ds = Dataset()
    for keyword, held in values.items():
        tag = int(tag_for_keyword(keyword) or 0)
        vr = attributes.NESTED[keyword][1] if keyword in attributes.NESTED else vr_of(tag)
        if isinstance(held, list):
            ds.add(DataElement(tag, "SQ", Items([_item(item) for item in held])))
        else:
            ds.add(element(tag, vr, held))
    return ds
