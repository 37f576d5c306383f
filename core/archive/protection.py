"""Patients that recycling leaves alone; kept in the index's journal, table `protected`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from core.archive.entities import PatientKey, Study, alike
from core.archive.index import Index
from core.model import ProtectedPatient

_TABLE = "protected"
_encode = msgspec.json.Encoder().encode


class Protection:
    """Who is protected. A patient is recognised as the index does it, not by PatientID alone.

    Where a patient's studies differ in what they leave out (a birth date), all are protected.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._storage = index.storage
        self._table = self._storage.tables.setdefault(_TABLE, {})
        self._by_id: dict[str, list[PatientKey]] = {}
        for document in self._table.values():
            self._note(_key_of(document["patient"]))

    def covers(self, study: Study) -> bool:
        """True for a study of a protected patient."""
        return any(alike(key, study.patient) for key in self._by_id.get(study.patient[0], ()))

    def protect(self, studies: Iterable[Study]) -> None:
        """Protect the patients of some studies, durably; OutOfResourcesError."""
        documents = {
            study.patient: {
                "patient": list(study.patient),
                "name": str(study.attributes.get("PatientName", "")),
            }
            for study in studies
            if not self.covers(study)
        }
        with self._storage.lock:
            position = self._storage.apply(
                [(_TABLE, _encode(key).decode(), doc) for key, doc in documents.items()]
            )
            for key in documents:
                self._note(key)
        self._storage.sync(position)

    def release(self, patients: Iterable[PatientKey]) -> int:
        """Protect no longer whoever is like one of these; returns how many entries went."""
        wanted = list(patients)
        with self._storage.lock:
            gone = [
                key
                for keys in self._by_id.values()
                for key in keys
                if any(key[0] == other[0] and alike(key, other) for other in wanted)
            ]
            position = self._storage.apply([(_TABLE, _encode(key).decode(), None) for key in gone])
            for key in gone:
                self._by_id[key[0]] = [k for k in self._by_id[key[0]] if k != key]
        self._storage.sync(position)
        return len(gone)

    def of_id(self, patient_id: str) -> list[PatientKey]:
        """The protected patients who have this PatientID."""
        return list(self._by_id.get(patient_id, ()))

    def all(self) -> tuple[ProtectedPatient, ...]:
        """Everybody who is protected, by PatientID."""
        with self._storage.lock:
            documents = list(self._table.values())
        found = []
        for document in documents:
            key = _key_of(document["patient"])
            held = self._index.studies_of_patient_id(key[0])
            found.append(
                ProtectedPatient(
                    patient_id=key[0],
                    issuer=key[1],
                    name=str(document["name"]),
                    birth_date=key[3],
                    studies=sum(alike(key, study.patient) for study in held),
                )
            )
        return tuple(sorted(found, key=lambda patient: patient.patient_id))

    def _note(self, key: PatientKey) -> None:
        self._by_id.setdefault(key[0], []).append(key)


def _key_of(values: Iterable[object]) -> PatientKey:
    patient_id, issuer, name, birth_date = map(str, values)
    return patient_id, issuer, name, birth_date
