"""A dump shows every element that is readable, whatever is wrong with the rest of the file."""

from __future__ import annotations

import os
import random
import struct
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import msgspec
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from core.dump import MAX_ROWS, dicom_json, rows
from core.dump.rows import MAX_TEXT
from core.errors import NotDicomError
from core.model import ElementRow
from tests.core.imaging.objects import encapsulated, image, write, write_deflated

FILES = sorted(Path(str(get_testdata_file("CT_small.dcm"))).parent.glob("*.dcm"))
# Files whose faults pydicom mends in its own way, or whose first byte is missing.
ODD = {
    "no_meta.dcm",
    # A private sequence of VR UN, which pydicom leaves as bytes.
    "priv_SQ.dcm",
    "UN_sequence.dcm",
    "SC_rgb_jpeg.dcm",
    "JPEG2000-embedded-sequence-delimiter.dcm",
}


def by_path(source: Path | Dataset) -> dict[str, ElementRow]:
    return {row.path: row for row in rows(source)}


def warned(source: Path) -> list[str]:
    return [row.value for row in rows(source) if row.name == "Warning"]


def flat(ds: Dataset) -> list[tuple[str, str]]:
    """(tag, VR) of all elements in order, sequences followed, as pydicom has them."""
    found = []
    for element in ds:
        found.append((f"({element.tag.group:04X},{element.tag.element:04X})", str(element.VR)))
        if element.VR == "SQ":
            for item in element.value:
                found += flat(item)
    return found


