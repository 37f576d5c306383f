"""Identifiers of our own requests: a :class:`core.model.Query` or `Ref` as data set, PS3.4 C.4."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement

from core.errors import UsageError
from core.model import Level, Query, Ref, Root

_UTF8 = "ISO_IR 192"
_MAX_DEPTH = 8
_BINARY = frozenset({"US", "SS", "UL", "SL", "UV", "SV"})


def for_query(query: Query) -> Dataset:
    """The identifier of a C-FIND: matching keys, return keys, level; raises UsageError.

    It is written in UTF-8 where a value is not ASCII; else it names no character set.
    """
    ds = Dataset()
    for keyword, value in query.keys.items():
        if keyword not in ("QueryRetrieveLevel", "SpecificCharacterSet"):
            _place(ds, keyword, value)
    if query.root is not Root.WORKLIST:  # which has no levels, PS3.4 K.6.1.2
        ds.QueryRetrieveLevel = query.level.value
        unique = query.level.unique_key
        if unique not in query.keys:
            _set(ds, unique, "")
    if not all(value.isascii() for value in query.keys.values()):
        ds.SpecificCharacterSet = _UTF8
    return ds


def for_ref(ref: Ref, root: Root) -> Dataset:
    """The identifier of a C-MOVE: level and unique keys only (PS3.4 C.4.2.2.1); raises UsageError.

    Study Root has no patient level, so PatientID goes with the other models only.
    """
    ds = Dataset()
    ds.QueryRetrieveLevel = ref.level.value
    keys = {
        Level.PATIENT: ref.patient_id,
        Level.STUDY: ref.study_uid,
        Level.SERIES: ref.series_uid,
        Level.IMAGE: ref.sop_instance_uid,
    }
    if not keys[ref.level]:
        raise UsageError(
            f"a retrieve at level {ref.level.value} needs {ref.level.unique_key}", "give that UID"
        )
    order = list(Level)
    for level in order[root is Root.STUDY : order.index(ref.level) + 1]:
        if keys[level]:
            _set(ds, level.unique_key, keys[level])
    if not str(ds.get("PatientID", "")).isascii():
        ds.SpecificCharacterSet = _UTF8
    return ds


def root_for(ref: Ref) -> Root:
    """The information model to move `ref` by: Study Root, but for a whole patient."""
    return Root.PATIENT if ref.level is Level.PATIENT else Root.STUDY


def _place(ds: Dataset, path: str, value: str) -> None:
    """Set an attribute of the data set, or of the item of a sequence: `Sequence.Keyword`."""
    *sequences, keyword = path.split(".")
    if len(sequences) > _MAX_DEPTH:
        raise UsageError(f"{path!r} is nested too deeply", "name an attribute of the worklist")
    for name in sequences:
        tag = _require_tag(name)
        if tag not in ds:
            _set(ds, name, "")
        element = ds[tag]
        if element.VR != "SQ":
            raise UsageError(f"{name!r} is no sequence, and has nothing in it", "correct the key")
        if not element.value:
            element.value = [Dataset()]
        ds = element.value[0]
    if _require_tag(keyword) in ds and not value:
        return  # asked for as a whole, and in part too
    _set(ds, keyword, value)


def _set(ds: Dataset, keyword: str, value: str) -> None:
    tag = _require_tag(keyword)
    try:
        vr = str(dictionary_VR(tag)).split(" or ")[0]
    except KeyError:
        vr = "LO"
    ds.add(DataElement(tag, vr, _value(keyword, vr, value), validation_mode=IGNORE))


def _value(keyword: str, vr: str, value: str) -> object:
    if vr == "SQ":
        if value:
            raise UsageError(f"{keyword} is a sequence", "leave its value empty")
        return []
    if not value or vr not in _BINARY:
        return value.split("\\") if "\\" in value and vr not in ("ST", "LT", "UT") else value
    try:
        numbers = [int(part) for part in value.split("\\")]
    except ValueError as exc:
        raise UsageError(f"{keyword} takes numbers, not {value!r}") from exc
    return numbers if len(numbers) > 1 else numbers[0]


def _require_tag(keyword: str) -> int:
    # Retired attributes have no keyword, and go by the empty one in the dictionary.
    tag = (tag_for_keyword(keyword) or _tag_of(keyword)) if keyword else None
    if tag is None:
        raise UsageError(
            f"{keyword!r} is no attribute", "use a keyword such as PatientName, or ggggeeee"
        )
    return tag


def _tag_of(text: str) -> int | None:
    """A tag written as `ggggeeee` or `gggg,eeee`, None where it is none."""
    plain = text.replace(",", "")
    if len(plain) != 8:
        return None
    try:
        return int(plain, 16)
    except ValueError:
        return None
