"""An object that is right has nothing said against it, and each fault is told where it is."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EncapsulatedPDFStorage, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from core.errors import ModalittyError, NotDicomError
from core.model import Severity
from core.validation import validate
from core.validation.report import ALIKE, OF_ONE_RULE
from tests.core.imaging.objects import encapsulated, image, item, write, write_deflated
from tests.core.validation.objects import (
    append,
    breach_of,
    found,
    good_ct,
    raw_element,
    rules,
)
from tests.samples import sample_file, sample_files

pytestmark = pytest.mark.filterwarnings("ignore")


def spoiled(**values: Any) -> Dataset:
    ds = good_ct()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def raw(folder: Path, keyword: str, value: bytes) -> Path:
    """A good CT with a value that pydicom would not write; `value` is as long as the one before."""
    ds = good_ct()
    is_number = dictionary_VR(keyword) in ("DS", "IS")
    marker = (b"7" if is_number else b"@") * len(value)
    ds.add_new(keyword, "UN", marker)
    path = write(folder, ds)
    data = path.read_bytes()
    assert data.count(marker) == 1
    path.write_bytes(data.replace(marker, value))
    return path


def test_an_object_that_is_right_has_nothing_said_against_it(tmp_path: Path) -> None:
    validation = found(tmp_path, good_ct())
    assert validation.breaches == ()
    assert validation.is_tabled
    assert validation.sop_class == "CT Image Storage"
    assert validation.transfer_syntax == "Explicit VR Little Endian"


def test_what_cannot_be_judged_is_said(tmp_path: Path) -> None:
    said = " ".join(found(tmp_path, good_ct()).unjudged)
    assert "conditional" in said
    assert "enumerated values" in said


def test_missing_and_empty_attributes_by_their_type(tmp_path: Path) -> None:
    ds = good_ct()
    del ds.PatientID  # type 2
    del ds.PixelSpacing  # type 1
    ds.ImageType = ""  # type 1
    ds.StudyDate = ""  # type 2: may be empty
    validation = found(tmp_path, ds)
    assert rules(validation) == {
        ("missing", "PatientID"),
        ("missing", "PixelSpacing"),
        ("empty", "ImageType"),
    }
    assert all(breach.severity is Severity.ERROR for breach in validation.breaches)


def test_attributes_inside_of_items_are_asked_for_where_there_are_items(tmp_path: Path) -> None:
    ds = spoiled(ReferencedStudySequence=Sequence([item(ReferencedSOPInstanceUID="1.2.3")]))
    breach = breach_of(found(tmp_path, ds), "missing")
    assert breach.keyword == "ReferencedSOPClassUID"
    assert breach.holder == "ReferencedStudySequence[0]"
    assert breach.path == ""


def test_a_secondary_capture_need_not_have_what_its_own_module_overrules(tmp_path: Path) -> None:
    validation = found(tmp_path, image(np.zeros((4, 4), np.uint8)))
    missing = {breach.keyword for breach in validation.breaches if breach.rule == "missing"}
    assert "ConversionType" in missing
    assert "Modality" not in missing


def test_an_unknown_class_is_judged_by_general_rules_and_says_so(tmp_path: Path) -> None:
    ds = spoiled(SOPClassUID="1.2.3.4.5")
    ds.file_meta.MediaStorageSOPClassUID = "1.2.3.4.5"
    del ds.SeriesInstanceUID, ds.ImageType
    validation = found(tmp_path, ds)
    assert not validation.is_tabled
    assert rules(validation) == {("missing", "SeriesInstanceUID")}
    assert any("no table is known" in sentence for sentence in validation.unjudged)


@pytest.mark.parametrize(
    ("keyword", "value", "word"),
    [
        ("StudyDate", b"20230230", "no day"),
        ("StudyDate", b"2023.01.01", "ACR-NEMA"),
        ("StudyTime", b"2561  ", "no time"),
        ("PatientAge", b"42", "no age"),
        ("Modality", b"ct", "capitals"),
        ("AcquisitionDateTime", b"20231301", "no date and time"),
        ("InstanceNumber", b"1.5 ", "no whole number"),
        ("InstanceNumber", b"99999999999 ", "32 bits"),
        ("SliceThickness", b"thin", "no decimal"),
        ("SliceThickness", b"1.2345678901234567", "16 at most"),
        ("StudyInstanceUID", b"1.02.3", "begins with 0"),
        ("StudyInstanceUID", b"1.2..3", "numbers parted by dots"),
        ("StudyInstanceUID", b"3.2.31", "first components"),
        ("StudyInstanceUID", b"1." + b"2" * 64, "64 at most"),
        ("StudyID", b"x" * 18, "16 at most"),
        ("PatientName", b"a^b^c^d^e^f ", "5 at most"),
        ("PatientName", b"a=b=c=d ", "3 at most"),
        ("PatientID", b"a\x07bc", "control characters"),
        ("StationAETitle", b"    ", "nothing but spaces"),
    ],
)
def test_values_against_their_vr(tmp_path: Path, keyword: str, value: bytes, word: str) -> None:
    validation = validate(raw(tmp_path, keyword, value))
    breach = breach_of(validation, "value")
    assert word in breach.text
    assert (breach.keyword, breach.path) == (keyword, keyword)


def test_number_of_values_vr_and_padding(tmp_path: Path) -> None:
    ds = good_ct()
    ds.PixelSpacing = [1, 1, 1]
    ds.add_new("StationName", "ST", "room")
    data = write(tmp_path, ds).read_bytes()
    path = tmp_path / "padded.dcm"
    path.write_bytes(data.replace(b"1.2.3.2.9\0", b"1.2.3.2.9 ").replace(b"ID2 ", b"ID2\0"))
    validation = validate(path)
    assert rules(validation) == {
        ("vm", "PixelSpacing"),
        ("vr", "StationName"),
        ("padding", "FrameOfReferenceUID"),
        ("padding", "PatientID"),
    }
    assert "3 values, where PS3.6 has 2" in breach_of(validation, "vm").text
    severities = [breach.severity for breach in validation.breaches]
    assert severities == sorted(severities, key=list(Severity).index)


def test_characters_that_are_not_of_the_declared_set(tmp_path: Path) -> None:
    without = raw(tmp_path, "PatientName", "Müller".encode("latin-1") + b" ")
    assert breach_of(validate(without), "character set").keyword == "PatientName"
    ds = good_ct()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName = "Müller"
    assert found(tmp_path, ds).breaches == ()
    ds.SpecificCharacterSet = "UTF-8"
    assert "no defined term" in breach_of(found(tmp_path, ds), "character set").text


def test_order_duplicates_private_creators_and_odd_lengths(tmp_path: Path) -> None:
    path = append(
        write(tmp_path, good_ct()),
        raw_element(0x7FE10010, "LO", b"MAKER "),
        raw_element(0x7FE11001, "LO", b"fine"),
        raw_element(0x7FE11101, "LO", b"nobody's"),
        raw_element(0x7FE11101, "LO", b"again "),
        raw_element(0x7FE11010, "LO", b"odd"),
    )
    validation = validate(path)
    assert {breach.rule for breach in validation.breaches} == {
        "private creator",
        "duplicate",
        "order",
        "odd length",
    }
    assert breach_of(validation, "private creator").tag == "(7FE1,1101)"
    assert breach_of(validation, "order").tag == "(7FE1,1010)"


def test_many_breaches_alike_are_told_a_few_times_and_counted(tmp_path: Path) -> None:
    references = [item(ReferencedSOPInstanceUID="1.2.3") for _ in range(50)]
    validation = found(tmp_path, spoiled(ReferencedStudySequence=Sequence(references)))
    alike = [breach for breach in validation.breaches if breach.rule == "missing"]
    assert len(alike) == ALIKE
    assert "40 more alike" in alike[-1].text


def test_what_many_attributes_break_is_told_of_the_first_ones_and_counted(tmp_path: Path) -> None:
    nobodys = (raw_element(0x7FE11101 + index, "LO", b"x ") for index in range(OF_ONE_RULE + 5))
    validation = validate(append(write(tmp_path, good_ct()), *nobodys))
    told = [breach for breach in validation.breaches if breach.rule == "private creator"]
    assert len(told) == OF_ONE_RULE
    assert any("5 further breaches" in sentence for sentence in validation.unjudged)


def test_file_meta_against_the_data_set(tmp_path: Path) -> None:
    path = write(tmp_path, good_ct())
    data = bytearray(path.read_bytes().replace(b"1.2.3.2.1.1", b"1.2.3.2.9.9", 1))
    data[140:144] = struct.pack("<I", 10)
    path.write_bytes(bytes(data))
    validation = validate(path)
    assert rules(validation) == {
        ("file meta", "MediaStorageSOPInstanceUID"),
        ("group length", "[0002,0000]"),
    }
    bare = tmp_path / "bare.dcm"
    bare.write_bytes(bytes(data[data.index(b"\x08\x00\x08\x00CS") :]))
    assert {"prefix", "file meta"} <= {breach.rule for breach in validate(bare).breaches}


@pytest.mark.parametrize(
    ("values", "rule", "keyword"),
    [
        ({"Rows": 32}, "pixel data", "PixelData"),
        ({"Rows": 8}, "pixel data", "PixelData"),
        ({"BitsStored": 17}, "pixel description", "BitsStored"),
        ({"HighBit": 11}, "pixel description", "HighBit"),
        ({"BitsAllocated": 12}, "pixel description", "BitsAllocated"),
        ({"PixelRepresentation": 2}, "pixel description", "PixelRepresentation"),
        ({"PhotometricInterpretation": "RGB"}, "pixel description", "SamplesPerPixel"),
        ({"PhotometricInterpretation": "GREY"}, "pixel description", "PhotometricInterpretation"),
        (
            {"PhotometricInterpretation": "PALETTE COLOR"},
            "pixel description",
            "PhotometricInterpretation",
        ),
        ({"NumberOfFrames": 2}, "pixel data", "PixelData"),
    ],
)
def test_pixels_against_what_describes_them(
    tmp_path: Path, values: dict[str, Any], rule: str, keyword: str
) -> None:
    assert (rule, keyword) in rules(found(tmp_path, spoiled(**values)))


def test_encapsulated_pixels_against_frames_and_transfer_syntax(tmp_path: Path) -> None:
    shape = {"Rows": 4, "Columns": 4, "SamplesPerPixel": 1, "NumberOfFrames": 3}
    few = encapsulated([b"\0" * 64, b"\0" * 64], RLELossless, **shape)
    assert "2 fragments for 3 frames" in breach_of(found(tmp_path, few), "fragments").text

    no_jpeg = encapsulated([b"GIF89a" * 20] * 3, JPEGBaseline8Bit, **shape)
    assert "no stream" in breach_of(found(tmp_path, no_jpeg), "coded frame").text

    native = image(np.zeros((4, 4), np.uint8))
    native.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    path = tmp_path / "native.dcm"
    data = write(tmp_path, image(np.zeros((4, 4), np.uint8))).read_bytes()
    path.write_bytes(data.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"))
    assert "native pixel data" in breach_of(validate(path), "transfer syntax").text


def test_a_coded_frame_of_another_kind_or_size_is_told(tmp_path: Path) -> None:
    path = tmp_path / "renamed.dcm"
    data = sample_file("JPEG2000.dcm").read_bytes()
    rows = b"\x28\0\x10\0US\x02\0"
    place = data.index(rows) + len(rows)
    data = data[:place] + struct.pack("<H", 7) + data[place + 2 :]
    path.write_bytes(data.replace(b"1.2.840.10008.1.2.4.91", b"1.2.840.10008.1.2.4.50"))
    validation = validate(path)
    assert "JPEG 2000" in breach_of(validation, "coded frame").text
    assert breach_of(validation, "pixel description").keyword == "Rows"
    whole = validate(sample_file("JPEG2000.dcm"))
    assert not {"coded frame", "pixel description"} & {b.rule for b in whole.breaches}
    assert JPEG2000Lossless.name != whole.transfer_syntax


def test_a_file_that_is_cut_short_is_judged_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write(tmp_path, good_ct())
    path.write_bytes(path.read_bytes()[:-100])
    assert "cut short" in breach_of(validate(path), "structure").text


def test_a_deflated_object_is_judged_in_the_clear(tmp_path: Path) -> None:
    ds = good_ct()
    del ds.KVP
    assert rules(validate(write_deflated(tmp_path, ds))) == {
        ("missing", "KVP"),
        ("missing", "ImageType"),  # the helper leaves out what stands before the SOP class
    }


def test_a_report_of_another_class_is_asked_for_its_own(tmp_path: Path) -> None:
    ds = spoiled(SOPClassUID=EncapsulatedPDFStorage, Modality="DOC")
    ds.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    missing = {keyword for rule, keyword in rules(found(tmp_path, ds)) if rule == "missing"}
    assert {"EncapsulatedDocument", "MIMETypeOfEncapsulatedDocument"} <= missing


def test_what_is_no_dicom_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(NotDicomError):
        validate(tmp_path / "text")


def test_every_sample_is_judged_without_a_fall() -> None:
    judged = 0
    for path in sample_files():
        try:
            validation = validate(path)
        except ModalittyError:
            continue
        judged += 1
        assert all(breach.text for breach in validation.breaches), path
    assert judged > 200


_THEIRS = re.compile(r"Error - (?:Missing|Empty) attribute.* Type ([12]) .*Element=<(\w+)>")


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dicom3tools")
def test_what_is_missing_is_what_dciodvfy_finds_missing() -> None:
    shared = 0
    for name in ("CT_small.dcm", "OT-PAL-8-face.dcm", "ExplVR_BigEnd.dcm", "GDCMJ2K_TextGBR.dcm"):
        path = sample_file(name)
        validation = validate(path)
        said = subprocess.run(
            ["dciodvfy", str(path)], capture_output=True, check=False, timeout=60
        ).stderr.decode("latin-1")
        theirs = {keyword for _, keyword in _THEIRS.findall(said)}
        ours = {
            breach.keyword for breach in validation.breaches if breach.rule in ("missing", "empty")
        }
        assert ours == theirs, name
        shared += len(ours)
    assert shared > 15
