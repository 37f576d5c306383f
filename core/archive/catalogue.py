"""The dictionaries beside the TinyDB tables: what is held, found by any of its identifiers."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from core.archive.entities import Held, PatientKey, Series, Study
from core.archive.listing import Listing
from core.archive.records import INSTANCES, Document, Own
from core.archive.tables import JournalStorage

_FIRST_ARRIVALS = 64


class Catalogue:
    """Everything held, in memory: how it is looked up.

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
