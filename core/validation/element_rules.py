"""Each element by itself: its place, VR, VM, length and value, PS3.5 and PS3.6."""

from __future__ import annotations

import struct
from functools import lru_cache

from pydicom import datadict
from pydicom.charset import python_encoding

from core.dump import values
from core.validation.report import Report
from core.validation.tree import Element, Item
from core.validation.value_rules import wrong

MAX_TEXT = 1 << 16
"""Bytes of a text that are judged."""
SPECIFIC_CHARACTER_SET = 0x00080005
_SIZES = {vr: struct.calcsize(f"<{code}") for vr, code in values.NUMBERS.items()} | {
    "AT": 4, "OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8,
}  # fmt: skip
_FORBIDDEN_GROUPS = (0x0001, 0x0003, 0x0005, 0x0007, 0xFFFF)
_ONE_VALUE = (*values.SINGLE_VALUED, "SQ", "UN", "OB", "OD", "OF", "OL", "OV", "OW")


def judge_place(element: Element, item: Item, report: Report) -> None:
    """Its order, whether it stands there twice, and whether there is such an element at all."""
    tag, at = element.tag, element.place
    if tag == item.last:
        report.error("duplicate", "stands there twice", "PS3.5 7.1", at=at)
    elif tag < item.last:
        report.error(
            "order",
            f"stands behind ({item.last >> 16:04X},{item.last & 0xFFFF:04X}), out of order",
            "PS3.5 7.1",
            at=at,
        )
    item.last = tag
    group = tag >> 16
    if group == 0:
        report.error("command group", "a command element in a data set", "PS3.7 6.3", at=at)
    elif group & 1:
        _judge_private(element, item, report)
    elif tag & 0xFFFF == 0:
        if group not in (2, 4):
            report.note("group length", "group lengths are retired", "PS3.5 7.2", at=at)
    elif not (datadict.dictionary_has_tag(tag) or datadict.repeater_has_tag(tag)):
        report.warning("unknown element", "no such element in PS3.6", "PS3.6 6", at=at)
    elif datadict.dictionary_is_retired(tag):
        report.note("retired", "is retired", "PS3.6 6", at=at)


def _judge_private(element: Element, item: Item, report: Report) -> None:
    tag, at = element.tag, element.place
    group, number = tag >> 16, tag & 0xFFFF
    if group in _FORBIDDEN_GROUPS:
        report.error("private group", f"group {group:04X} must not be used", "PS3.5 7.8", at=at)
    elif 0x10 <= number <= 0xFF:
        if element.vr not in ("LO", "UN"):
            text = f"a private creator is LO, and not {element.vr}"
            report.error("vr", text, "PS3.5 7.8.1", at=at)
        if element.is_empty:
            report.error("private creator", "an empty private creator", "PS3.5 7.8.1", at=at)
        item.creators[group << 8 | number] = element.text
    elif number < 0x10:
        if number:
            report.error("private element", "no element may be here", "PS3.5 7.8.1", at=at)
    elif not item.creators.get(group << 8 | number >> 8):
        text = f"private, but ({group:04X},00{number >> 8:02X}) has no private creator"
        report.error("private creator", text, "PS3.5 7.8.1", at=at)


def judge_vr(element: Element, is_implicit: bool, report: Report) -> None:
    """Whether the VR in the file is the one of the dictionary."""
    tag, vr = element.tag, element.vr
    allowed = dictionary_vrs(tag)
    if is_implicit or not allowed or vr in allowed:
        return
    if vr == "UN":
        text = f"VR UN, where it is known to be {' or '.join(allowed)}"
        report.warning("vr", text, "PS3.5 6.2.2", at=element.place)
    else:
        text = f"VR {_printable(vr)}, where PS3.6 has {' or '.join(allowed)}"
        report.error("vr", text, "PS3.6 6", at=element.place)


def _printable(vr: str) -> str:
    return vr if vr.isalnum() else repr(vr)


@lru_cache(maxsize=8192)
def dictionary_vrs(tag: int) -> tuple[str, ...]:
    """The VRs that PS3.6 allows an element, none where it knows nothing of it."""
    if tag >> 16 & 1 or tag & 0xFFFF == 0:
        return ()
    try:
        found = str(datadict.dictionary_VR(tag))
    except KeyError:
        return ()
    return tuple(found.split(" or ")) if found != "NONE" else ()


@lru_cache(maxsize=8192)
def dictionary_vm(tag: int) -> tuple[int, int, int]:
    """How many values there are at least, at most, and in steps of; at most 0 is any number."""
    try:
        found = "" if tag >> 16 & 1 else str(datadict.dictionary_VM(tag))
    except KeyError:
        found = ""
    least, _, most = found.partition("-")
    if not least.isdigit():
        return 0, 0, 1
    if not most:
        return int(least), int(least), 1
    if most.isdigit():
        return int(least), int(most), 1
    return int(least), 0, int(most[:-1] or 1)


