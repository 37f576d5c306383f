"""C-FIND against the index, PS3.4 C.4.1, and what retrieves name."""

from __future__ import annotations

import contextlib
import random
import warnings
from typing import Any

import pytest
from pydicom.dataset import Dataset

from core.archive.archive import Archive
from core.errors import UsageError
from core.model import Level, Query, Root
from core.network.identifier import decode
from tests.core.archive.objects import BIG, CT, EXPLICIT, IMPLICIT, encode, make, store
from tests.core.archive.querying import answers_of, identifier

MR = "1.2.840.10008.5.1.4.1.1.4"


@pytest.fixture
def filled(archive: Archive) -> Archive:
    request = Dataset()
    request.RequestedProcedureID = "RP7"
    request.ScheduledProcedureStepID = "S7"
    for uid, values in {
        "1.1.1": {"Rows": 512, "SeriesNumber": "1", "RequestAttributesSequence": [request]},
        "1.1.2": {"Rows": 512, "SeriesNumber": "1", "InstanceNumber": "2"},
        "1.1.3": {
            "SeriesInstanceUID": "1.2.2",
            "Modality": "MR",
            "SOPClassUID": MR,
            "ImageType": ["ORIGINAL", "PRIMARY"],
        },
        "1.1.4": {
            "StudyInstanceUID": "1.3",
            "SeriesInstanceUID": "1.3.1",
            "PatientID": "P2",
            "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
            "SpecificCharacterSet": "ISO_IR 192",
            "StudyDate": "20240315",
            "AccessionNumber": "",
        },
    }.items():
        store(archive, make(uid, **values))
    return archive


def ask(archive: Archive, level: str, root: Root = Root.STUDY, **values: Any) -> list[Dataset]:
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return answers_of(archive, ds, root)


def uids(rows: list[Dataset]) -> list[str]:
    unique = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
    return sorted(str(row[unique[row.QueryRetrieveLevel]].value) for row in rows)


def test_a_study_answers_what_was_asked_and_computes_the_rest(filled: Archive) -> None:
    (row,) = ask(
        filled,
        "STUDY",
        PatientID="P1",
        PatientName="",
        StudyDate="20240101-20240201",
        StudyDescription="",
        ModalitiesInStudy="",
        SOPClassesInStudy="",
        NumberOfStudyRelatedSeries="",
        NumberOfStudyRelatedInstances="",
        NumberOfPatientRelatedStudies="",
        InstanceAvailability="",
        PatientMotherBirthName="",
    )
    assert {e.keyword: e.value for e in row if e.value not in (None, "")} == {
        "QueryRetrieveLevel": "STUDY",
        "RetrieveAETitle": "OURS",
        "PatientID": "P1",
        "PatientName": "Doe^Jane",
        "StudyDate": "20240131",
        "StudyInstanceUID": "1.2",
        "ModalitiesInStudy": ["CT", "MR"],
        "SOPClassesInStudy": [CT, MR],
        "NumberOfStudyRelatedSeries": 2,
        "NumberOfStudyRelatedInstances": 3,
        "NumberOfPatientRelatedStudies": 1,
        "InstanceAvailability": "ONLINE",
    }
    assert "StudyDescription" in row
    assert "PatientMotherBirthName" in row
    assert "SpecificCharacterSet" not in row