@pytest.mark.parametrize("path", [p for p in FILES if p.name not in ODD], ids=lambda p: p.stem)
def test_every_element_that_pydicom_finds_is_there(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(path, force=True)
        expected = flat(ds.file_meta) + flat(ds)
    shown = [row.tag for row in rows(path) if row.tag and not row.is_item]
    assert shown == [tag for tag, _ in expected]


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "rtplan.dcm", "test-SR.dcm", "MR_small_bigendian.dcm", "rtdose.dcm"]
)
def test_json_is_what_pydicom_makes(name: str) -> None:
    path = Path(str(get_testdata_file(name)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pydicom.dcmread(path).to_json_dict(bulk_data_threshold=1 << 30)
    made = dicom_json(path)
    assert list(made) == [tag for tag in expected if not tag.endswith("0000")]
    for tag, element in made.items():
        if tag != "00080005" and ("Value" in element or "InlineBinary" in element):
            assert _plain(element) == _plain(expected[tag]), tag


def _plain(value: Any) -> Any:
    """Numbers by value, single precision alike; trailing blanks do not count."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "vr"}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (int, float)):
        return pytest.approx(value, rel=1e-6)
    return value.strip() if isinstance(value, str) else value


def test_rows_say_what_an_element_is(tmp_path: Path) -> None:
    ds = image(PatientName="Doe^Jane", ImageType=["ORIGINAL", "PRIMARY"], Rows=512)
    item = Dataset()
    item.SeriesInstanceUID = "1.2.3"
    ds.ReferencedSeriesSequence = Sequence([item, Dataset()])
    found = by_path(write(tmp_path, ds))
    name = found["PatientName"]
    assert (name.tag, name.vr, name.value, name.vm, name.length) == (
        "(0010,0010)", "PN", "Doe^Jane", 1, 8,
    )  # fmt: skip
    assert name.name == "Patient's Name"
    assert (found["ImageType"].value, found["ImageType"].vm) == ("ORIGINAL\\PRIMARY", 2)
    assert found["Rows"].value == "512"
    assert found["TransferSyntaxUID"].value == ExplicitVRLittleEndian
    sequence = found["ReferencedSeriesSequence"]
    assert (sequence.is_sequence, sequence.value, sequence.vm) == (True, "2 items", 2)
    assert found["ReferencedSeriesSequence[0]"].is_item
    assert found["ReferencedSeriesSequence[0]"].depth == 1
    inner = found["ReferencedSeriesSequence[0].SeriesInstanceUID"]
    assert (inner.value, inner.depth) == ("1.2.3", 2)


def test_private_elements_are_named_by_their_creator(tmp_path: Path) -> None:
    ds = image()
    block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x08, "CS", "IMAGE NUM 4")
    ds.private_block(0x0031, "NOBODY KNOWS", create=True).add_new(0x01, "LO", "x")
    found = by_path(write(tmp_path, ds))
    assert found["[0029,0010]"].name == "Private Creator"
    assert "SIEMENS CSA HEADER" in found["[0029,1008]"].name
    assert found["[0029,1008]"].name != "Private (SIEMENS CSA HEADER)"
    assert found["[0031,1001]"].name == "Private (NOBODY KNOWS)"
    assert found["[0031,1001]"].is_private


def test_private_values_of_implicit_vr_are_read_by_the_dictionary(tmp_path: Path) -> None:
    ds = image(syntax=ImplicitVRLittleEndian)
    ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x08, "CS", "IMAGE NUM 4")
    row = by_path(write(tmp_path, ds))["[0029,1008]"]
    assert (row.vr, row.value) == ("UN", "IMAGE NUM 4")


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
        ("ISO_IR 126", "Διονυσίου^Ελένη"),
        ("ISO_IR 127", "قباني^لنزار"),
        ("ISO_IR 144", "Люксембург^Роза"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小东"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 100", "Buc^Jérôme"),
    ],
)
def test_names_are_read_by_their_character_set(
    tmp_path: Path, character_set: str | list[str], name: str
) -> None:
    path = write(tmp_path, image(SpecificCharacterSet=character_set, PatientName=name))
    assert by_path(path)["PatientName"].value == name
    made = dicom_json(path)
    groups = ("Alphabetic", "Ideographic", "Phonetic")
    assert made["00100010"]["Value"] == [dict(zip(groups, name.split("="), strict=False))]
    assert made["00080005"]["Value"] == ["ISO_IR 192"]


def test_chinese_by_code_extensions_is_the_standards_own_example(tmp_path: Path) -> None:
    # PS3.5 K.2; pydicom writes this set without its escape sequences.
    ds = image(SpecificCharacterSet=["", "ISO 2022 IR 58"], PatientName="N" * 32)
    path = write(tmp_path, ds)
    name = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab="
    path.write_bytes(path.read_bytes().replace(b"N" * 32, name.ljust(32)))
    assert by_path(path)["PatientName"].value == "Zhang^XiaoDong=张^小东="


def test_character_sets_that_lie_or_that_nobody_knows(tmp_path: Path) -> None:
    path = write(tmp_path, image(SpecificCharacterSet="ISO_IR 192", PatientName="Müller"))
    path.write_bytes(path.read_bytes().replace("ü".encode(), b"\xfc\xfc"))
    assert by_path(path)["PatientName"].value == "M\ufffd\ufffdller"
    path.write_bytes(path.read_bytes().replace(b"ISO_IR 192", b"ISO_IR 999"))
    assert by_path(path)["PatientName"].value == "Müüller"


def test_bytes_and_long_values_are_cut_and_say_so(tmp_path: Path) -> None:
    ds = image(PatientComments="y" * 5000)
    ds.add_new(0x00420011, "OB", bytes(range(200)))
    ds.add_new(0x00281201, "OW", b"\x01\x02\x03\x04")
    found = by_path(write(tmp_path, ds))
    comments, document = found["PatientComments"], found["EncapsulatedDocument"]
    assert comments.value == "y" * MAX_TEXT + "…"
    assert comments.length == 5000
    assert document.value.startswith("00 01 02 03")
    assert document.value.endswith("…")
    assert document.length == 200
    assert found["RedPaletteColorLookupTableData"].value == "01 02 03 04"
    assert "InlineBinary" not in dicom_json(
        write(tmp_path, image(EncapsulatedDocument=b"x" * 4000))
    )


def test_numbers_of_every_kind(tmp_path: Path) -> None:
    ds = image(syntax=ExplicitVRBigEndian)
    ds.add_new(0x00186020, "SL", [-5, 7])
    ds.add_new(0x00189087, "FD", 0.1)
    ds.add_new(0x00181271, "FL", [0.1, 1e-30])
    ds.add_new(0x00280009, "AT", 0x00181063)
    ds.add_new(0x00280030, "DS", ["0.50", "1e2"])
    found = {row.tag: row for row in rows(write(tmp_path, ds))}
    assert found["(0018,6020)"].value == "-5\\7"
    assert found["(0018,9087)"].value == "0.1"
    assert found["(0018,1271)"].value == "0.1\\1e-30"
    assert found["(0028,0009)"].value == "(0018,1063)"
    # As written in the file, not as a number would print.
    assert found["(0028,0030)"].value == "0.50\\1e2"


def test_huge_pixel_data_costs_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, image())
    size = 4 << 30
    with path.open("ab") as file:
        file.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, size - 512))
        file.truncate(file.tell() + size - 512)
    tracemalloc.start()
    try:
        row = by_path(path)["PixelData"]
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()
    assert row.length == size - 512
    assert "7FE00010" in dicom_json(path)


def test_a_data_set_in_memory_is_shown_too() -> None:
    ds = Dataset()
    ds.PatientID = "4711"
    assert by_path(ds)["PatientID"].value == "4711"
    assert dicom_json(ds)["00100020"]["Value"] == ["4711"]


@pytest.mark.parametrize("depth", [200, 3000])
def test_deep_nesting(tmp_path: Path, depth: int) -> None:
    undefined = b"\xff\xff\xff\xff"
    opened = b"\x08\x00\x40\x11SQ\0\0" + undefined + b"\xfe\xff\x00\xe0" + undefined
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    path = write(tmp_path, image())
    tail = b"\x10\x00\x20\x00LO\x04\x004711"
    path.write_bytes(path.read_bytes() + opened * depth + closed * depth + tail)
    found = list(rows(path))
    assert sum(row.is_sequence for row in found) >= min(depth, 1000)
    if depth == 200:
        assert found[-1].keyword == "PatientID"
        assert max(row.depth for row in found) == 2 * depth - 1
    else:
        assert any("nested" in text for text in warned(path))
    assert msgspec.json.encode(dicom_json(path))


def test_a_sequence_of_unknown_vr_is_followed(tmp_path: Path) -> None:
    path = write(tmp_path, image())
    inner = b"\x10\x00\x20\x00\x04\0\0\x004711"
    item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(inner)) + inner
    path.write_bytes(
        path.read_bytes()
        + b"\x09\x00\x10\x10UN\0\0\xff\xff\xff\xff" + item + b"\xfe\xff\xdd\xe0\0\0\0\0"
        + b"\x10\x00\x30\x00DA\x08\x0020260101"
    )  # fmt: skip
    found = by_path(path)
    assert found["[0009,1010][0].PatientID"].value == "4711"
    assert found["PatientBirthDate"].value == "20260101"


@pytest.mark.parametrize("explicit", [False, True])
def test_a_private_sequence_of_known_length_and_unknown_vr_is_looked_into(
    tmp_path: Path, explicit: bool
) -> None:
    path = write(tmp_path, image())
    head = b"LO\x04\x00" if explicit else b"\x04\0\0\x00"
    item = b"\xfe\xff\x00\xe0\x0c\0\0\0\x10\x00\x20\x00" + head + b"4711"
    path.write_bytes(
        path.read_bytes() + b"\x09\x00\x10\x10UN\0\0" + struct.pack("<I", len(item)) + item
    )
    found = by_path(path)
    assert found["[0009,1010]"].is_sequence
    assert (found["[0009,1010]"].vr, found["[0009,1010]"].length) == ("UN", 20)
    assert found["[0009,1010][0].PatientID"].value == "4711"


def test_codes_are_put_into_words(tmp_path: Path) -> None:
    ds = image(
        SpecificCharacterSet=["", "ISO 2022 IR 87"],
        StudyDate="20260102",
        StudyTime="101530.25",
        AcquisitionDateTime="202601021015+0100",
        PatientAge="035Y",
        PatientID="20260102",
    )
    ds.add_new(0x00280009, "AT", 0x00181063)
    found = by_path(write(tmp_path, ds))
    assert found["TransferSyntaxUID"].meaning == "Explicit VR Little Endian"
    assert found["SOPClassUID"].meaning == "Secondary Capture Image Storage"
    assert found["SOPInstanceUID"].meaning == ""
    assert found["SpecificCharacterSet"].meaning == "ASCII, Japanese Kanji"
    assert found["StudyDate"].meaning == "2026-01-02"
    assert found["StudyTime"].meaning == "10:15:30.25"
    assert found["AcquisitionDateTime"].meaning == "2026-01-02 10:15 UTC+0100"
    assert found["PatientAge"].meaning == "35 years"
    assert found["FrameIncrementPointer"].meaning == "FrameTime"
    assert found["PatientID"].meaning == ""


def test_fragments_and_their_offsets_are_listed(tmp_path: Path) -> None:
    ds = encapsulated([b"\xff\xd8" + b"a" * 98, b"\xff\xd8" + b"b" * 60], JPEGBaseline8Bit)
    path = write(tmp_path, ds)
    found = by_path(path)
    assert found["PixelData"].value == "2 fragments, 170 bytes"
    assert not found["PixelData"].is_sequence
    table, second = found["PixelData[0]"], found["PixelData[2]"]
    assert (table.name, table.value, table.length) == ("Basic Offset Table", "0\\108", 8)
    assert (second.name, second.length, second.depth) == ("Fragment 2", 62, 1)
    assert second.value.startswith("ff d8 62 62")
    assert second.place is not None
    assert path.read_bytes()[second.place.offset :][:3] == b"\xff\xd8b"


def test_what_comes_behind_the_data_set_is_no_element(tmp_path: Path) -> None:
    path = write(tmp_path, image(PatientID="4711"))
    before = len(list(rows(path)))
    path.write_bytes(path.read_bytes() + bytes(512))
    assert [row.value for row in list(rows(path))[before:]] == [
        f"512 bytes from offset {path.stat().st_size - 512:,} on are no data elements"
    ]


def test_a_preamble_that_is_used_and_a_missing_transfer_syntax_are_said(tmp_path: Path) -> None:
    path = write(tmp_path, image(PatientID="4711"))
    path.write_bytes(b"II*\0" + path.read_bytes()[4:])
    notes = [row.value for row in rows(path) if row.name == "Note"]
    assert notes == ["the preamble is the head of a TIFF file"]
    bare = Dataset()
    bare.SOPClassUID, bare.PatientID = "1.2.840.10008.5.1.4.1.1.7", "4711"
    bare.save_as(tmp_path / "bare.dcm", implicit_vr=True, little_endian=True)
    notes = [row.value for row in rows(tmp_path / "bare.dcm") if row.name == "Note"]
    assert notes == ["no Transfer Syntax UID (0002,0010): read as Implicit VR Little Endian"]


def test_unknown_vrs_and_odd_lengths(tmp_path: Path) -> None:
    path = write(tmp_path, image())
    path.write_bytes(
        path.read_bytes()
        + b"\x10\x00\x20\x00ZZ\0\0\x05\0\0\x00abcde"
        + b"\x10\x00\x30\x00DA\x07\x002026011"
    )  # fmt: skip
    found = by_path(path)
    assert (found["PatientID"].vr, found["PatientID"].value) == ("ZZ", "abcde")
    assert found["PatientBirthDate"].value == "2026011"


def test_a_length_beyond_the_end(tmp_path: Path) -> None:
    path = write(tmp_path, image(PatientID="4711"))
    path.write_bytes(path.read_bytes().replace(b"LO\x04\x004711", b"LO\xf0\xf04711"))
    assert by_path(path)["PatientID"].value.startswith("4711")
    assert any("cut short" in text for text in warned(path))


def test_a_file_cut_anywhere_shows_what_is_left(tmp_path: Path) -> None:
    item = Dataset()
    item.PatientID = "4711"
    ds = image(PatientName="Doe^Jane", OtherPatientIDsSequence=Sequence([item]))
    ds["OtherPatientIDsSequence"].is_undefined_length = True
    whole = write(tmp_path, ds).read_bytes()
    path = tmp_path / "cut.dcm"
    seen = 0
    for size in range(140, len(whole)):
        path.write_bytes(whole[:size])
        shown = len(list(rows(path)))
        dicom_json(path)
        seen = max(seen, shown)
    assert seen > 8


def test_damaged_files_never_raise(tmp_path: Path) -> None:
    dice = random.Random(7)
    path = tmp_path / "damaged.dcm"
    for name in ("rtplan.dcm", "test-SR.dcm", "nested_priv_SQ.dcm", "MR_small_bigendian.dcm"):
        whole = Path(str(get_testdata_file(name))).read_bytes()[:6000]
        for _ in range(25):
            damaged = bytearray(whole)
            for _ in range(dice.randrange(1, 20)):
                damaged[dice.randrange(140, len(whole))] = dice.randrange(256)
            path.write_bytes(damaged)
            assert list(rows(path))
            assert msgspec.json.encode(dicom_json(path))


def test_a_deflated_object_and_a_deflated_bomb(tmp_path: Path) -> None:
    path = write_deflated(tmp_path, image(PatientID="4711"))
    assert by_path(path)["PatientID"].value == "4711"
    tail = b"\xe0\x7f\x10\x00OW\0\0\0\0\0\x20" + bytes(70 << 20)
    bomb = write_deflated(tmp_path, image(PatientID="4711"), tail)
    assert by_path(bomb)["PatientID"].value == "4711"
    assert any("MiB" in text for text in warned(bomb))


def test_rows_without_end_are_capped(tmp_path: Path) -> None:
    path = write(tmp_path, image())
    path.write_bytes(path.read_bytes() + b"\x10\x00\x20\x00LO\0\0" * (MAX_ROWS + 10))
    assert len(list(rows(path))) == MAX_ROWS + 1
    assert any("first" in text for text in warned(path))


def test_what_is_no_dicom_is_refused(tmp_path: Path) -> None:
    for name, content in {
        "empty": b"",
        "letter": b"Dear colleague, " * 100,
        "zeros": bytes(4096),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "json": b'{"00080005": {"vr": "CS"}}',
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(NotDicomError):
            list(rows(path))
        with pytest.raises(NotDicomError):
            dicom_json(path)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "pipe"):
        with pytest.raises(NotDicomError):
            list(rows(path))


def test_a_file_without_preamble_and_meta_is_recognised(tmp_path: Path) -> None:
    for implicit in (True, False):
        ds = Dataset()
        ds.SOPClassUID, ds.PatientID = "1.2.840.10008.5.1.4.1.1.7", "4711"
        path = tmp_path / "bare.dcm"
        ds.save_as(path, implicit_vr=implicit, little_endian=True)
        assert by_path(path)["PatientID"].value == "4711"
