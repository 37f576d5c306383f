"""Attributes in words: values that may be damaged, codes, names of classes, objects referred to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import UID

from core.model.documents import ObjectReference

MAX_TEXT = 200_000
"""Characters of one value that are shown."""
SEPARATOR = "\\"


class Code(Struct, frozen=True):
    """A coded concept (PS3.3 8.8)."""

    meaning: str = ""
    value: str = ""
    scheme: str = ""

    @property
    def words(self) -> str:
        """Its meaning, or the code itself where none is given."""
        return self.meaning or self.label

    @property
    def label(self) -> str:
        """Code value and scheme: `121071 DCM`."""
        return f"{self.value} {self.scheme}".strip()


NO_CODE = Code()


@lru_cache(maxsize=1000)
def _tag(keyword: str) -> int | None:
    return tag_for_keyword(keyword)


def _is_absent(ds: Dataset, keyword: str) -> bool:
    """Most attributes of most items are: pydicom takes ten times as long to say so."""
    return _tag(keyword) not in ds.keys()  # noqa: SIM118  a data set looks the tag up anew


def value_of(ds: Dataset, keyword: str) -> Any:
    """The value as pydicom has it; None where there is none, or it cannot be read."""
    if _is_absent(ds, keyword):
        return None
    try:
        return ds.get(keyword)
    except Exception:
        return None


def text(ds: Dataset, keyword: str) -> str:
    """The value as text, several joined by a backslash; damaged ones as they are written."""
    if _is_absent(ds, keyword):
        return ""
    try:
        return shown(ds.get(keyword))
    except Exception:
        return raw(ds, keyword).decode("latin-1", "replace").strip("\0 ")[:MAX_TEXT]


def shown(value: Any) -> str:
    """A value of pydicom's as text."""
    if value is None:
        return ""
    if isinstance(value, MultiValue | list | tuple):
        return cut(SEPARATOR.join(str(item) for item in value))
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, Sequence):
        return f"{len(value)} items"
    return cut(str(value).rstrip("\0 "))


def cut(value: str) -> str:
    """A text of bearable length, and a word where it was longer."""
    if len(value) <= MAX_TEXT:
        return value
    return f"{value[:MAX_TEXT]} … ({len(value):,} characters in all)"


def number(ds: Dataset, keyword: str) -> float | None:
    """The first value as a finite number, None where there is none."""
    found = numbers(ds, keyword)
    return found[0] if found else None


def numbers(ds: Dataset, keyword: str) -> list[float]:
    """All values as numbers; those that are none are left out."""
    out = []
    for part in text(ds, keyword).split(SEPARATOR):
        try:
            found = float(part)
        except ValueError:
            continue
        if math.isfinite(found):
            out.append(found)
    return out


def whole(ds: Dataset, keyword: str) -> int:
    """The first value as a whole number, 0 where there is none."""
    return int(number(ds, keyword) or 0)


def items(ds: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is absent, or is no sequence."""
    value = value_of(ds, keyword)
    return list(value) if isinstance(value, Sequence) else []


def item(ds: Dataset, keyword: str) -> Dataset:
    """The first item of a sequence, an empty one where there is none."""
    found = items(ds, keyword)
    return found[0] if found else Dataset()


def raw(ds: Dataset, keyword: str) -> bytes:
    """The bytes of a value as they were read; empty where it was no plain value."""
    tag = _tag(keyword)
    if tag is None or tag not in ds:
        return b""
    try:
        element = ds.get_item(tag)
    except Exception:
        # One that was left in the file for later, and is no value after all.
        return b""
    value = element.value if isinstance(element, RawDataElement) else value_of(ds, keyword)
    if isinstance(value, MultiValue | list):
        return SEPARATOR.join(str(part) for part in value).encode("latin-1", "replace")
    return value if isinstance(value, bytes) else str(value or "").encode("latin-1", "replace")


def code(ds: Dataset, keyword: str) -> Code:
    """The first code of a code sequence."""
    return code_of(item(ds, keyword))


def codes(ds: Dataset, keyword: str) -> str:
    """All codes of a sequence in words."""
    return ", ".join(filter(None, (code_of(found).words for found in items(ds, keyword))))


def code_of(found: Dataset) -> Code:
    """The code that an item is (PS3.3 8.1)."""
    value = text(found, "CodeValue") or text(found, "LongCodeValue") or text(found, "URNCodeValue")
    return Code(text(found, "CodeMeaning"), value, text(found, "CodingSchemeDesignator"))


def name(keyword: str) -> str:
    """What the dictionary calls an attribute."""
    tag = tag_for_keyword(keyword)
    return dictionary_description(tag) if tag is not None else keyword


def vr(keyword: str) -> str:
    """The Value Representation of an attribute, where it says how to read the text."""
    tag = tag_for_keyword(keyword)
    found = dictionary_VR(tag)[:2] if tag is not None else ""
    return found if found in ("DA", "TM", "DT", "PN") else ""


def class_name(uid: str) -> str:
    """A SOP class in words, without the word that all of them have: `CT Image`."""
    found = UID(uid).name
    return found.removesuffix(" Storage") if found else uid


def class_keyword(uid: str) -> str:
    """The keyword of a SOP class, empty for unknown ones."""
    return UID(uid).keyword or ""


def reference(ds: Dataset, *, study: str = "", series: str = "") -> ObjectReference | None:
    """The object that an item refers to, None where it names none."""
    uid = text(ds, "ReferencedSOPInstanceUID")
    if not uid:
        return None
    sop_class = text(ds, "ReferencedSOPClassUID")
    return ObjectReference(
        sop_class_uid=sop_class,
        sop_class=class_name(sop_class) if sop_class else "",
        sop_instance_uid=uid,
        study_uid=study,
        series_uid=series,
        part=_part(ds),
    )


_PARTS = (
    ("ReferencedFrameNumber", "frame"),
    ("ReferencedSegmentNumber", "segment"),
    ("ReferencedWaveformChannels", "channels"),
)


def _part(ds: Dataset) -> str:
    parts = []
    for keyword, word in _PARTS:
        found = text(ds, keyword)
        if found:
            parts.append(f"{word} {found.replace(SEPARATOR, ', ')}")
    return "; ".join(parts)


def references(
    found: Iterable[Dataset], keyword: str, *, study: str = "", series: str = ""
) -> Iterator[ObjectReference]:
    """The objects that the items of a sequence in each of `found` refer to."""
    for holder in found:
        for one in items(holder, keyword):
            referred = reference(one, study=study, series=series)
            if referred is not None:
                yield referred


def plain(value: float | None, digits: int = 4) -> str:
    """A number as a person writes it, empty for none."""
    return "" if value is None else f"{value:.{digits}g}" if abs(value) < 1e4 else f"{value:,.0f}"


def several(count: int, word: str, many: str = "") -> str:
    """`1 frame`, `12 frames`."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"