def test_text_beyond_ascii_names_its_character_set(filled: Archive) -> None:
    (row,) = ask(filled, "STUDY", PatientName="yamada*")
    assert row.SpecificCharacterSet == "ISO_IR 192"
    assert str(row.PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert uids(ask(filled, "STUDY", PatientName="山田*")) == ["1.3"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, ["1.2", "1.3"]),
        ({"StudyInstanceUID": ["1.2", "1.3", "1.9"]}, ["1.2", "1.3"]),
        ({"ModalitiesInStudy": "MR"}, ["1.2"]),
        ({"ModalitiesInStudy": ["MR", "CT"]}, ["1.2", "1.3"]),
        ({"ModalitiesInStudy": "XA"}, []),
        ({"AccessionNumber": "A1"}, ["1.2"]),
        ({"AccessionNumber": "A*"}, ["1.2"]),
        ({"AccessionNumber": "*"}, ["1.2", "1.3"]),
        ({"StudyDate": "20240201-"}, ["1.3"]),
        ({"StudyDate": "-20240131"}, ["1.2"]),
        ({"StudyDate": "20240131"}, ["1.2"]),
        ({"StudyTime": "10"}, ["1.2", "1.3"]),
        ({"PatientID": "p1"}, []),
        ({"PatientID": "P?"}, ["1.2", "1.3"]),
        ({"PatientName": "DOE^JANE"}, ["1.2"]),
        ({"PatientName": "doe"}, []),
        ({"SOPClassesInStudy": MR}, ["1.2"]),
    ],
)
def test_studies_match_by_key(filled: Archive, keys: dict[str, Any], expected: list[str]) -> None:
    assert uids(ask(filled, "STUDY", **keys)) == expected


def test_series_and_images_below_their_unique_keys(filled: Archive) -> None:
    (row,) = ask(
        filled,
        "SERIES",
        StudyInstanceUID="1.2",
        Modality="CT",
        NumberOfSeriesRelatedInstances="",
        PatientName="",
    )
    assert (row.SeriesInstanceUID, row.NumberOfSeriesRelatedInstances) == ("1.2.1", 2)
    assert row.PatientName == "Doe^Jane"
    rows = ask(
        filled,
        "IMAGE",
        StudyInstanceUID="1.2",
        SeriesInstanceUID="1.2.1",
        InstanceNumber="",
        Rows=None,
    )
    assert [(r.SOPInstanceUID, r.InstanceNumber, r.Rows) for r in rows] == [
        ("1.1.1", 1, 512),
        ("1.1.2", 2, 512),
    ]
    assert uids(
        ask(filled, "IMAGE", StudyInstanceUID="1.2", SeriesInstanceUID="1.2.1", InstanceNumber="2")
    ) == ["1.1.2"]
    assert uids(
        ask(filled, "IMAGE", StudyInstanceUID="1.2", SeriesInstanceUID="1.2.2", ImageType="PRIMARY")
    ) == ["1.1.3"]
    assert ask(filled, "IMAGE", StudyInstanceUID="1.3", SeriesInstanceUID="1.2.2") == []


def test_sequences_match_by_their_items(filled: Archive) -> None:
    def by(**keys: str) -> list[str]:
        item = Dataset()
        for keyword, value in keys.items():
            setattr(item, keyword, value)
        return uids(ask(filled, "SERIES", StudyInstanceUID="1.2", RequestAttributesSequence=[item]))

    assert by(RequestedProcedureID="RP7") == ["1.2.1"]
    assert by(RequestedProcedureID="RP?", ScheduledProcedureStepID="") == ["1.2.1"]
    assert by(RequestedProcedureID="RP7", ScheduledProcedureStepID="S8") == []
    assert by() == ["1.2.1", "1.2.2"]
    assert uids(ask(filled, "SERIES", StudyInstanceUID="1.2", RequestAttributesSequence=[])) == [
        "1.2.1",
        "1.2.2",
    ]
    item = Dataset()
    item.RequestedProcedureID = "RP7"
    (row,) = ask(filled, "SERIES", StudyInstanceUID="1.2", RequestAttributesSequence=[item])
    assert row.RequestAttributesSequence[0].ScheduledProcedureStepID == "S7"


