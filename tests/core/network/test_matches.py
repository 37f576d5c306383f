"""Identifiers as bytes and as matches: our quick codecs against pydicom's, and damaged ones."""

from __future__ import annotations

import io

import pytest
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from core.errors import UsageError
from core.model import Level, Match
from core.network import identifier, matches
from core.network.contexts import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE

SYNTAXES = (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE)


def _sample() -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.QueryRetrieveLevel = "STUDY"
    ds.RetrieveAETitle = "MODALITTY"
    ds.ModalitiesInStudy = ["CT", "SR"]
    ds.PatientName = "Müller^Jörg"
    ds.PatientID = "odd"
    ds.StudyInstanceUID = "1.2.3"
    ds.StudyDate = ""
    ds.AccessionNumber = None
    ds.NumberOfStudyRelatedInstances = 12
    ds.Rows = 512
    ds.StudyDescription = "a\\b"
    ds.PatientWeight = "70.5"
    return ds


def _pydicom(ds: Dataset, syntax: str) -> bytes:
    with DicomBytesIO() as out:
        out.is_implicit_VR = syntax == IMPLICIT_LE
        out.is_little_endian = syntax != EXPLICIT_BE
        write_dataset(out, ds)
        return bytes(out.getvalue())


def _read(data: bytes, syntax: str = EXPLICIT_LE) -> Match:
    return matches.read(data, syntax, Level.STUDY, "peer", partial=False)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_we_write_what_pydicom_writes(syntax: str) -> None:
    assert identifier.encode(_sample(), syntax) == _pydicom(_sample(), syntax)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_match_reads_as_it_was_meant(syntax: str) -> None:
    match = _read(_pydicom(_sample(), syntax), syntax)
    assert match.values["PatientName"] == "Müller^Jörg"
    assert match.values["ModalitiesInStudy"] == "CT\\SR"
    assert match.values["NumberOfStudyRelatedInstances"] == "12"
    assert match.values["Rows"] == "512"
    assert match.values["StudyDate"] == ""
    assert match.values["PatientID"] == "odd"
    assert not match.incomplete


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 192", "Вася^日本"),
        ("GB18030", "王^小东"),
        ("ISO_IR 144", "Люкceмбypг"),  # noqa: RUF001
        ("ISO_IR 126", "Διονυσιος"),
        ("ISO_IR 127", "قباني^لنزار"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ],
)
@pytest.mark.parametrize("syntax", [EXPLICIT_LE, IMPLICIT_LE])
def test_character_sets_go_both_ways(charset: object, name: str, syntax: str) -> None:
    ds = Dataset()
    ds.SpecificCharacterSet = charset
    ds.PatientName = name
    match = _read(identifier.encode(ds, syntax), syntax)
    assert match.values["PatientName"] == name
    assert not match.incomplete


def test_text_that_its_character_set_cannot_hold_goes_out_as_utf_8() -> None:
    for charset in (None, "ISO_IR 100"):
        ds = Dataset()
        if charset:
            ds.SpecificCharacterSet = charset
        ds.PatientName = "山田"
        read = read_dataset(io.BytesIO(identifier.encode(ds, EXPLICIT_LE)), False, True)
        assert read.SpecificCharacterSet == "ISO_IR 192"
        assert read.PatientName == "山田"


def test_a_character_set_that_lies_marks_the_match() -> None:
    data = b"\x08\0\x05\0CS\x0a\0ISO_IR 192" + b"\x10\0\x10\0PN\x04\0\xff\xfeab"
    match = _read(data)
    assert match.incomplete
    assert match.values["PatientName"].endswith("ab")


def test_an_unknown_character_set_marks_the_match() -> None:
    data = b"\x08\0\x05\0CS\x08\0KLINGON " + b"\x10\0\x10\0PN\x04\0\xe9\xe9ab"
    match = _read(data)
    assert match.incomplete
    assert match.values["PatientName"] == "ééab"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_no_damage_raises(syntax: str) -> None:
    whole = _pydicom(_sample(), syntax)
    for cut in range(len(whole)):
        _read(whole[:cut], syntax)
        _read(whole[cut:], syntax)


def test_a_cut_identifier_keeps_what_is_there_and_is_marked() -> None:
    match = _read(_pydicom(_sample(), EXPLICIT_LE)[:-3])
    assert match.incomplete
    assert match.values["PatientName"] == "Müller^Jörg"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_is_in_a_sequence_goes_by_dotted_keywords(syntax: str) -> None:
    ds = _sample()
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2"
    ds.ReferencedStudySequence = [item]
    ds.RequestAttributesSequence = []
    match = _read(identifier.encode(ds, syntax), syntax)
    assert match.values["ReferencedStudySequence.ReferencedSOPInstanceUID"] == "1.2"
    assert match.values["RequestAttributesSequence"] == ""
    assert match.values["PatientID"] == "odd"
    assert not match.incomplete


def test_private_elements_go_by_their_tag() -> None:
    match = _read(b"\x09\0\x10\0LO\x04\0ACME" + b"\x09\0\x01\x10LO\x02\0hi")
    assert match.values == {"00090010": "ACME", "00091001": "hi"}


@pytest.mark.parametrize("data", [b"\x08\0\x52\0CS\xff\x7fSTUDY", b"\x08\0", b"\xff" * 40])
def test_a_request_that_cannot_be_read_is_misuse(data: bytes) -> None:
    with pytest.raises(UsageError):
        identifier.decode(data, EXPLICIT_LE)


def test_sequences_nested_without_end_are_no_crash() -> None:
    deep = b"\x08\0\x15\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" * 3000
    _read(deep)
    with pytest.raises(UsageError):
        identifier.decode(deep, EXPLICIT_LE)
