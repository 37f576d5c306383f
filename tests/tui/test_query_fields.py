"""What becomes of the text in the search fields."""

from __future__ import annotations

from datetime import date

import pytest

from core.model import Root
from tui.mask import MASK, resolved
from tui.query_fields import (
    FIELDS,
    FieldError,
    Kind,
    described,
    matching,
    matching_keys,
    translation,
)

TODAY = date(2024, 3, 1)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("smith", "SMITH*"),
        ("Smith", "Smith*"),
        ("smith john", "SMITH*JOHN*"),
        ("smith, john", "SMITH*^JOHN*"),
        ("smith^john", "SMITH*^JOHN*"),
        ("van der berg", "VAN*DER*BERG*"),
        ("smi?h", "smi?h"),
        ("*smith", "*smith"),
        ('"smith"', "smith"),
        ("müller", "MÜLLER*"),
        ("山田", "山田*"),
    ],
)
def test_names_are_looked_for_by_their_beginning(typed: str, sent: str) -> None:
    assert matching(Kind.NAME, typed, TODAY) == sent


def test_wildcards_can_be_switched_off() -> None:
    assert matching(Kind.NAME, "smith", TODAY, wildcards=False) == "smith"
    assert matching(Kind.TEXT, "thorax", TODAY, wildcards=False) == "thorax"


@pytest.mark.parametrize(
    ("kind", "typed", "sent"),
    [
        (Kind.TEXT, "thorax ap", "*thorax ap*"),
        (Kind.TEXT, '"Thorax"', "Thorax"),
        (Kind.EXACT, "4711", "4711"),
        (Kind.EXACT, "47*", "47*"),
        (Kind.CODE, "mr", "MR"),
        (Kind.CODE, "ct, mr", "CT\\MR"),
        (Kind.CODE, "ct\\mr", "CT\\MR"),
        (Kind.DATE, "-7d", "20240223-"),
    ],
)
def test_wildcards_are_added_where_they_are_usual_only(kind: Kind, typed: str, sent: str) -> None:
    assert matching(kind, typed, TODAY) == sent


def test_fields_go_to_the_keys_of_the_information_model() -> None:
    typed = {"PatientName": "smith", "StudyDate": "-7d", "ModalitiesInStudy": "mr", "Others": ""}
    assert matching_keys(typed, Root.STUDY, TODAY, wildcards=True) == {
        "PatientName": "SMITH*",
        "StudyDate": "20240223-",
        "ModalitiesInStudy": "MR",
    }
    assert matching_keys(typed, Root.PATIENT, TODAY, wildcards=True) == {"PatientName": "SMITH*"}
    step = "ScheduledProcedureStepSequence"
    assert matching_keys(typed, Root.WORKLIST, TODAY, wildcards=False) == {
        "PatientName": "smith",
        f"{step}.ScheduledProcedureStepStartDate": "20240223-",
        f"{step}.Modality": "MR",
    }


def test_other_keys_take_any_attribute() -> None:
    typed = {"Others": "StudyInstanceUID=1.2\\1.3 StationName='CT 1' SeriesDate=-1d"}
    assert matching_keys(typed, Root.STUDY, TODAY, wildcards=True) == {
        "StudyInstanceUID": "1.2\\1.3",
        "StationName": "CT 1",
        "SeriesDate": "20240229-",
    }
    typed = {"Others": "ScheduledStationAETitle=CT1"}
    assert matching_keys(typed, Root.WORKLIST, TODAY, wildcards=True) == {
        "ScheduledProcedureStepSequence.ScheduledStationAETitle": "CT1"
    }


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"StudyDate": "tomorrow"}, "Date: this is no date"),
        ({"PatientBirthDate": "old"}, "Born: this is no date"),
        ({"Others": "Nonsense=1"}, "Nonsense is no attribute's keyword"),
        ({"Others": "StationName"}, "write KEYWORD=VALUE"),
        ({"Others": "StationName='CT"}, "No closing quotation"),
    ],
)
def test_what_cannot_be_asked_names_its_field(typed: dict[str, str], why: str) -> None:
    with pytest.raises(FieldError, match=why) as caught:
        matching_keys(typed, Root.STUDY, TODAY, wildcards=True)
    assert caught.value.field.name in typed


def test_what_does_not_apply_is_not_asked() -> None:
    typed = {field.name: "x" for field in FIELDS if not field.applies(Root.PATIENT)}
    assert "StudyDate" in typed
    assert matching_keys(typed, Root.PATIENT, TODAY, wildcards=True) == {}


def test_the_translation_says_what_is_sent_and_what_a_date_means() -> None:
    step = "ScheduledProcedureStepSequence"
    keys = {"PatientName": "SMITH*", f"{step}.ScheduledProcedureStepStartDate": "20240223-"}
    assert resolved(translation(keys)) == (
        "PatientName SMITH*, ScheduledProcedureStepStartDate 20240223- (since Fri 2024-02-23)"
    )


def test_a_query_is_described_as_typed_and_the_mask_hides_whom_it_is_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed = {"PatientName": "smith", "StudyDate": "-7d"}
    assert resolved(described(typed, Root.STUDY)) == "studies: Patient smith, Date -7d"
    assert resolved(described(typed, Root.PATIENT)) == "patients: Patient smith"
    assert described({}, Root.WORKLIST) == "worklist: all"
    monkeypatch.setattr(MASK, "on", True)
    assert "smith" not in resolved(described(typed, Root.STUDY))
    assert "SMITH" not in resolved(translation({"PatientName": "SMITH*"}))
    assert "20240223-" in resolved(translation({"StudyDate": "20240223-"}))
