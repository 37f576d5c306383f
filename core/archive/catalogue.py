"""The dictionaries beside the TinyDB tables: what is held, found by any of its identifiers."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from core.archive.entities import Held, PatientKey, Series, Study, patient_key
from core.archive.journal import Change
from core.archive.tables import Document, JournalStorage, no_garbage_collection

canonical = msgspec.json.Encoder(order="sorted").encode


class Catalogue:
    """Everything held, in memory, as the tables of a storage say.

    Whoever changes it holds `lock`. Readers take snapshots and look records up; they may find that
    what they had seen is gone.
    """

    def __init__(self, storage: JournalStorage) -> None:
        self.storage = storage
        self.lock = storage.lock
        for name in ("studies", "series", "common", "instances"):
            storage.tables.setdefault(name, {})
        self.instances = storage.tables["instances"]
        self.common = storage.tables["common"]
        self.size = 0
        """Bytes of all files."""
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
        self._arrivals: OrderedDict[int, Study] = OrderedDict()
        self._latest: Study | None = None
        with no_garbage_collection():
            self._build()

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

    def study(self, number: int) -> Study | None:
        """One study by its number in the tables."""
        with self.lock:
            return self._studies.get(number)

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

    def by_arrival(self) -> list[Study]:
        """Every study, the one whose last object came longest ago first."""
        with self.lock:
            return list(self._arrivals.values())

    def series(self) -> list[Series]:
        """Every series held now."""
        with self.lock:
            return list(self._series.values())

    def counts(self) -> tuple[int, int, int, int]:
        """Numbers of patients, studies, series and instances."""
        with self.lock:
            return (
                len(self._by_patient),
                len(self._studies),
                len(self._series),
                len(self.instances),
            )

    # -- keeping up with the tables

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
                self._commons[canonical(document)] = int(key)
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
        series.size += own["z"]
        study = series.study
        if study is not self._latest:
            self._latest = study
            self._arrivals[study.id] = study
            self._arrivals.move_to_end(study.id)

    def _detach(self, owns: Sequence[tuple[str, Document]]) -> list[Change]:
        """Take instances out by their former records; the changes that drop what became empty."""
        touched: dict[int, Series] = {}
        for uid, own in owns:
            series = touched[own["s"]] = self._series[own["s"]]
            now = self.instances.get(uid)
            if now is None or now["s"] != own["s"]:
                del series.members[uid]
            self._uncount(series, own["c"])
            self.size -= own["z"]
            series.size -= own["z"]
        empty = [series for series in touched.values() if not series.members]
        changes: list[Change] = [("series", str(series.id), None) for series in empty]
        for series in empty:
            self._drop_series(series)
        studies = {series.study.id: series.study for series in empty if not series.study.series}
        changes += [("studies", str(number), None) for number in studies]
        for study in studies.values():
            self._drop_study(study)
        unused = self._drop_unused({own["c"] for _, own in owns})
        return changes + [("common", key, None) for key in unused]

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
        self._arrivals.pop(study.id, None)
        self._latest = None
        self._unlist(study)
        _take_out(self._by_study_uid, study.uid, study)

    def _drop_unused(self, commons: set[int]) -> list[str]:
        unused = [number for number in commons if not self._common_uses[number]]
        for number in unused:
            del self._common_uses[number]
            self._commons.pop(canonical(self.common[str(number)]), None)
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


def _take_out(listing: dict[str, list[Any]], uid: str, entry: object) -> None:
    rest = [other for other in listing.get(uid, ()) if other is not entry]
    if rest:
        listing[uid] = rest
    else:
        listing.pop(uid, None)