@pytest.mark.parametrize(
    ("level", "root", "keys"),
    [
        ("", Root.STUDY, {}),
        ("FRAME", Root.STUDY, {}),
        ("PATIENT", Root.STUDY, {}),
        ("SERIES", Root.PATIENT_STUDY_ONLY, {"PatientID": "P1", "StudyInstanceUID": "1.2"}),
        ("SERIES", Root.STUDY, {}),
        ("SERIES", Root.STUDY, {"StudyInstanceUID": "1.*"}),
        ("SERIES", Root.STUDY, {"StudyInstanceUID": ["1.2", "1.3"]}),
        ("IMAGE", Root.STUDY, {"StudyInstanceUID": "1.2"}),
        ("STUDY", Root.PATIENT, {}),
        ("STUDY", Root.PATIENT, {"PatientID": "P*"}),
    ],
)
def test_an_identifier_that_does_not_fit_is_refused_at_once(
    filled: Archive, level: str, root: Root, keys: dict[str, Any]
) -> None:
    ds = Dataset()
    if level:
        ds.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        ds[keyword] = _raw(keyword, value if isinstance(value, str) else "\\".join(value))
    with pytest.raises(UsageError):
        answers_of(filled, ds, root)
    with pytest.raises(UsageError):
        filled.select(ds, root)


def test_relational_queries_need_no_keys_above(filled: Archive) -> None:
    ds = Dataset()
    ds.QueryRetrieveLevel = "IMAGE"
    ds.PatientID = "P1"
    assert uids(answers_of(filled, ds, Root.STUDY, relational=True)) == ["1.1.1", "1.1.2", "1.1.3"]


def test_relational_retrieves_need_no_keys_above(filled: Archive) -> None:
    ds = Dataset()
    ds.QueryRetrieveLevel = "SERIES"
    ds.SeriesInstanceUID = ["1.2.2", "1.3.1"]
    with pytest.raises(UsageError, match="StudyInstanceUID"):
        filled.select(ds, Root.STUDY)
    found = filled.select(ds, Root.STUDY, relational=True)
    assert sorted(i.sop_instance_uid for i in found) == ["1.1.3", "1.1.4"]
    del ds.SeriesInstanceUID
    with pytest.raises(UsageError, match="SeriesInstanceUID"):
        filled.select(ds, Root.STUDY, relational=True)


def test_patient_root(filled: Archive) -> None:
    rows = ask(
        filled, "PATIENT", Root.PATIENT, PatientName="*a*", NumberOfPatientRelatedInstances=""
    )
    assert sorted((r.PatientID, r.NumberOfPatientRelatedInstances) for r in rows) == [
        ("P1", 3),
        ("P2", 1),
    ]
    (row,) = ask(filled, "STUDY", Root.PATIENT, PatientID="P2")
    assert row.StudyInstanceUID == "1.3"
    assert ask(filled, "STUDY", Root.PATIENT, PatientID="P2", StudyInstanceUID="1.2") == []


def test_our_own_query_answers_in_text(filled: Archive) -> None:
    rows = list(
        filled.match(Query(level=Level.SERIES, keys={"ModalitiesInStudy": "", "Rows": ""}, limit=2))
    )
    assert len(rows) == 2
    assert dict(rows[0].values) == {
        "PatientID": "P1",
        "StudyInstanceUID": "1.2",
        "SeriesInstanceUID": "1.2.1",
        "ModalitiesInStudy": "CT\\MR",
        "Rows": "512",
    }
    with pytest.raises(UsageError, match="PatientName"):
        filled.match(Query(level=Level.STUDY, keys={"PatientNam": ""}))


def test_retrieves_take_nothing_for_everything(filled: Archive) -> None:
    for level, keys in (
        ("STUDY", {}),
        ("STUDY", {"StudyInstanceUID": ""}),
        ("PATIENT", {"PatientID": "*"}),
    ):
        ds = Dataset()
        ds.QueryRetrieveLevel = level
        for keyword, value in keys.items():
            setattr(ds, keyword, value)
        with pytest.raises(UsageError):
            filled.select(ds, Root.PATIENT)


def test_keys_that_their_vr_does_not_allow_are_matched_without_a_warning(archive: Archive) -> None:
    store(archive, make(Rows=512, StudyDescription="x" * 64))
    for keyword, value, count in (
        ("InstanceNumber", "abc", 0),
        ("InstanceNumber", "1 ", 1),
        ("Rows", "\x00\x02", 1),
        ("StudyDate", "nonsense", 0),
        ("StudyDate", "20240101-20240131", 1),
        ("StudyDescription", "*" + "x" * 64 + "*", 1),
        ("PatientName", "d?e^jane" + "*" * 100, 1),
    ):
        query = Dataset()
        query.QueryRetrieveLevel = "IMAGE"
        query.StudyInstanceUID, query.SeriesInstanceUID = "1.2", "1.2.1"
        query[keyword] = _raw(keyword, value)
        assert len(answers_of(archive, query, Root.STUDY)) == count, (keyword, value)