def judge_value(element: Element, names: tuple[str, ...] | None, report: Report) -> None:
    """Length, padding, number of values, and each value by the VR."""
    at, vr = element.place, element.vr
    if element.length is not None and element.length & 1:
        report.error("odd length", f"an odd length, {element.length:,}", "PS3.5 7.1.1", at=at)
    if not element.available or element.items is not None or element.length is None:
        return
    if vr in _SIZES:
        if element.available % _SIZES[vr]:
            text = f"{element.available:,} bytes are no whole number of {vr} values"
            report.error("length", text, "PS3.5 6.2", at=at)
        if vr in values.NUMBERS or vr == "AT":
            _judge_count(element, element.available // _SIZES[vr], report)
    elif vr in values.TEXT:
        _judge_text(element, names, report)


def _judge_text(element: Element, names: tuple[str, ...] | None, report: Report) -> None:
    vr, at = element.vr, element.place
    raw = element.raw
    if element.available > len(raw) and element.source is not None:
        raw = element.source.at(element.offset, min(element.available, MAX_TEXT))
    _judge_padding(element, raw, report)
    trimmed = raw.rstrip(b"\0 ")
    text = _judge_characters(element, trimmed, names, report)
    single = vr in values.SINGLE_VALUED
    parts = [text] if single else text.split("\\")
    if not single and element.available <= MAX_TEXT:
        _judge_count(element, len(parts), report)
    for part in parts:
        # Outer spaces are padding in all but long texts, where leading ones mean something.
        value = part if single else part.strip(" ")
        if value == "" and vr != "AE":
            continue
        if fault := wrong(vr, value):
            report.error("value", fault, "PS3.5 6.2", at=at, value=value)


def _judge_padding(element: Element, raw: bytes, report: Report) -> None:
    if element.vr == "UI" and raw.endswith(b" "):
        text = "a UID is padded with a zero byte, and not with a space"
        report.warning("padding", text, "PS3.5 9.1", at=element.place)
    elif element.vr != "UI" and raw.endswith(b"\0"):
        text = "text is padded with spaces, and not with zero bytes"
        report.warning("padding", text, "PS3.5 6.2", at=element.place)


def _judge_characters(
    element: Element, raw: bytes, names: tuple[str, ...] | None, report: Report
) -> str:
    """The text, and whether its bytes are of the character sets that are declared."""
    at = element.place
    if element.vr not in values.BY_CHARACTER_SET:
        if not raw.isascii():
            text = f"{element.vr} is of the default repertoire, without other characters"
            report.error("character set", text, "PS3.5 6.1", at=at)
        return raw.decode(values.DEFAULT_ENCODING)
    if names is None:
        if not raw.isascii():
            text = "characters beyond ASCII, and no Specific Character Set (0008,0005)"
            report.error("character set", text, "PS3.3 C.12.1.1.2", at=at)
        return raw.decode(values.DEFAULT_ENCODING)
    text = values.decoded(raw, names)
    # A text that is judged in part only may end within a character.
    if "\ufffd" in text[:-1] or (text.endswith("\ufffd") and len(raw) < MAX_TEXT):
        report.error(
            "character set",
            "bytes that are no characters of the Specific Character Set",
            "PS3.3 C.12.1.1.2",
            at=at,
        )
    return text


def _judge_count(element: Element, count: int, report: Report) -> None:
    least, most, step = dictionary_vm(element.tag)
    if least == 0 or element.vr in _ONE_VALUE or not count:
        return
    if least <= count and (not most or count <= most) and (most or not count % step):
        return
    allowed = f"{least}" if least == most else f"{least} to {most}" if most else f"{least} or more"
    if step > 1:
        allowed += f", in steps of {step}"
    text = f"{count} value{'s' * (count != 1)}, where PS3.6 has {allowed}"
    report.error("vm", text, "PS3.6 6", at=element.place)


def judge_character_set(element: Element, report: Report) -> None:
    """Whether the terms of Specific Character Set (0008,0005) are known."""
    terms = element.text.split("\\")
    for index, term in enumerate(terms):
        if not term.strip() and (index == 0 or len(terms) == 1):
            continue
        if term.strip() not in python_encoding:
            report.error(
                "character set",
                "no defined term for a character set",
                "PS3.3 C.12.1.1.2",
                at=element.place,
                value=term,
            )
        elif len(terms) > 1 and not term.strip().startswith("ISO 2022"):
            report.error(
                "character set",
                "only sets of ISO 2022 may stand beside others",
                "PS3.3 C.12.1.1.2",
                at=element.place,
                value=term,
            )
