"""What a query says: its level, and its keys with what each has to match (PS3.4 C.2.2.1)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from core.archive import attributes
from core.archive.decoding import tidy
from core.archive.matching import Matcher, compile_value, has_wildcard
from core.archive.text import decode, encodings_of
from core.errors import UsageError
from core.model import Level, Root

LEVELS = tuple(Level)
NOT_KEYS = frozenset(
    (
        "SpecificCharacterSet",
        "QueryRetrieveLevel",
        "RetrieveAETitle",
        "QueryRetrieveView",
        "TimezoneOffsetFromUTC",
    )
)
_CHARACTER_SET = 0x00080005
_LEVEL = 0x00080052
_NUMBERS = frozenset(("US", "UL", "SS", "SL"))
_ASCII, _ = encodings_of("")

Codecs = tuple[str, ...]


class Key(Struct, frozen=True, kw_only=True):
    """One attribute of a query: what it is, and what it has to match."""

    keyword: str
    tag: int
    vr: str
    text: str = ""
    level: Level | None = None
    """None for an attribute that is not indexed: answered empty, never matched on."""
    matcher: Matcher | None = None
    items: tuple[Key, ...] = ()
    """The keys within a sequence."""


def level_of(identifier: Dataset, root: Root) -> Level:
    """The level asked for; UsageError where it is missing or not in the model of `root`."""
    text = _text_of(identifier, _LEVEL, "CS", _ASCII)
    if not text:
        raise UsageError("the identifier has no Query/Retrieve Level")
    allowed = {
        Root.STUDY: LEVELS[1:],
        Root.PATIENT: LEVELS,
        Root.PATIENT_STUDY_ONLY: LEVELS[:2],
    }[root]
    for level in allowed:
        if text == level.value:
            return level
    raise UsageError(f"there is no Query/Retrieve Level {text!r} in the {root.value} root model")


def require_unique_above(keys: Sequence[Key], level: Level, root: Root) -> None:
    """UsageError where a hierarchical query lacks one value for each level above (C.4.1.2.1)."""
    above = LEVELS[: LEVELS.index(level)]
    given = {key.keyword: key for key in keys}
    for at in above[1:] if root is Root.STUDY else above:
        key = given.get(at.unique_key)
        if key is None or not key.text:
            raise UsageError(
                f"a query at {level.value} level needs {at.unique_key}",
                "give one value for each level above",
            )
        if "\\" in key.text or has_wildcard(key.text):
            raise UsageError(f"{at.unique_key} above {level.value} level must be one value")


def keys_of(identifier: Dataset, codecs: Codecs = _ASCII) -> list[Key]:
    """The keys of an identifier, or of an item within it; UsageError where one cannot be read."""
    if declared := _text_of(identifier, _CHARACTER_SET, "CS", _ASCII):
        codecs, _ = encodings_of(declared)
    keys = []
    for tag in identifier.keys():  # noqa: SIM118  iterating a data set decodes its elements
        if tag.element == 0 or tag.is_private:
            continue
        key = _element_key(identifier, int(tag), codecs)
        if key is not None and key.keyword not in NOT_KEYS:
            keys.append(key)
    return keys


def _element_key(identifier: Dataset, tag: int, codecs: Codecs) -> Key | None:
    keyword = keyword_for_tag(tag)
    if not keyword:
        return None
    vr = _vr_of(keyword, tag)
    level = attributes.LEVELS.get(keyword)
    if vr != "SQ":
        return _key(keyword, tag, vr, _text_of(identifier, tag, vr, codecs), level)
    try:
        items = list(identifier[tag].value or ())
    except Exception as error:
        raise UsageError(f"the value of {keyword} cannot be read: {error}") from error
    nested = tuple(keys_of(items[0], codecs)) if items and isinstance(items[0], Dataset) else ()
    return Key(keyword=keyword, tag=tag, vr=vr, level=level, items=nested)


def text_key(keyword: str, text: str) -> Key:
    """A key by keyword and text; UsageError names the nearest where there is no such keyword."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        near = difflib.get_close_matches(keyword, attributes.LEVELS, 1)
        raise UsageError(
            f"there is no attribute {keyword!r}", f"did you mean {near[0]}?" if near else ""
        )
    return _key(keyword, tag, _vr_of(keyword, tag), text, attributes.LEVELS.get(keyword))


def _key(keyword: str, tag: int, vr: str, text: str, level: Level | None) -> Key:
    matcher = compile_value(text, vr) if level is not None else None
    return Key(keyword=keyword, tag=tag, vr=vr, text=text, level=level, matcher=matcher)


def _vr_of(keyword: str, tag: int) -> str:
    known = attributes.KEPT.get(tag)
    if known is not None:
        return known[1]
    if keyword in attributes.COMPUTED:
        return attributes.COMPUTED[keyword][1]
    return str(dictionary_VR(tag)).split(" or ")[0]


def _text_of(identifier: Dataset, tag: int, vr: str, codecs: Codecs) -> str:
    """A value as text.

    Bytes are decoded here: a key may be what its VR does not allow (a wildcard, a range, more than
    16 characters), and pydicom warns of that.
    """
    if tag not in identifier:
        return ""
    element: Any = identifier.get_item(tag)
    value = element.value if element is not None else None
    if value is None:
        return ""
    if isinstance(element, RawDataElement) and isinstance(value, bytes):
        if vr in _NUMBERS:
            order = "little" if element.is_little_endian else "big"
            return str(int.from_bytes(value, order)) if value else ""  # type: ignore[arg-type]
        return tidy(decode(value, codecs, is_name=vr == "PN")[0], vr)
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return "\\".join(str(part) for part in value)
    return str(value)


def shown(keys: Sequence[Key], level: Level, root: Root) -> list[Key]:
    """The attributes of a response: what was asked for, and the unique keys down to the level."""
    answer = {key.tag: key for key in keys}
    for at in LEVELS[: LEVELS.index(level) + 1]:
        if at is Level.PATIENT and root is Root.STUDY and level is not Level.PATIENT:
            continue
        tag = int(tag_for_keyword(at.unique_key) or 0)
        answer.setdefault(tag, _key(at.unique_key, tag, _vr_of(at.unique_key, tag), "", at))
    return [answer[tag] for tag in sorted(answer)]
