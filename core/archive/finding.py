"""Queries against the index: C-FIND, our own list, and what a retrieve names (PS3.4 C.4)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from pydicom.dataset import Dataset

from core.archive.entities import Held, Series, Study
from core.archive.files import ObjectFiles
from core.archive.index import Index
from core.archive.keys import (
    LEVELS,
    NOT_KEYS,
    Key,
    combine,
    keys_of,
    level_of,
    require_unique_above,
    shown,
    text_key,
)
from core.archive.matching import compile_value, has_wildcard, is_range
from core.archive.responses import Responses
from core.archive.rows import FileReader, Row, getter
from core.archive.unindexed import reader
from core.errors import UsageError
from core.model import Level, Match, Query, Root

_PULSE = 0.05  # seconds


def find_identifier(
    index: Index,
    files: ObjectFiles,
    identifier: Dataset,
    root: Root,
    *,
    transfer_syntax: str,
    ae_title: str,
    relational: bool = False,
    combined: bool = False,
) -> Iterator[bytes | None]:
    """The identifiers of the responses to a C-FIND (PS3.4 C.4.1), encoded in a transfer syntax.

    None comes between them while nothing matches for a while. `ae_title` is Retrieve AE Title;
    `relational` and `combined` are what extended negotiation agreed on (PS3.4 C.5.1.1): no unique
    keys above the level are needed; a date and its time are one moment. Raises UsageError, at once,
    where the identifier does not fit the information model.
    """
    level = level_of(identifier, root)
    keys = keys_of(identifier)
    if not relational:
        require_unique_above(keys, level, root)
    responses = Responses(level, shown(keys, level, root), transfer_syntax, ae_title)
    if combined:
        keys = combine(keys)
    search = Search(index, reader(files, keys), level, keys)
    return (responses.encode(row) if row is not None else None for row in search.looked_at())


def match_query(index: Index, files: ObjectFiles, query: Query) -> Iterator[Match]:
    """The same through keys in text, keys above the level not required; UsageError, at once."""
    keys = [text_key(keyword, text) for keyword, text in query.keys.items()]
    answer = shown([key for key in keys if key.keyword not in NOT_KEYS], query.level, Root.PATIENT)
    return _matches(Search(index, reader(files, keys), query.level, keys), query, answer)


def select_instances(
    index: Index, identifier: Dataset, root: Root, *, relational: bool = False
) -> Iterator[Held]:
    """The instances that a C-MOVE or C-GET identifier names by unique keys (PS3.4 C.4.2.1.4).

    `relational` (PS3.4 C.5.2.1) lets the keys above the level be left out.
    PatientID names every patient who has it; IssuerOfPatientID, where given, narrows that.
    """
    level = level_of(identifier, root)
    unique = {at.unique_key for at in LEVELS} | {"IssuerOfPatientID"}
    keys = [key for key in keys_of(identifier) if key.keyword in unique]
    if not relational:
        require_unique_above(keys, level, root)
    own = next((key for key in keys if key.keyword == level.unique_key), None)
    if own is None or own.matcher is None or (level is Level.PATIENT and has_wildcard(own.text)):
        raise UsageError(f"a retrieve at {level.value} level needs {level.unique_key}")
    search = Search(index, reader(None, ()), Level.IMAGE, keys)
    return (row.held for row in search.rows() if row.held is not None)


# -- the search


class _Pulse:
    """Is due every so many seconds, by the clock, for a candidate may cost a file or nothing."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _PULSE

    def is_due(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + _PULSE
        return True


class Search:
    """A query being answered; each level is filtered before the next is looked into."""

    def __init__(self, index: Index, read: FileReader, level: Level, keys: Sequence[Key]) -> None:
        self._index = index
        self._read = read
        self._level = level
        self._keys = keys
        self._by_level = {at: [k for k in keys if k.restricts and k.level is at] for at in LEVELS}
        below = LEVELS[LEVELS.index(level) + 1 :]
        self._last = [k for at in below for k in self._by_level[at] if k.is_kept_below]
        self._last += [k for k in keys if k.restricts and k.level is None]
        self._pulse = _Pulse()

    def rows(self) -> Iterator[Row]:
        """Every row of the level that matches."""
        return (row for row in self.looked_at() if row is not None)

    def looked_at(self) -> Iterator[Row | None]:
        """The rows that match, and None while there was none for a while.

        So that whoever waits can turn to other things, or give up: where files have to be read, a
        search that finds nothing takes minutes.
        """
        above = self._by_level[Level.PATIENT] + (
            self._by_level[Level.STUDY] if self._level is not Level.PATIENT else []
        )
        patients: set[Any] = set()
        for study in _candidates(self._index, self._keys):
            if self._pulse.is_due():
                yield None
            row = Row(self._index, self._read, self._level, study)
            if not study.series or not _fits(row, above):
                continue
            if self._level is Level.PATIENT:
                if study.patient not in patients and self._fits_below(row):
                    patients.add(study.patient)
                    yield row
            elif self._level is Level.STUDY:
                if self._fits_below(row):
                    yield row
            else:
                yield from self._within(study)

    def _within(self, study: Study) -> Iterator[Row | None]:
        images = self._by_level[Level.IMAGE]
        wanted = next((k for k in images if k.keyword == "SOPInstanceUID"), None)
        for series in tuple(study.series.values()):
            row = Row(self._index, self._read, self._level, study, series)
            if not series.members or not _fits(row, self._by_level[Level.SERIES]):
                continue
            if self._level is Level.SERIES:
                if self._fits_below(row):
                    yield row
                continue
            for held in _candidate_instances(self._index, series, wanted):
                if self._pulse.is_due():
                    yield None
                image = Row(self._index, self._read, self._level, study, series, held)
                if _fits(image, images) and self._fits_below(image):
                    yield image

    def _fits_below(self, row: Row) -> bool:
        """Keys that are not of this level or one above: some entity below has to match each.

        PS3.4 C.4.1.2 knows no such keys; those who send them (Modality at STUDY level) mean this.
        """
        return all(
            key.fits(row.answer(key))
            if key.level is None
            else any(key.fits(value) for value in row.below(key.keyword))
            for key in self._last
        )


def _candidate_instances(index: Index, series: Series, wanted: Key | None) -> Iterator[Held]:
    if wanted is None:
        yield from index.members(series)
        return
    for uid in dict.fromkeys(wanted.text.split("\\")):
        held = index.held(uid.strip(" \0"))
        if held is not None and held.series is series:
            yield held


def _candidates(index: Index, keys: Sequence[Key]) -> list[Study]:
    """As few studies as the dictionaries can tell; what they leave is matched all the same."""
    given = {key.keyword: key.text for key in keys if key.restricts and key.level is not None}
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
        day = text.strip()
        # Of old with dots between (PS3.5 6.2, DA).
        return index.studies_of_dates([day, f"{day[:4]}.{day[4:6]}.{day[6:]}"])
    return index.studies_of_dates(sorted(date for date in index.dates() if matcher(date)))


def _values(text: str) -> list[str]:
    return [part.strip(" \0") for part in text.split("\\")]


def _fits(row: Row, keys: Sequence[Key]) -> bool:
    return all(
        key.fits(row.value(key.keyword), row.value(key.partner) if key.partner else "")
        for key in keys
    )


def _matches(search: Search, query: Query, answer: Sequence[Key]) -> Iterator[Match]:
    getters = [(key.name, getter(key, query.level)) for key in answer]
    for number, row in enumerate(search.rows(), start=1):
        values = {name: _as_text(get(row)) for name, get in getters}
        yield Match(level=query.level, values=values)
        if query.limit and number >= query.limit:
            return


def _as_text(value: Any) -> str:
    if not isinstance(value, list):
        return value if type(value) is str else str(value)
    return "; ".join(
        " ".join(f"{name}={_as_text(inner)}" for name, inner in item.items()) for item in value
    )
