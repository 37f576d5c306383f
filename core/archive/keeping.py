"""The catalogue keeps up with the tables of a storage: all at once on opening, then by changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from core.archive.catalogue import Catalogue
from core.archive.entities import Series, Study, patient_key, patient_keys, values_of
from core.archive.listing import Listing
from core.archive.records import Change, Document, Own
from core.archive.tables import JournalStorage, no_garbage_collection

canonical = msgspec.json.Encoder(order="sorted").encode


class KeptCatalogue(Catalogue):
    """A catalogue of what the tables of a storage say, and how that is kept true."""

    def __init__(self, storage: JournalStorage) -> None:
        super().__init__(storage)
        with no_garbage_collection():
            self._build()

    # -- on opening: everything at once, since what is done for each is done a million times

    def _build(self) -> None:
        """Fill the dictionaries from the tables, and drop what has no parent or no child."""
        tables = self.storage.tables
        self._adopt_all_studies(tables["studies"])
        self._adopt_all_series(tables["series"])
        self._adopt_all_commons(tables["common"])
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
        every = list(documents.values())
        patients = patient_keys(every)
        studies = [
            Study(int(key), document, patient)
            for key, document, patient in zip(documents, every, patients, strict=True)
        ]
        self._studies.update(zip([study.id for study in studies], studies, strict=True))
        self._by_study_uid.fill([study.uid for study in studies], studies)
        self._by_patient.fill(patients, studies)
        for listing, keyword in self._listings:
            _fill(listing, values_of(every, keyword), studies)

    def _adopt_all_series(self, documents: Mapping[str, Document]) -> None:
        of_number = self._studies.get
        every, uids = [], []
        for key, document in documents.items():
            study = of_number(document.get("study", 0))
            if study is not None:
                series = Series(int(key), document, study)
                uid = str(document["SeriesInstanceUID"])
                study.series[uid] = series
                every.append(series)
                uids.append(uid)
        self._series.update(zip([series.id for series in every], every, strict=True))
        self._by_series_uid.fill(uids, every)

    def _adopt_all_commons(self, documents: Mapping[str, Document]) -> None:
        numbers = [int(key) for key in documents]
        self._commons.update(zip(map(canonical, documents.values()), numbers, strict=True))
        self._common_uses.update(dict.fromkeys(numbers, 0))

    def _attach_all(self) -> dict[str, None]:
        """Hang all instances in at once, in a loop that is run a million times; those left over."""
        orphans: dict[str, None] = {}
        series: Series | None = None
        members = orphans
        number = common = -1
        before = size = 0
        for uid, own in self.instances.items():
            # Neighbours are mostly of one series and have all in common.
            if own.s != number or own.c != common:
                self._count(series, common, len(members) - before, size)
                number, common = own.s, own.c
                series = self._series.get(number) if common in self._common_uses else None
                if series is None:
                    members = orphans
                else:
                    members = series.members
                    self._note_arrival(series.study)
                before, size = len(members), 0
            members[uid] = None
            size += own.z
        self._count(series, common, len(members) - before, size)
        return orphans

    # -- by changes

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


def _fill(listing: Listing[str, Study], values: list[str], studies: list[Study]) -> None:
    """List studies under their values, of which one may have several."""
    if not any("\\" in value for value in values):
        listing.fill(values, studies)
        return
    parts = [value.split("\\") for value in values]
    bearers = [study for study, own in zip(studies, parts, strict=True) for _ in own]
    listing.fill([value for own in parts for value in own], bearers)
