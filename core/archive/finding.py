"""Queries against the index: C-FIND, our own list, and what a retrieve names (PS3.4 C.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydicom.dataset import Dataset

from core.archive import attributes
from core.archive.entities import Held, Series, Study
from core.archive.index import Index
from core.archive.keys import (
    LEVELS,
    NOT_KEYS,
    Key,
    keys_of,
    level_of,
    require_unique_above,
    shown,
    text_key,
)
from core.archive.matching import Matcher, compile_value, has_wildcard, is_range
from core.archive.responses import response
from core.errors import UsageError
from core.model import Level, Match, Query, Root


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
        return self.held.value(keyword) if self.held is not None else ""


def find_identifier(
    index: Index, identifier: Dataset, root: Root, *, relational: bool = False
) -> Iterator[Dataset]:
    """The responses to a C-FIND (PS3.4 C.4.1), without Retrieve AE Title.

    Raises UsageError, at once, where the identifier does not fit the information model.
    """
    level = level_of(identifier, root)
    keys = keys_of(identifier)
    if not relational:
        require_unique_above(keys, level, root)
    answer = shown(keys, level, root)
    return (response(row.level, answer, row.value) for row in _search(index, level, keys))


def match_query(index: Index, query: Query) -> Iterator[Match]:
    """The same through keys in text, keys above the level not required; UsageError, at once."""
    keys = [text_key(keyword, text) for keyword, text in query.keys.items()]
    answer = shown([key for key in keys if key.keyword not in NOT_KEYS], query.level, Root.PATIENT)
    return _matches(index, query, keys, answer)


def select_instances(index: Index, identifier: Dataset, root: Root) -> Iterator[Held]:
    """The instances that a C-MOVE or C-GET identifier names by unique keys (PS3.4 C.4.2.1.4).

    PatientID names every patient who has it; IssuerOfPatientID, where given, narrows that.
    """
    level = level_of(identifier, root)
    unique = {at.unique_key for at in LEVELS} | {"IssuerOfPatientID"}
    keys = [key for key in keys_of(identifier) if key.keyword in unique]
    require_unique_above(keys, level, root)
    own = next((key for key in keys if key.keyword == level.unique_key), None)
    if own is None or own.matcher is None or (level is Level.PATIENT and has_wildcard(own.text)):
        raise UsageError(f"a retrieve at {level.value} level needs {level.unique_key}")
    return (row.held for row in _search(index, Level.IMAGE, keys) if row.held is not None)


# -- the search


def _search(index: Index, level: Level, keys: Sequence[Key]) -> Iterator[Row]:
    """Every row of a level that matches; each level is filtered before the next is looked into."""
    by_level = {
        at: [key for key in keys if _restricts(key, level) and key.level is at] for at in LEVELS
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
    return LEVELS.index(key.level) <= LEVELS.index(level)


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
    index: Index, query: Query, keys: Sequence[Key], answer: Sequence[Key]
) -> Iterator[Match]:
    for number, row in enumerate(_search(index, query.level, keys), start=1):
        values = {key.keyword: _as_text(row.value(key.keyword)) for key in answer}
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