def test_a_query_in_one_character_set_finds_data_in_another(archive: Archive) -> None:
    store(archive, make(SpecificCharacterSet="ISO_IR 100", PatientName="Grün^Jörg"))
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query["SpecificCharacterSet"] = _raw("SpecificCharacterSet", "ISO_IR 192")
    query["PatientName"] = _raw("PatientName", "GRÜN*")
    (row,) = answers_of(archive, query, Root.STUDY)
    assert str(row.PatientName) == "Grün^Jörg"


def test_a_date_and_its_time_are_one_moment_where_that_was_negotiated(archive: Archive) -> None:
    for number, (date, time) in enumerate(
        [
            ("20240131", "095959"),
            ("20240131", "100000"),
            ("20240201", "235959.5"),
            ("20240202", "080000"),
            ("20240202", "120100"),
            ("20240201", ""),
        ]
    ):
        study = f"1.2.{number}"
        store(archive, make(f"9.{number}", StudyInstanceUID=study, StudyDate=date, StudyTime=time))
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query["StudyDate"] = _raw("StudyDate", "20240131-20240202")
    query["StudyTime"] = _raw("StudyTime", "1000-1200")
    # Time of day, each by itself (PS3.4 C.2.2.2.5.2): the default.
    assert uids(answers_of(archive, query, Root.STUDY)) == ["1.2.1"]
    found = uids(answers_of(archive, query, Root.STUDY, combined=True))
    assert found == ["1.2.1", "1.2.2", "1.2.3", "1.2.5"]
    query["StudyDate"] = _raw("StudyDate", "20240202-")
    query["StudyTime"] = _raw("StudyTime", "1000-")
    assert uids(answers_of(archive, query, Root.STUDY, combined=True)) == ["1.2.4"]
    query["StudyDate"] = _raw("StudyDate", "nonsense")
    assert uids(answers_of(archive, query, Root.STUDY, combined=True)) == []


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_attributes_that_are_not_indexed_come_from_the_file(archive: Archive, syntax: str) -> None:
    ds = make(
        SliceThickness="2.5", PatientMotherBirthName="Müller", SpecificCharacterSet="ISO_IR 100"
    )
    ds.RescaleSlope = "2"
    ds.SmallestImagePixelValue = -5
    ds["SmallestImagePixelValue"].VR = "SS"
    ds.RecommendedDisplayFrameRateInFloat = 1.5
    store(archive, ds, syntax)
    store(archive, make("1.2.4", SliceThickness="5"))
    store(archive, make("1.9.4", StudyInstanceUID="1.9", SeriesInstanceUID="1.9.1"))
    (row,) = ask(archive, "STUDY", PatientMotherBirthName="MÜLLER")
    assert str(row.PatientMotherBirthName) == "Müller"
    assert row.SpecificCharacterSet == "ISO_IR 192"
    above = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.1"}
    (row,) = ask(archive, "IMAGE", **above, SliceThickness="2.50", RescaleSlope="", KVP="")
    assert (row.SOPInstanceUID, row.SliceThickness, row.KVP) == ("1.2.3", 2.5, None)
    assert ask(archive, "IMAGE", **above, SliceThickness="3") == []
    (row,) = ask(archive, "IMAGE", **above, SOPInstanceUID="1.2.3", PixelData=None)
    assert row["PixelData"].value is None
    rows = list(archive.match(Query(level=Level.IMAGE, keys={"SliceThickness": "5"})))
    assert [r.values["SOPInstanceUID"] for r in rows] == ["1.2.4"]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_private_keys_are_known_by_their_creator(archive: Archive, syntax: str) -> None:
    ds = make()
    ds.private_block(0x0099, "OTHER", create=True).add_new(0x01, "LO", "not this")
    ds.private_block(0x0099, "MODALITTY TEST", create=True).add_new(0x01, "LO", "Abc")
    store(archive, ds, syntax)
    store(archive, make("1.9.4", StudyInstanceUID="1.9", SeriesInstanceUID="1.9.1"))
    for value, count in (("Abc", 1), ("A*", 1), ("not this", 0), ("", 2)):
        query = Dataset()
        query.QueryRetrieveLevel = "STUDY"
        query.StudyInstanceUID = ""
        query.private_block(0x0099, "MODALITTY TEST", create=True).add_new(0x01, "LO", value)
        query.add_new(0x00990201, "LO", "no creator")
        rows = answers_of(archive, query, Root.STUDY)
        assert len(rows) == count, value
        if count:
            (found,) = [r for r in rows if r.StudyInstanceUID == "1.2"]
            assert found[0x00990010].value == "MODALITTY TEST"
            assert found[0x00991001].value == "Abc"
            assert 0x00990201 not in found


