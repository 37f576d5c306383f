"""Who bears an identifier: exact, through the index's dictionaries."""

from __future__ import annotations

from collections.abc import Sequence

from core.archive.entities import Held, Study
from core.archive.index import Index
from core.model import Level, LookupHit, Ref


def look_up(index: Index, value: str) -> tuple[LookupHit, ...]:
    """Every entity whose PatientID, AccessionNumber or UID is `value`, in constant time."""
    value = value.strip()
    if not value:
        return ()
    hits = [_patient_hit(studies) for studies in patients_of_id(index, value)]
    hits += [_hit("AccessionNumber", s) for s in index.studies_of_accession(value)]
    hits += [_hit("StudyInstanceUID", s) for s in index.studies_of_uids([value])]
    for series in index.series_of_uids([value]):
        ref = Ref(
            level=Level.SERIES,
            patient_id=series.study.patient[0],
            study_uid=series.study.uid,
            series_uid=value,
        )
        label = " ".join(
            str(series.attributes.get(k, "")) for k in ("Modality", "SeriesDescription")
        )
        hits.append(LookupHit(keyword="SeriesInstanceUID", ref=ref, label=label.strip()))
    held = index.held(value)
    if held is not None:
        hits.append(_instance_hit(held))
    return tuple(hits)


def patients_of_id(index: Index, patient_id: str) -> list[list[Study]]:
    """The studies of each patient who has this PatientID."""
    patients: dict[object, list[Study]] = {}
    for study in index.studies_of_patient_id(patient_id):
        patients.setdefault(study.patient, []).append(study)
    return list(patients.values())


def _hit(keyword: str, study: Study) -> LookupHit:
    ref = Ref(level=Level.STUDY, patient_id=study.patient[0], study_uid=study.uid)
    values = (study.attributes.get(k, "") for k in ("PatientName", "StudyDate", "StudyDescription"))
    return LookupHit(keyword=keyword, ref=ref, label=" ".join(filter(None, map(str, values))))


def _patient_hit(studies: Sequence[Study]) -> LookupHit:
    attributes = studies[0].attributes
    values = (attributes.get(k, "") for k in ("PatientName", "PatientBirthDate"))
    ref = Ref(level=Level.PATIENT, patient_id=studies[0].patient[0])
    return LookupHit(keyword="PatientID", ref=ref, label=" ".join(filter(None, map(str, values))))


def _instance_hit(held: Held) -> LookupHit:
    series = held.series
    ref = Ref(
        level=Level.IMAGE,
        patient_id=series.study.patient[0],
        study_uid=series.study.uid,
        series_uid=series.uid,
        sop_instance_uid=held.sop_instance_uid,
    )
    label = " ".join(
        filter(None, (series.attributes.get("Modality", ""), held.value("InstanceNumber")))
    )
    return LookupHit(keyword="SOPInstanceUID", ref=ref, label=label)
