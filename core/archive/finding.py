"""Queries against the index: C-FIND, our own list, and what a retrieve names (PS3.4 C.4)."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset

from core.archive import attributes
from core.archive.index import Held, Index, Series, Study
from core.archive.matching import Matcher, compile_value, has_wildcard, is_range
from core.archive.responses import response
from core.errors import UsageError
from core.model import Level, Match, Query, Root

_LEVELS = tuple(Level)
_NOT_KEYS = frozenset(
    (
        "SpecificCharacterSet",
        "QueryRetrieveLevel",
        "RetrieveAETitle",
        "QueryRetrieveView",
        "TimezoneOffsetFromUTC",
    )
)


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


class Row:
    """One entity that a query looks at: of a study, a series of it, an instance of that."""

    __slots__ = ("held", "index", "level", "series", "study")

    def __init__(
        self,
        index: Index,
        level: Level,
        study: Study,
        series: Series | None = None,
        held: Held | None = None,
    ) -> None:
        self.index = index
        self.level = level
        self.study = study
        self.series = series
        self.held = held

    def value(self, keyword: str) -> Any:
        """Text of an attribute, a list for a sequence, empty where there is none."""
        computed = _COMPUTE.get(keyword)
        if computed is not None:
            return computed(self)
        level = attributes.LEVELS.get(keyword)
        if level in (Level.PATIENT, Level.STUDY):
            return self.study.attributes.get(keyword, "")
        if level is Level.SERIES:
            return self.series.attributes.get(keyword, "") if self.series else ""
        if self.held is None:
            return ""
        if keyword == "SOPInstanceUID":
            return self.held.sop_instance_uid
        return self.held.own.get(keyword) or self.held.common.get(keyword, "")


def find_identifier(
    index: Index, identifier: Dataset, root: Root, *, relational: bool = False
) -> Iterator[Dataset]:
    """The responses to a C-FIND (PS3.4 C.4.1), without Retrieve AE Title.

    Raises UsageError, at once, where the identifier does not fit the information model.
    """
    level = _level_of(identifier, root)
    keys = _keys_of(identifier)
    if not relational:
        _require_unique_above(keys, level, root)
    shown = _shown(keys, level, root)
    return (response(row.level, shown, row.value) for row in _search(index, level, keys))


def match_query(index: Index, query: Query) -> Iterator[Match]:
    """The same through keys in text, keys above the level not required; UsageError, at once."""
    keys = [_text_key(keyword, text) for keyword, text in query.keys.items()]
    shown = _shown([key for key in keys if key.keyword not in _NOT_KEYS], query.level, Root.PATIENT)
    return _matches(index, query, keys, shown)


def select_instances(index: Index, identifier: Dataset, root: Root) -> Iterator[Held]:
    """The instances that a C-MOVE or C-GET identifier names by unique keys (PS3.4 C.4.2.1.4).

    PatientID names every patient who has it; IssuerOfPatientID, where given, narrows that.
    """
    level = _level_of(identifier, root)
    unique = {at.unique_key for at in _LEVELS} | {"IssuerOfPatientID"}
    keys = [key for key in _keys_of(identifier) if key.keyword in unique]
    _require_unique_above(keys, level, root)
    own = next((key for key in keys if key.keyword == level.unique_key), None)
    if own is None or own.matcher is None or (level is Level.PATIENT and has_wildcard(own.text)):
        raise UsageError(f"a retrieve at {level.value} level needs {level.unique_key}")
    return (row.held for row in _search(index, Level.IMAGE, keys) if row.held is not None)


# -- what the query says


def _level_of(identifier: Dataset, root: Root) -> Level:
    text = _text_of(identifier, "QueryRetrieveLevel")
    if not text:
        raise UsageError("the identifier has no Query/Retrieve Level")
    allowed = {
        Root.STUDY: _LEVELS[1:],
        Root.PATIENT: _LEVELS,
        Root.PATIENT_STUDY_ONLY: _LEVELS[:2],
    }[root]
    for level in allowed:
        if text == level.value:
            return level
    raise UsageError(f"there is no Query/Retrieve Level {text!r} in the {root.value} root model")


def _require_unique_above(keys: Sequence[Key], level: Level, root: Root) -> None:
    above = _LEVELS[: _LEVELS.index(level)]
    given = {key.keyword: key for key in keys}
    for at in above[1:] if root is Root.STUDY else above:
        key = given.get(at.unique_key)
        if key is None or not key.text:
            raise UsageError(
                f"a query at {level.value} level needs {at.unique_key}",
                "give one value for each level above",
            )
        wild = has_wildcard(key.text) and at is Level.PATIENT
        if wild or "\\" in key.text or (at is not Level.PATIENT and has_wildcard(key.text)):
            raise UsageError(f"{at.unique_key} above {level.value} level must be one value")


def _keys_of(identifier: Dataset) -> list[Key]:
    keys = []
    for tag in identifier.keys():  # noqa: SIM118  iterating a data set decodes its elements
        if tag.element == 0 or tag.is_private:
            continue
        key = _element_key(identifier, int(tag))
        if key is not None and key.keyword not in _NOT_KEYS:
            keys.append(key)
    return keys


def _element_key(identifier: Dataset, tag: int) -> Key | None:
    keyword = keyword_for_tag(tag)
    if not keyword:
        return None
    vr = _vr_of(keyword, tag)
    level = attributes.LEVELS.get(keyword)
    if vr != "SQ":
        text = _text_of(identifier, keyword)
        return _key(keyword, tag, vr, text, level)
    try:
        items = list(identifier[tag].value or ())
    except Exception as error:
        raise UsageError(f"the value of {keyword} cannot be read: {error}") from error
    nested = tuple(_keys_of(items[0])) if items and isinstance(items[0], Dataset) else ()
    return Key(keyword=keyword, tag=tag, vr=vr, level=level, items=nested)


def _text_key(keyword: str, text: str) -> Key:
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


def _text_of(identifier: Dataset, keyword: str) -> str:
    """A value as text; UsageError where it cannot be read."""
    try:
        value = identifier.get(keyword)
    except Exception as error:
        raise UsageError(f"the value of {keyword} cannot be read: {error}") from error
    if value is None:
        return ""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return "\\".join(str(part) for part in value)
    return str(value)


def _shown(keys: Sequence[Key], level: Level, root: Root) -> list[Key]:
    """The attributes of a response: what was asked for, and the unique keys down to the level."""
    shown = {key.tag: key for key in keys}
    for at in _LEVELS[: _LEVELS.index(level) + 1]:
        if at is Level.PATIENT and root is Root.STUDY and level is not Level.PATIENT:
            continue
        key = _key(at.unique_key, int(tag_for_keyword(at.unique_key) or 0), "", "", at)
        shown.setdefault(
            key.tag,
            Key(keyword=key.keyword, tag=key.tag, vr=_vr_of(key.keyword, key.tag), level=at),
        )
    return [shown[tag] for tag in sorted(shown)]


# -- the search


def _search(index: Index, level: Level, keys: Sequence[Key]) -> Iterator[Row]:
    """Every row of a level that matches; each level is filtered before the next is looked into."""
    by_level = {
        at: [key for key in keys if _restricts(key, level) and key.level is at] for at in _LEVELS
    }
    above = by_level[Level.PATIENT] + by_level[Level.STUDY]
    patients: set[Any] = set()
    for study in _candidates(index, keys):
        row = Row(index, level, study)
        if not study.series or not _fits(row, above):
            continue
        if level is Level.PATIENT:
            if study.patient not in patients:
                patients.add(study.patient)
                yield row
        elif level is Level.STUDY:
            yield row
        else:
            yield from _search_series(index, level, study, by_level)


def _search_series(
    index: Index, level: Level, study: Study, by_level: dict[Level, list[Key]]
) -> Iterator[Row]:
    wanted = next((k for k in by_level[Level.IMAGE] if k.keyword == "SOPInstanceUID"), None)
    for series in tuple(study.series.values()):
        row = Row(index, level, study, series)
        if not series.members or not _fits(row, by_level[Level.SERIES]):
            continue
        if level is Level.SERIES:
            yield row
            continue
        for held in _candidate_instances(index, series, wanted):
            image = Row(index, level, study, series, held)
            if _fits(image, by_level[Level.IMAGE]):
                yield image


def _candidate_instances(index: Index, series: Series, wanted: Key | None) -> Iterator[Held]:
    if wanted is None:
        yield from index.members(series)
        return
    for uid in dict.fromkeys(wanted.text.split("\\")):
        held = index.held(uid.strip(" \0"))
        if held is not None and held.series is series:
            yield held


def _restricts(key: Key, level: Level) -> bool:
    """True for a key to match on: one of the level asked for, or of a level above it."""
    if key.level is None or (key.matcher is None and not key.items):
        return False
    return _LEVELS.index(key.level) <= _LEVELS.index(level)


def _candidates(index: Index, keys: Sequence[Key]) -> list[Study]:
    """As few studies as the dictionaries can tell; what they leave is matched all the same."""
    given = {key.keyword: key.text for key in keys if key.matcher is not None}
    if uids := given.get("StudyInstanceUID"):
        return index.studies_of_uids(_values(uids))
    if uids := given.get("SOPInstanceUID"):
        found = (index.held(uid) for uid in _values(uids))
        return list(dict.fromkeys(held.series.study for held in found if held is not None))
    if uids := given.get("SeriesInstanceUID"):
        return list(dict.fromkeys(series.study for series in index.series_of_uids(_values(uids))))
    for keyword, look_up in (
        ("AccessionNumber", index.studies_of_accession),
        ("PatientID", index.studies_of_patient_id),
    ):
        text = given.get(keyword, "").strip()
        if text and not has_wildcard(text) and "\\" not in text:
            return look_up(text)
    if dates := given.get("StudyDate"):
        return _of_dates(index, dates)
    return index.studies()


def _of_dates(index: Index, text: str) -> list[Study]:
    matcher = compile_value(text, "DA")
    if matcher is None:
        return index.studies()
    if not is_range(text, "DA") and "\\" not in text and "." not in text:
        return index.studies_of_dates([text.strip()])
    return index.studies_of_dates(sorted(date for date in index.dates() if matcher(date)))


def _values(text: str) -> list[str]:
    return [part.strip(" \0") for part in text.split("\\")]


def _fits(row: Row, keys: Sequence[Key]) -> bool:
    return all(_matches_key(key, row.value(key.keyword)) for key in keys)


def _matches_key(key: Key, value: Any) -> bool:
    """Sequence matching goes into items (C.2.2.2.6): one item has to match every key."""
    if key.vr == "SQ":
        wanted = [inner for inner in key.items if compile_inner(inner) or inner.items]
        items = value if isinstance(value, list) else []
        return not wanted or any(
            all(_matches_inner(inner, item) for inner in wanted) for item in items
        )
    return key.matcher is None or key.matcher(str(value))


def _matches_inner(inner: Key, item: dict[str, Any]) -> bool:
    if inner.vr == "SQ":
        return _matches_key(inner, item.get(inner.keyword))
    matcher = compile_inner(inner)
    return matcher is None or matcher(str(item.get(inner.keyword, "")))


def compile_inner(key: Key) -> Matcher | None:
    """The matcher of a key within a sequence; None where the index does not keep that attribute."""
    return compile_value(key.text, key.vr) if key.keyword in attributes.NESTED else None


def _matches(
    index: Index, query: Query, keys: Sequence[Key], shown: Sequence[Key]
) -> Iterator[Match]:
    for number, row in enumerate(_search(index, query.level, keys), start=1):
        values = {key.keyword: _as_text(row.value(key.keyword)) for key in shown}
        yield Match(level=query.level, values=values)
        if query.limit and number >= query.limit:
            return


def _as_text(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    return "; ".join(
        " ".join(f"{name}={_as_text(inner)}" for name, inner in item.items()) for item in value
    )


# -- what is counted


def _patient_studies(row: Row) -> list[Study]:
    return row.index.studies_of_patient(row.study.patient)


def _modalities(row: Row) -> str:
    found = {str(s.attributes.get("Modality", "")) for s in tuple(row.study.series.values())}
    return "\\".join(sorted(found - {""}))


def _sop_classes(row: Row) -> str:
    found = set()
    for series in tuple(row.study.series.values()):
        for number in tuple(series.commons):
            common = row.index.common.get(str(number), {})
            found.add(str(common.get("SOPClassUID", "")))
    return "\\".join(sorted(found - {""}))


_COMPUTE: dict[str, Callable[[Row], str]] = {
    "InstanceAvailability": lambda row: "ONLINE",
    "NumberOfPatientRelatedStudies": lambda row: str(len(_patient_studies(row))),
    "NumberOfPatientRelatedSeries": lambda row: str(
        sum(len(study.series) for study in _patient_studies(row))
    ),
    "NumberOfPatientRelatedInstances": lambda row: str(
        sum(study.count for study in _patient_studies(row))
    ),
    "ModalitiesInStudy": _modalities,
    "SOPClassesInStudy": _sop_classes,
    "NumberOfStudyRelatedSeries": lambda row: str(len(row.study.series)),
    "NumberOfStudyRelatedInstances": lambda row: str(row.study.count),
    "NumberOfSeriesRelatedInstances": lambda row: (
        str(len(row.series.members)) if row.series is not None else ""
    ),
}
