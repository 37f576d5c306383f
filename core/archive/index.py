"""The index: what is held, by level, with dictionaries beside the TinyDB tables.

Tables: `studies` (patient and study attributes), `series`, `common` (what instances of a series
have in common) and `instances`, whose ids are SOP Instance UIDs. An instance's record holds only
what is its own, and is small because there are many: "s" its series, "c" its common record,
"z" its size in bytes, "v" the values of OWN_KEYWORDS in one text.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from core.archive.attributes import OWN
from core.archive.header import Header, Values
from core.archive.journal import Change
from core.archive.tables import Document, JournalStorage, no_garbage_collection
from core.errors import ArchiveError

PatientKey = tuple[str, str, str, str]

OWN_KEYWORDS = tuple(keyword for keyword in OWN if keyword != "SOPInstanceUID")
_OWN_PLACES = {keyword: place for place, keyword in enumerate(OWN_KEYWORDS)}
_UNIT = "\x1f"
_canonical = msgspec.json.Encoder(order="sorted").encode


class Study:
    """A study of one patient: its attributes and its series."""

    __slots__ = ("attributes", "id", "patient", "series")

    def __init__(self, number: int, attributes: Document) -> None:
        self.id = number
        self.attributes = attributes
        self.patient = patient_key(attributes)
        self.series: dict[str, Series] = {}

    @property
    def uid(self) -> str:
        """Study Instance UID."""
        return str(self.attributes["StudyInstanceUID"])

    @property
    def count(self) -> int:
        """Number of instances."""
        return sum(len(series.members) for series in tuple(self.series.values()))


class Series:
    """A series: its attributes, and the SOP Instance UIDs of its members."""

    __slots__ = ("attributes", "commons", "id", "members", "study")

    def __init__(self, number: int, attributes: Document, study: Study) -> None:
        self.id = number
        self.attributes = attributes
        self.study = study
        self.members: dict[str, None] = {}
        self.commons: dict[int, int] = {}

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return str(self.attributes["SeriesInstanceUID"])


class Held(msgspec.Struct, frozen=True, gc=False):
    """One instance as the index knows it."""

    sop_instance_uid: str
    series: Series
    own: Document
    common: Document

    def value(self, keyword: str) -> Any:
        """An attribute of IMAGE level; empty where there is none."""
        if keyword == "SOPInstanceUID":
            return self.sop_instance_uid
        place = _OWN_PLACES.get(keyword)
        if place is None:
            return self.common.get(keyword, "")
        return str(self.own["v"]).split(_UNIT)[place]


def _packed(own: Values) -> str:
    return _UNIT.join(str(own.get(keyword, "")).replace(_UNIT, " ") for keyword in OWN_KEYWORDS)


def patient_key(attributes: Values) -> PatientKey:
    """What makes a patient: PatientID, its issuer, the name without case and accents, birth date.

    PatientID alone is not unique between hospitals (PS3.3 C.2.1.1.1 leaves it to the issuer, which
    few objects name), and to show two persons as one is the worst an archive can do. One person
    shown as two costs a second look.
    """
    return (
        str(attributes.get("PatientID", "")),
        str(attributes.get("IssuerOfPatientID", "")),
        fold_name(str(attributes.get("PatientName", ""))),
        str(attributes.get("PatientBirthDate", "")),
    )


def fold_name(name: str) -> str:
    """A person name for comparison: no case, no accents, no delimiters at the end of a group."""
    if name.isascii():
        folded = name.lower()
    else:
        parts = unicodedata.normalize("NFKD", name.casefold())
        folded = "".join(c for c in parts if not unicodedata.combining(c))
    if "=" not in folded:
        return folded.rstrip("^ ")
    return "=".join(group.rstrip("^ ") for group in folded.split("=")).rstrip("=")


class Index:
    """Everything held, in memory; changes go through the storage's journal.

    Writers hold `lock` for some microseconds. Readers take snapshots and look records up; they
    may find that what they had seen is gone.
    """

    def __init__(self, storage: JournalStorage) -> None:
        self.storage = storage
        self.lock = storage.lock
        for name in ("studies", "series", "common", "instances"):
            storage.tables.setdefault(name, {})
        self.instances = storage.tables["instances"]
        self.common = storage.tables["common"]
        self.size = 0
        self._studies: dict[int, Study] = {}
        self._series: dict[int, Series] = {}
        self._commons: dict[bytes, int] = {}
        self._common_uses: dict[int, int] = defaultdict(int)
        self._by_study_uid: dict[str, list[Study]] = {}
        self._by_series_uid: dict[str, list[Series]] = {}
        self._by_patient: dict[PatientKey, dict[int, Study]] = {}
        self._by_patient_id: dict[str, dict[int, Study]] = {}
        self._by_accession: dict[str, dict[int, Study]] = {}
        self._by_date: dict[str, dict[int, Study]] = {}
        with no_garbage_collection():
            self._build()
        self._next = 1 + max((*self._studies, *self._series, *self._common_uses), default=0)

    # -- reading

    def held(self, sop_instance_uid: str) -> Held | None:
        """One instance, None where it is not held."""
        with self.lock:
            own = self.instances.get(sop_instance_uid)
            if own is None:
                return None
            series = self._series[own["s"]]
            return Held(sop_instance_uid, series, own, self.common[str(own["c"])])

    def members(self, series: Series) -> Iterator[Held]:
        """The instances of a series as it was when this was called, but those gone since."""
        for uid in tuple(series.members):
            held = self.held(uid)
            if held is not None and held.series is series:
                yield held

    def studies(self) -> list[Study]:
        """Every study held now."""
        with self.lock:
            return list(self._studies.values())

    def studies_of_uids(self, uids: Iterable[str]) -> list[Study]:
        """The studies of some Study Instance UIDs: usually one each."""
        with self.lock:
            return [
                study for uid in dict.fromkeys(uids) for study in self._by_study_uid.get(uid, ())
            ]

    def series_of_uids(self, uids: Iterable[str]) -> list[Series]:
        """The series of some Series Instance UIDs: usually one each."""
        with self.lock:
            return [
                series for uid in dict.fromkeys(uids) for series in self._by_series_uid.get(uid, ())
            ]

    def studies_of_patient_id(self, patient_id: str) -> list[Study]:
        """The studies of every patient who has this PatientID."""
        with self.lock:
            return list(self._by_patient_id.get(patient_id, {}).values())

    def studies_of_patient(self, key: PatientKey) -> list[Study]:
        """The studies of one patient."""
        with self.lock:
            return list(self._by_patient.get(key, {}).values())

    def studies_of_accession(self, number: str) -> list[Study]:
        """The studies of an AccessionNumber."""
        with self.lock:
            return list(self._by_accession.get(number, {}).values())

    def dates(self) -> list[str]:
        """Every StudyDate there is."""
        with self.lock:
            return list(self._by_date)

    def studies_of_dates(self, dates: Iterable[str]) -> list[Study]:
        """The studies of some dates."""
        with self.lock:
            return [study for date in dates for study in self._by_date.get(date, {}).values()]

    def counts(self) -> tuple[int, int, int, int]:
        """Numbers of patients, studies, series and instances."""
        with self.lock:
            return (
                len(self._by_patient),
                len(self._studies),
                len(self._series),
                len(self.instances),
            )

    # -- writing

    def add(self, header: Header, size: int) -> int:
        """Take an object in, in place of one of the same SOP Instance UID; the journal's position.

        Raises OutOfResourcesError, and then the index is as it was.
        """
        with self.lock:
            changes: list[Change] = []
            study_id = self._study_for(header, changes)
            series_id = self._series_for(header, study_id, changes)
            common_id = self._common_for(header, changes)
            own = {"s": series_id, "c": common_id, "z": size, "v": _packed(header.own)}
            changes.append(("instances", header.sop_instance_uid, own))
            old = self.instances.get(header.sop_instance_uid)
            position = self.storage.apply(changes)
            self._adopt(changes)
            if old is not None:
                self._detach([(header.sop_instance_uid, old)])
            return position

    def remove(self, sop_instance_uids: Sequence[str]) -> int:
        """Drop instances, and what becomes empty with them; the journal's position."""
        with self.lock:
            owns = [
                (uid, self.instances[uid]) for uid in sop_instance_uids if uid in self.instances
            ]
            position = self.storage.apply([("instances", uid, None) for uid, _ in owns])
            self._detach(owns)
            return position

    # -- records

    def _study_for(self, header: Header, changes: list[Change]) -> int:
        for study in self._by_study_uid.get(header.study_uid, ()):
            if _same_person(study.attributes, header.study):
                fuller = _filled(study.attributes, header.study)
                if fuller is not None:
                    changes.append(("studies", str(study.id), fuller))
                return study.id
        number = self._new_id()
        changes.append(("studies", str(number), header.study))
        return number

    def _series_for(self, header: Header, study_id: int, changes: list[Change]) -> int:
        study = self._studies.get(study_id)
        series = study.series.get(header.series_uid) if study else None
        if series is not None:
            fuller = _filled(series.attributes, header.series)
            if fuller is not None:
                changes.append(("series", str(series.id), fuller))
            return series.id
        number = self._new_id()
        changes.append(("series", str(number), {"study": study_id, **header.series}))
        return number

    def _common_for(self, header: Header, changes: list[Change]) -> int:
        number = self._commons.get(_canonical(header.common))
        if number is None:
            number = self._new_id()
            changes.append(("common", str(number), header.common))
        return number

    def _new_id(self) -> int:
        self._next += 1
        return self._next - 1

    # -- dictionaries

    def _build(self) -> None:
        """Fill the dictionaries from the tables, and drop what has no parent or no child."""
        tables = self.storage.tables
        for name in ("studies", "series", "common"):
            self._adopt([(name, key, doc) for key, doc in tables[name].items()])
        orphans = []
        for uid, own in self.instances.items():
            if own.get("s") in self._series and own.get("c") in self._common_uses:
                self._attach(uid, own)
            else:
                orphans.append(uid)
        for uid in orphans:
            del self.instances[uid]
        for series in [s for s in self._series.values() if not s.members]:
            self._drop_series(series)
            del tables["series"][str(series.id)]
        for study in [s for s in self._studies.values() if not s.series]:
            self._drop_study(study)
            del tables["studies"][str(study.id)]
        for key in self._drop_unused(set(self._common_uses)):
            del tables["common"][key]

    def _adopt(self, changes: list[Change]) -> None:
        for table, key, document in changes:
            if document is None:
                continue
            if table == "instances":
                self._attach(key, document)
            elif table == "studies":
                self._adopt_study(int(key), document)
            elif table == "series":
                self._adopt_series(int(key), document)
            else:
                self._commons[_canonical(document)] = int(key)
                self._common_uses[int(key)] += 0

    def _adopt_study(self, number: int, document: Document) -> None:
        study = self._studies.get(number)
        if study is None:
            study = self._studies[number] = Study(number, document)
            self._by_study_uid.setdefault(study.uid, []).append(study)
        else:
            self._unlist(study)
            study.attributes = document
            study.patient = patient_key(document)
        self._by_patient.setdefault(study.patient, {})[number] = study
        for listing, keyword in self._listings():
            for value in str(document.get(keyword, "")).split("\\"):
                listing.setdefault(value, {})[number] = study

    def _adopt_series(self, number: int, document: Document) -> None:
        series = self._series.get(number)
        if series is not None:
            series.attributes = document
            return
        study = self._studies.get(document.get("study", 0))
        if study is None:
            return
        series = self._series[number] = Series(number, document, study)
        study.series[series.uid] = series
        self._by_series_uid.setdefault(series.uid, []).append(series)

    def _attach(self, uid: str, own: Document) -> None:
        series = self._series[own["s"]]
        series.members[uid] = None
        common = own["c"]
        series.commons[common] = series.commons.get(common, 0) + 1
        self._common_uses[common] += 1
        self.size += own["z"]

    def _detach(self, owns: Sequence[tuple[str, Document]]) -> None:
        """Take instances out by their former records, and drop what becomes empty."""
        touched: dict[int, Series] = {}
        for uid, own in owns:
            series = touched[own["s"]] = self._series[own["s"]]
            now = self.instances.get(uid)
            if now is None or now["s"] != own["s"]:
                del series.members[uid]
            self._uncount(series, own["c"])
            self.size -= own["z"]
        empty = [series for series in touched.values() if not series.members]
        changes: list[Change] = [("series", str(series.id), None) for series in empty]
        for series in empty:
            self._drop_series(series)
        studies = {series.study.id: series.study for series in empty if not series.study.series}
        changes += [("studies", str(number), None) for number in studies]
        for study in studies.values():
            self._drop_study(study)
        changes += [("common", key, None) for key in self._drop_unused({o["c"] for _, o in owns})]
        if changes:
            # Should this not fit on the disk: what is empty is dropped again at the next opening.
            with contextlib.suppress(ArchiveError):
                self.storage.apply(changes)

    def _uncount(self, series: Series, common: int) -> None:
        self._common_uses[common] -= 1
        series.commons[common] -= 1
        if not series.commons[common]:
            del series.commons[common]

    def _drop_series(self, series: Series) -> None:
        del self._series[series.id]
        series.study.series.pop(series.uid, None)
        _take_out(self._by_series_uid, series.uid, series)

    def _drop_study(self, study: Study) -> None:
        del self._studies[study.id]
        self._unlist(study)
        _take_out(self._by_study_uid, study.uid, study)

    def _drop_unused(self, commons: set[int]) -> list[str]:
        unused = [number for number in commons if not self._common_uses[number]]
        for number in unused:
            del self._common_uses[number]
            self._commons.pop(_canonical(self.common[str(number)]), None)
        return [str(number) for number in unused]

    def _unlist(self, study: Study) -> None:
        studies = self._by_patient.get(study.patient, {})
        studies.pop(study.id, None)
        if not studies:
            self._by_patient.pop(study.patient, None)
        for listing, keyword in self._listings():
            for value in str(study.attributes.get(keyword, "")).split("\\"):
                listed = listing.get(value, {})
                listed.pop(study.id, None)
                if not listed:
                    listing.pop(value, None)

    def _listings(self) -> tuple[tuple[dict[str, dict[int, Study]], str], ...]:
        return (
            (self._by_patient_id, "PatientID"),
            (self._by_accession, "AccessionNumber"),
            (self._by_date, "StudyDate"),
        )


def _same_person(held: Values, new: Values) -> bool:
    """True where no attribute that makes a patient differs; what one lacks, the other may give."""
    pairs = zip(patient_key(held), patient_key(new), strict=True)
    return all(a == b or not a or not b for a, b in pairs)


def _filled(held: Document, new: Values) -> Document | None:
    """A record with what it lacked; None where it lacked nothing."""
    missing = {keyword: value for keyword, value in new.items() if keyword not in held}
    return {**held, **missing} if missing else None


def _take_out(listing: dict[str, list[Any]], uid: str, entry: object) -> None:
    rest = [other for other in listing.get(uid, ()) if other is not entry]
    if rest:
        listing[uid] = rest
    else:
        listing.pop(uid, None)
