"""The instances that a reference names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.archive.entities import Held, Study
from core.archive.index import Index
from core.archive.lookup import patients_of_id
from core.errors import UsageError
from core.model import Level, Ref


def held_of(index: Index, ref: Ref) -> list[Held]:
    """The instances of an entity; each unique key that is given must agree."""
    found: Iterable[Held]
    if ref.level is Level.IMAGE and ref.sop_instance_uid:
        held = index.held(ref.sop_instance_uid)
        found = [held] if held is not None else []
    elif ref.level is Level.SERIES and ref.series_uid:
        series = index.series_of_uids([ref.series_uid])
        found = [held for each in series for held in index.members(each)]
    else:
        found = (held for study in studies_of(index, ref) for held in members_of(index, study))
    return [held for held in found if _agrees(held, ref)]


def studies_of(index: Index, ref: Ref) -> list[Study]:
    """The studies of a reference at STUDY or PATIENT level."""
    if ref.level is Level.STUDY and ref.study_uid:
        return index.studies_of_uids([ref.study_uid])
    if ref.level is Level.PATIENT and ref.patient_id:
        return index.studies_of_patient_id(ref.patient_id)
    return []


def members_of(index: Index, study: Study) -> Iterator[Held]:
    """The instances of a study."""
    for series in tuple(study.series.values()):
        yield from index.members(series)


def require_one_patient(index: Index, ref: Ref, instead: str) -> None:
    """Raise UsageError where a PatientID is that of several patients."""
    if ref.level is Level.PATIENT and len(patients_of_id(index, ref.patient_id)) > 1:
        raise UsageError(f"PatientID {ref.patient_id!r} is that of several patients", instead)


def _agrees(held: Held, ref: Ref) -> bool:
    study = held.series.study
    return (
        ref.study_uid in ("", study.uid)
        and ref.series_uid in ("", held.series.uid)
        and ref.patient_id in ("", study.patient[0])
    )