def test_a_key_from_below_the_level_matches_what_is_below(filled: Archive) -> None:
    assert uids(ask(filled, "STUDY", Modality="MR")) == ["1.2"]
    assert uids(ask(filled, "STUDY", Modality="CT")) == ["1.2", "1.3"]
    assert uids(ask(filled, "STUDY", SOPClassUID=MR)) == ["1.2"]
    assert uids(ask(filled, "SERIES", StudyInstanceUID="1.2", SOPClassUID=MR)) == ["1.2.2"]
    rows = {r.StudyInstanceUID: r.Modality for r in ask(filled, "STUDY", Modality="")}
    assert rows == {"1.2": "", "1.3": "CT"}  # study 1.2 has several: to name one would be a lie
    (row,) = ask(filled, "PATIENT", Root.PATIENT, PatientID="P2", Modality="")
    assert row.Modality == "CT"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"StudyDate": "20240315"}, ["P2"]),
        ({"StudyDate": "20240301-"}, ["P2"]),
        ({"AccessionNumber": "A1"}, ["P1"]),
        ({"AccessionNumber": "A*"}, ["P1"]),
        ({"StudyTime": "1015"}, ["P1", "P2"]),
        ({"StudyTime": "11-"}, []),
        ({"ModalitiesInStudy": "MR"}, ["P1"]),
    ],
)
def test_patients_match_by_what_their_studies_have(
    filled: Archive, keys: dict[str, str], expected: list[str]
) -> None:
    """Whether the index has a dictionary of it is no matter."""
    rows = ask(filled, "PATIENT", Root.PATIENT, **keys)
    assert sorted(row.PatientID for row in rows) == expected


def test_a_date_of_old_is_found_as_it_is_matched(archive: Archive) -> None:
    """ACR-NEMA wrote dots (PS3.5 table 6.2-1, DA)."""
    ds = make()
    ds.add(identifier("STUDY", {"StudyDate": "2024.01.31"})["StudyDate"])
    store(archive, ds)
    for asked in ("20240131", "2024.01.31", "20240131-20240131", "20240131\\20240201"):
        rows = answers_of(archive, identifier("STUDY", {"StudyDate": asked}), Root.STUDY)
        assert len(rows) == 1, asked


def test_a_sequence_that_is_not_indexed_is_matched_item_by_item(archive: Archive) -> None:
    def item(patient: str, kind: str) -> Dataset:
        inner, code = Dataset(), Dataset()
        inner.PatientID = patient
        inner["TypeOfPatientID"] = _raw("TypeOfPatientID", kind)
        code.CodeMeaning = "nested"
        inner.PatientSpeciesCodeSequence = [code]
        return inner

    store(archive, make(OtherPatientIDsSequence=[item("X", "TEXT"), item("Y", "RFID")]))
    for patient, kind, count in (("X", "", 1), ("X", "RFID", 0), ("Y", "R*", 1), ("", "", 1)):
        rows = ask(archive, "STUDY", OtherPatientIDsSequence=[item(patient, kind)])
        assert len(rows) == count, (patient, kind)
    items = rows[0].OtherPatientIDsSequence
    assert [i.PatientID for i in items] == ["X", "Y"]
    assert items[1].PatientSpeciesCodeSequence[0].CodeMeaning == "nested"


