"""What a query says: its level, and its keys with what each has to match (PS3.4 C.2.2.1)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from pydicom.datadict import (
    dictionary_VR,
    keyword_for_tag,
    private_dictionary_VR,
    tag_for_keyword,
)
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from core.archive import attributes
from core.archive.decoding import NUMBERS, numbers, tidy
from core.archive.matching import Matcher, compile_value, has_wildcard, moment_matcher
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
_TIMES = {
    "StudyDate": "StudyTime",
    "SeriesDate": "SeriesTime",
    "PatientBirthDate": "PatientBirthTime",
    "AcquisitionDate": "AcquisitionTime",
    "ContentDate": "ContentTime",
    "PerformedProcedureStepStartDate": "PerformedProcedureStepStartTime",
}
"""Each date and the time that belongs to it."""
_UNMATCHED = frozenset(("AT", "OB", "OD", "OF", "OL", "OV", "OW", "SV", "UV"))
"""VRs that are matched in the index only; a key that is not supported is ignored (C.2.2.1.3)."""
_ASCII, _ = encodings_of("")

Codecs = tuple[str, ...]


class Key(Struct, frozen=True, kw_only=True):
    """One attribute of a query: what it is, and what it has to match."""

    keyword: str
    """Empty for a private one."""
    tag: int
    vr: str
    text: str = ""
    level: Level | None = None
    """None for an attribute that is not indexed: it is read from the file of an instance."""
    matcher: Matcher | None = None
    items: tuple[Key, ...] = ()
    """The keys within a sequence."""
    creator: str = ""
    """The private creator of a private attribute."""
    partner: str = ""
    """The time that belongs to this date, where both are matched as one moment."""

    @property
    def name(self) -> str:
        """The keyword, or the tag of what has none."""
        return self.keyword or f"{self.tag:08X}"

    @property
    def restricts(self) -> bool:
        """True for a key to match on; a creator is none, it says what private tags mean."""
        if self.is_creator or (self.level is None and self.vr in _UNMATCHED):
            return False
        return self.matcher is not None or bool(self.items)

    @property
    def is_creator(self) -> bool:
        """True for a private creator (PS3.5 7.8.1)."""
        return bool(self.tag >> 16 & 1) and 0x10 <= self.tag & 0xFFFF <= 0xFF

    @property
    def is_kept_below(self) -> bool:
        """True for an attribute whose values within an entity above are quick to tell."""
        return (
            self.level is Level.STUDY
            or self.keyword in attributes.SERIES
            or self.keyword in attributes.COMMON
        )

    def fits(self, value: Any, partner: str = "") -> bool:
        """True where a value matches; sequence matching goes into items (C.2.2.2.6)."""
        if self.vr == "SQ":
            return self._fits_items(value if isinstance(value, list) else [])
        if self.matcher is None:
            return True
        return self.matcher(f"{value}\x1f{partner}" if self.partner else str(value))

    def _fits_items(self, items: list[dict[str, Any]]) -> bool:
        """One item has to match every key that is kept of it."""
        kept = self.level is None
        wanted = [
            key
            for key in self.items
            if key.inner is not None and (kept or key.keyword in attributes.NESTED)
        ]
        return not wanted or any(
            all(key.inner is None or key.inner(str(item.get(key.keyword, ""))) for key in wanted)
            for item in items
        )

    @property
    def inner(self) -> Matcher | None:
        """The matcher of a key within a sequence."""
        return _compiled(self.text, self.vr)


_compiled = lru_cache(maxsize=1024)(compile_value)


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
        if tag.element == 0:
            continue
        if tag.is_private:
            keys += _private_key(identifier, int(tag), codecs)
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


def _private_key(identifier: Dataset, tag: int, codecs: Codecs) -> list[Key]:
    """A private creator, or an attribute of one (PS3.5 7.8.1); nothing where it has no creator."""
    group, number = tag >> 16 << 16, tag & 0xFFFF
    if number <= 0xFF:
        text = _text_of(identifier, tag, "LO", codecs)
        return [Key(keyword="", tag=tag, vr="LO", text=text, creator=text)] if text else []
    creator = _text_of(identifier, group | number >> 8, "LO", codecs)
    if not creator:
        return []
    vr = _private_vr(identifier, tag, creator)
    if vr == "SQ":
        return []
    text = _text_of(identifier, tag, vr, codecs)
    matcher = compile_value(text, "LO" if vr == "UN" else vr)
    return [Key(keyword="", tag=tag, vr=vr, text=text, matcher=matcher, creator=creator)]


def _private_vr(identifier: Dataset, tag: int, creator: str) -> str:
    element: Any = identifier.get_item(tag)
    declared = str(getattr(element, "VR", None) or "UN")
    if declared != "UN":
        return declared
    try:
        return private_dictionary_VR(tag, creator)
    except KeyError:
        return "UN"


def combine(keys: Sequence[Key]) -> list[Key]:
    """The keys, each date and its time made one key (combined date-time matching, C.2.2.2.5)."""
    given = {key.keyword: key for key in keys if key.matcher is not None}
    pairs = {d: t for d, t in _TIMES.items() if d in given and t in given}
    times = set(pairs.values())
    combined = []
    for key in keys:
        if key.keyword in pairs:
            time = pairs[key.keyword]
            matcher = moment_matcher(key.text, given[time].text)
            combined.append(replace(key, matcher=matcher, partner=time))
        else:
            combined.append(replace(key, matcher=None) if key.keyword in times else key)
    return combined


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
    matcher = compile_value(text, vr)
    return Key(keyword=keyword, tag=tag, vr=vr, text=text, level=level, matcher=matcher)


def _vr_of(keyword: str, tag: int) -> str:
    known = attributes.KEPT.get(tag)
    if known is not None:
        return known[1]
    if keyword in attributes.COMPUTED:
        return attributes.COMPUTED[keyword][1]
    return vr_of(tag)


def vr_of(tag: int) -> str:
    """The VR of a standard attribute; the first one where the data decide."""
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
        if vr in NUMBERS:
            return numbers(value, vr, little=element.is_little_endian)
        return tidy(decode(value, codecs, is_name=vr == "PN")[0], vr)
    if isinstance(value, bytes):
        return tidy(decode(value, codecs)[0], "LO")
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
