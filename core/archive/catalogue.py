"""The dictionaries beside the TinyDB tables: what is held, found by any of its identifiers."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from core.archive.entities import Held, PatientKey, Series, Study, patient_key
from core.archive.listing import Listing
from core.archive.records import INSTANCES, Change, Document, Own
from core.archive.tables import JournalStorage, no_garbage_collection

_FIRST_ARRIVALS = 64
canonical = msgspec.json.Encoder(order="sorted").encode


class Catalogue:
    """Everything held, in memory, as the tables of a storage say.

    Whoever changes it holds `lock`. Readers take snapshots and look records up; they may find that
    what they had seen is gone.
    """

    def __init__(self, storage: JournalStorage) -> None:
        self.storage = storage
        self.lock = storage.lock
        for name in ("studies", "series", "common", INSTANCES):
            storage.tables.setdefault(name, {})
        self.instances: dict[str, Own] = storage.tables[INSTANCES]
        self.common: dict[str, Document] = storage.tables["common"]
        self.size = 0
        """Bytes of all files."""
        self._studies: dict[int, Study] = {}
        self._series: dict[int, Series] = {}
        self._commons: dict[bytes, int] = {}
        self._common_uses: dict[int, int] = defaultdict(int)
        self._by_study_uid: Listing[str, Study] = Listing()
        self._by_series_uid: Listing[str, Series] = Listing()
        self._by_patient: Listing[PatientKey, Study] = Listing()
        self._by_patient_id: Listing[str, Study] = Listing()
        self._by_accession: Listing[str, Study] = Listing()
        self._by_date: Listing[str, Study] = Listing()
        self._listings = (
            (self._by_patient_id, "PatientID"),
            (self._by_accession, "AccessionNumber"),
            (self._by_date, "StudyDate"),
        )
        self._arrivals: OrderedDict[int, Study] = OrderedDict()
        self._latest: Study | None = None
        with no_garbage_collection():
            self._build()

    def let_go(self) -> None:
        """Loosen studies from their series, which would hold one another in memory for ever."""
        with self.lock:
            for study in self._studies.values():
                study.series = {}

    # -- reading

    def held(self, sop_instance_uid: str) -> Held | None:
        """One instance, None where it is not held."""
        with self.lock:
            own = self.instances.get(sop_instance_uid)
            if own is None:
                return None
            return Held(sop_instance_uid, self._series[own.s], own, self.common[str(own.c)])

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
            return self._by_study_uid.of(uids)

    def series_of_uids(self, uids: Iterable[str]) -> list[Series]:
        """The series of some Series Instance UIDs: usually one each."""
        with self.lock:
            return self._by_series_uid.of(uids)

    def studies_of_patient_id(self, patient_id: str) -> list[Study]:
        """The studies of every patient who has this PatientID."""
        with self.lock:
            return self._by_patient_id.get(patient_id)

    def studies_of_patient(self, key: PatientKey) -> list[Study]:
        """The studies of one patient."""
        with self.lock:
            return self._by_patient.get(key)

    def studies_of_accession(self, number: str) -> list[Study]:
        """The studies of an AccessionNumber."""
        with self.lock:
            return self._by_accession.get(number)

    def dates(self) -> list[str]:
        """Every StudyDate there is."""
        with self.lock:
            return list(self._by_date)

    def studies_of_dates(self, dates: Iterable[str]) -> list[Study]:
        """The studies of some dates."""
        with self.lock:
            return self._by_date.of(dates)

    def by_arrival(self) -> Iterator[Study]:
        """Every study, the one whose last object came longest ago first."""
        given, count = 0, _FIRST_ARRIVALS
        while True:
            with self.lock:
                studies = list(islice(self._arrivals.values(), count))
            yield from studies[given:]
            if len(studies) < count:
                return
            given, count = count, 4 * count

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
        self._adopt_all_studies(tables["studies"])
        for name in ("series", "common"):
            self._adopt([(name, key, doc) for key, doc in tables[name].items()])
        for uid in self._attach_all():
            del self.instances[uid]
        for series in [s for s in self._series.values() if not s.members]:
            self._drop_series(series)
            del tables["series"][str(series.id)]
        for study in [s for s in self._studies.values() if not s.series]:
            self._drop_study(study)
            del tables["studies"][str(study.id)]
        for key in self._drop_unused(set(self._common_uses)):
            del tables["common"][key]

    def _adopt_all_studies(self, documents: Mapping[str, Document]) -> None:
        studies = [Study(int(key), doc, patient_key(doc)) for key, doc in documents.items()]
        self._studies.update((study.id, study) for study in studies)
        self._by_study_uid.fill([(study.uid, study) for study in studies])
        self._by_patient.fill([(study.patient, study) for study in studies])
        for listing, keyword in self._listings:
            listing.fill([(value, s) for s in studies for value in _values(s, keyword)])

    def _attach_all(self) -> list[str]:
        """Hang all instances in at once, in a loop that is run a million times; those left over."""
        orphans: list[str] = []
        series: Series | None = None
        members: dict[str, None] = {}
        number = common = -1
        count = size = 0
        for uid, own in self.instances.items():
            # Neighbours are mostly of one series and have all in common.
            if own.s != number or own.c != common:
                self._count(series, common, count, size)
                count = size = 0
                number, common = own.s, own.c
                series = self._series.get(number) if common in self._common_uses else None
                if series is not None:
                    members = series.members
                    self._note_arrival(series.study)
            if series is None:
                orphans.append(uid)
                continue
            members[uid] = None
            count += 1
            size += own.z
        self._count(series, common, count, size)
        return orphans

    def _count(self, series: Series | None, common: int, count: int, size: int) -> None:
        if series is not None:
            series.commons[common] = series.commons.get(common, 0) + count
            self._common_uses[common] += count
            series.size += size
            self.size += size

    def _adopt(self, changes: Iterable[Change]) -> None:
        for table, key, record in changes:
            if record is None:
                continue
            if isinstance(record, Own):
                self._attach(key, record)
            elif table == "studies":
                self._adopt_study(int(key), record)
            elif table == "series":
                self._adopt_series(int(key), record)
            else:
                self._commons[canonical(record)] = int(key)
                self._common_uses[int(key)] += 0

    def _adopt_study(self, number: int, document: Document) -> None:
        study = self._studies.get(number)
        if study is None:
            study = self._studies[number] = Study(number, document, patient_key(document))
            self._by_study_uid.add(study.uid, study)
        else:
            self._unlist(study)
            study.attributes = document
            study.patient = patient_key(document)
        self._by_patient.add(study.patient, study)
        for listing, keyword in self._listings:
            for value in _values(study, keyword):
                listing.add(value, study)

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
        self._by_series_uid.add(series.uid, series)

    def _attach(self, uid: str, own: Own) -> None:
        series = self._series[own.s]
        series.members[uid] = None
        self._count(series, own.c, 1, own.z)
        self._note_arrival(series.study)

    def _note_arrival(self, study: Study) -> None:
        if study is not self._latest:
            self._latest = study
            self._arrivals[study.id] = study
            self._arrivals.move_to_end(study.id)

    def _detach(self, owns: Sequence[tuple[str, Own]]) -> list[Change]:
        """Take instances out by their former records; the changes that drop what became empty."""
        touched: dict[int, Series] = {}
        for uid, own in owns:
            series = touched[own.s] = self._series[own.s]
            now = self.instances.get(uid)
            if now is None or now.s != own.s:
                del series.members[uid]
            self._uncount(series, own.c)
            self.size -= own.z
            series.size -= own.z
        empty = [series for series in touched.values() if not series.members]
        changes: list[Change] = [("series", str(series.id), None) for series in empty]
        for series in empty:
            self._drop_series(series)
        studies = {series.study.id: series.study for series in empty if not series.study.series}
        changes += [("studies", str(number), None) for number in studies]
        for study in studies.values():
            self._drop_study(study)
        unused = self._drop_unused({own.c for _, own in owns})
        return changes + [("common", key, None) for key in unused]

    def _uncount(self, series: Series, common: int) -> None:
        self._common_uses[common] -= 1
        series.commons[common] -= 1
        if not series.commons[common]:
            del series.commons[common]

    def _drop_series(self, series: Series) -> None:
        del self._series[series.id]
        series.study.series.pop(series.uid, None)
        self._by_series_uid.discard(series.uid, series)

    def _drop_study(self, study: Study) -> None:
        del self._studies[study.id]
        self._arrivals.pop(study.id, None)
        self._latest = None
        self._unlist(study)
        self._by_study_uid.discard(study.uid, study)

    def _drop_unused(self, commons: set[int]) -> list[str]:
        unused = [number for number in commons if not self._common_uses[number]]
        for number in unused:
            del self._common_uses[number]
            self._commons.pop(canonical(self.common[str(number)]), None)
        return [str(number) for number in unused]

    def _unlist(self, study: Study) -> None:
        self._by_patient.discard(study.patient, study)
        for listing, keyword in self._listings:
            for value in _values(study, keyword):
                listing.discard(value, study)


def _values(study: Study, keyword: str) -> list[str]:
    return str(study.attributes.get(keyword, "")).split("\\")