def _raw(keyword: str, value: str) -> Any:
    from pydicom.datadict import dictionary_VR, tag_for_keyword
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    tag = Tag(tag_for_keyword(keyword) or 0)
    return RawDataElement(tag, dictionary_VR(tag), len(value), value.encode(), 0, False, True)


def test_damaged_identifiers_are_refused_or_answered(filled: Archive) -> None:
    rng = random.Random(3)
    item = Dataset()
    item.CodeValue = "x"
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    for keyword in ("StudyInstanceUID", "PatientName", "StudyDate", "SliceThickness"):
        query[keyword] = _raw(keyword, "1")
    query.Rows = 512
    query.ProcedureCodeSequence = [item]
    query.OtherPatientIDsSequence = [item]
    query.private_block(0x0099, "A", create=True).add_new(0x01, "LO", "z")
    for syntax in (IMPLICIT, EXPLICIT, BIG):
        data = encode(query, syntax)
        for _ in range(300):
            broken = bytearray(data)
            for _ in range(rng.randint(1, 5)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
            with warnings.catch_warnings(), contextlib.suppress(UsageError):
                warnings.simplefilter("ignore")
                answers_of(filled, decode(bytes(broken), syntax), Root.STUDY, relational=True)


def test_a_search_that_finds_nothing_gives_signs_of_life(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        store(archive, make(f"1.2.{number}", StudyInstanceUID=f"1.{number}"))
    monkeypatch.setattr("core.archive.finding._PULSE", 0.0)
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.PatientMotherBirthName = "Nobody"
    answers = archive.find(query, Root.STUDY, transfer_syntax=EXPLICIT)
    assert list(answers) == [None] * 3


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_an_answer_is_a_data_set_in_each_transfer_syntax(archive: Archive, syntax: str) -> None:
    code = Dataset()
    code.CodeValue, code.CodeMeaning = "1", "Schädel"
    store(
        archive,
        make(
            Rows=512,
            SpecificCharacterSet="ISO_IR 192",
            PatientName="Grün^Jörg",
            ProcedureCodeSequence=[code],
            StudyDescription="",
            SliceThickness="2.5",
            TextValue="odd",
            SeriesNumber="007",
        ),
    )
    query = Dataset()
    query.QueryRetrieveLevel = "IMAGE"
    query.StudyInstanceUID, query.SeriesInstanceUID = "1.2", "1.2.1"
    for keyword in ("PatientName", "StudyDescription", "SeriesNumber", "SliceThickness"):
        query[keyword] = _raw(keyword, "")
    query["Rows"] = _raw("Rows", "")
    query["TextValue"] = _raw("TextValue", "")
    query.ProcedureCodeSequence = [Dataset()]
    query.OtherPatientIDsSequence = []
    (data,) = archive.find(query, Root.STUDY, transfer_syntax=syntax, ae_title="HERE")
    assert data is not None
    ds = decode(data, syntax)
    assert [int(e.tag) for e in ds] == sorted(int(e.tag) for e in ds)
    assert (ds.Rows, ds.SliceThickness, ds.SeriesNumber) == (512, 2.5, 7)
    assert ds.TextValue == "odd"
    assert (ds.PatientName, ds.StudyDescription) == ("Grün^Jörg", "")
    assert (ds.QueryRetrieveLevel, ds.RetrieveAETitle) == ("IMAGE", "HERE")
    assert (ds.SpecificCharacterSet, ds.SOPInstanceUID) == ("ISO_IR 192", "1.2.3")
    assert ds.ProcedureCodeSequence[0].CodeMeaning == "Schädel"
    assert list(ds.OtherPatientIDsSequence) == []
    assert encode(ds, syntax) == data, "pydicom writes the same"
