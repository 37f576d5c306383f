"""The entities that a query looks at, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from core.archive import attributes
from core.archive.entities import Held, Series, Study
from core.archive.index import Index
from core.archive.keys import LEVELS, Key
from core.model import Level

FileReader = Callable[[Held], Mapping[int, Any]]
"""Reads from an object's file what the index does not keep: tag → text, or items."""


class Row:
    """One entity that a query looks at: of a study, a series of it, an instance of that."""

    __slots__ = ("_file", "_read", "held", "index", "level", "series", "study")

    def __init__(
        self,
        index: Index,
        read: FileReader,
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
        self._read = read
        self._file: Mapping[int, Any] | None = None

    def answer(self, key: Key) -> Any:
        """What the entity answers to a key: text, a list for a sequence, empty for nothing."""
        return getter(key, self.level)(self)

    def value(self, keyword: str) -> Any:
        """An attribute of the entity's own level or of one above it."""
        computed = _COMPUTE.get(keyword)
        if computed is not None:
            return computed(self)
        level = attributes.LEVELS.get(keyword)
        if level in (Level.PATIENT, Level.STUDY):
            return self.study.attributes.get(keyword, "")
        if level is Level.SERIES:
            return self.series.attributes.get(keyword, "") if self.series else ""
        return self.held.value(keyword) if self.held is not None else ""

    def below(self, keyword: str) -> list[Any]:
        """The different values that an attribute of a lower level has within the entity."""
        found: list[Any] = []
        for value in self._values_below(keyword):
            if value not in found:
                found.append(value)
        return found

    def _values_below(self, keyword: str) -> Iterator[Any]:
        """Of studies, series and what instances have in common: to look at each takes too long."""
        if attributes.LEVELS.get(keyword) is Level.STUDY:
            for study in self._all_studies():
                yield Row(self.index, self._read, self.level, study).value(keyword)
            return
        for series in self._all_series():
            if keyword in attributes.SERIES:
                yield series.attributes.get(keyword, "")
                continue
            for number in tuple(series.commons):
                yield self.index.common.get(str(number), {}).get(keyword, "")

    def _all_series(self) -> Iterable[Series]:
        if self.series is not None:
            return (self.series,)
        return [s for study in self._all_studies() for s in tuple(study.series.values())]

    def _all_studies(self) -> list[Study]:
        if self.level is Level.PATIENT:
            return self.index.studies_of_patient(self.study.patient)
        return [self.study]

    def shared(self, key: Key) -> Any:
        """A value of a lower level: PS3.4 has none, and where all below agree, it is no lie."""
        if not key.is_kept_below:
            return ""
        found = self.below(key.keyword)
        return found[0] if len(found) == 1 else ""

    def of_file(self, key: Key) -> Any:
        """What the file of one of its instances has."""
        if self._file is None:
            held = self.held or self._example()
            self._file = self._read(held) if held is not None else {}
        return self._file.get(key.tag, "")

    def _example(self) -> Held | None:
        """Some instance of the entity: what it has of the entity's level, all have."""
        for series in self._all_series():
            for uid in tuple(series.members)[:1]:
                held = self.index.held(uid)
                if held is not None:
                    return held
        return None


def getter(key: Key, level: Level) -> Callable[[Row], Any]:
    """What gives a row's answer to a key, for rows of one level: see :meth:`Row.answer`."""
    keyword = key.keyword
    if key.is_creator:
        return lambda row: key.text
    if key.level is None:
        return lambda row: row.of_file(key)
    if LEVELS.index(key.level) > LEVELS.index(level):
        return lambda row: row.shared(key)
    if keyword not in _COMPUTE and key.level in (Level.PATIENT, Level.STUDY):
        return lambda row: row.study.attributes.get(keyword, "")
    return lambda row: row.value(keyword)


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
