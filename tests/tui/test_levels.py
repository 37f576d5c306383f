"""How matches become rows, references and questions."""

from __future__ import annotations

import pytest

from core.model import Level, Match, Ref, Root
from tui.levels import COLUMNS, Step, label_of, ref_of, row_key
from tui.mask import resolved


def _match(level: Level, **values: str) -> Match:
    return Match(level=level, values=values)


def test_a_question_asks_for_every_column_and_narrows_by_all_keys_above() -> None:
    above = Ref(level=Level.SERIES, patient_id="P", study_uid="1.2", series_uid="1.2.3")
    query = Step(Level.IMAGE, above).query()
    assert {column.key for column in COLUMNS[Level.IMAGE]} <= set(query.keys)
    assert query.keys["StudyInstanceUID"] == "1.2"
    assert query.keys["SeriesInstanceUID"] == "1.2.3"
    assert "PatientID" not in query.keys, "no unique key of the study root (PS3.4 C.6.2)"
    assert Step(Level.IMAGE, above).query(Root.PATIENT).keys["PatientID"] == "P"


def test_a_reference_takes_from_above_what_the_peer_left_out() -> None:
    above = Ref(level=Level.STUDY, patient_id="P", study_uid="1.2")
    ref = ref_of(_match(Level.SERIES, SeriesInstanceUID="1.2.3"), above)
    assert ref == Ref(level=Level.SERIES, patient_id="P", study_uid="1.2", series_uid="1.2.3")


def test_patients_of_different_hospitals_with_one_id_are_two_rows() -> None:
    one = _match(Level.PATIENT, PatientID="4711", PatientName="Miller^Anna")
    other = _match(Level.PATIENT, PatientID="4711", PatientName="Svensson^Nils")
    assert row_key(one, 0) != row_key(other, 1)


def test_rows_without_a_uid_are_kept_apart() -> None:
    assert row_key(_match(Level.STUDY), 0) != row_key(_match(Level.STUDY), 1)


@pytest.mark.parametrize(
    "uid", ["../../etc", "1.2.840.10008.5.1.4.1.1.2", "", "[/b]\x1b", "1" * 99]
)
def test_any_sop_class_uid_is_shown_without_complaint(uid: str) -> None:
    column = next(c for c in COLUMNS[Level.IMAGE] if c.key == "SOPClassUID")
    shown = column.text({"SOPClassUID": uid})
    assert shown == ("CT Image" if uid.endswith(".1.1.2") else uid)


def test_a_label_reads_as_people_say_it_and_is_never_empty() -> None:
    study = _match(
        Level.STUDY, PatientName="Smith^John", StudyDate="20240131", StudyDescription="Thorax"
    )
    assert resolved(label_of(study)) == "Smith John 2024-01-31 Thorax"
    assert resolved(label_of(_match(Level.STUDY, StudyInstanceUID="1.2"))) == "1.2"
