"""Comparing two objects shows what differs, all of it, and nothing else."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from core.dump import compare, compare_series
from core.model import Change, Comparison, Difference
from tests.core.imaging.objects import encapsulated, image, item, write
from tests.samples import sample_file


def compared(folder: Path, left: Dataset, right: Dataset) -> Comparison:
    return compare(write(folder, left, "left.dcm"), write(folder, right, "right.dcm"))


def changes(comparison: Comparison) -> dict[str, tuple[Change, str, str]]:
    return {d.path: (d.change, d.left, d.right) for d in comparison.differences}


def only(comparison: Comparison) -> Difference:
    (difference,) = comparison.differences
    return difference


def test_an_object_is_equal_to_itself() -> None:
    for name in ("CT_small.dcm", "rtplan.dcm", "MR_small_bigendian.dcm"):
        found = compare(sample_file(name), sample_file(name))
        assert found.differences == ()
        assert found.equal > 30


def test_changes_additions_and_removals_stand_in_the_order_of_the_tags(tmp_path: Path) -> None:
    left = image(PatientName="Doe^Jane", PatientID="4711", Rows=2, StudyID="1")
    right = image(PatientName="Doe^John", PatientAge="035Y", Rows=2, StudyID="1 ")
    found = compared(tmp_path, left, right)
    assert [(d.tag, d.change) for d in found.differences] == [
        ("(0010,0010)", Change.CHANGED),
        ("(0010,0020)", Change.REMOVED),
        ("(0010,1010)", Change.ADDED),
    ]
    assert changes(found) == {
        "PatientName": (Change.CHANGED, "Doe^Jane", "Doe^John"),
        "PatientID": (Change.REMOVED, "4711", ""),
        "PatientAge": (Change.ADDED, "", "035Y"),
    }


def test_items_of_sequences_are_compared_by_their_paths(tmp_path: Path) -> None:
    def series(*uids: str) -> Dataset:
        items = Sequence([item(SeriesInstanceUID=uid) for uid in uids])
        return image(ReferencedSeriesSequence=items)

    found = changes(compared(tmp_path, series("1.2", "1.3"), series("1.2", "1.4", "1.5")))
    assert found == {
        "ReferencedSeriesSequence": (Change.CHANGED, "2 items", "3 items"),
        "ReferencedSeriesSequence[1].SeriesInstanceUID": (Change.CHANGED, "1.3", "1.4"),
        "ReferencedSeriesSequence[2].SeriesInstanceUID": (Change.ADDED, "", "1.5"),
    }


def test_private_elements_are_matched_by_their_creator(tmp_path: Path) -> None:
    left, right = image(), image()
    left.private_block(0x0029, "ACME", create=True).add_new(0x08, "CS", "A")
    right.private_block(0x0029, "OTHER", create=True).add_new(0x01, "CS", "X")
    right.private_block(0x0029, "ACME", create=True).add_new(0x08, "CS", "B")
    found = changes(compared(tmp_path, left, right))
    assert found["[0029,1008]"] == (Change.CHANGED, "A", "B")
    assert found["[0029,1001]"] == (Change.ADDED, "", "X")
    assert found["[0029,0010]"] == (Change.ADDED, "", "OTHER")
    assert len(found) == 3, "ACME is on both sides, in another block"


def test_long_and_binary_values_are_compared_to_their_last_byte(tmp_path: Path) -> None:
    left, right = image(TextValue="x" * 9000 + "a"), image(TextValue="x" * 9000 + "b")
    left.add_new(0x7FE00010, "OW", bytes(4000) + b"\1\0")
    right.add_new(0x7FE00010, "OW", bytes(4000) + b"\2\0")
    found = changes(compared(tmp_path, left, right))
    assert set(found) == {"TextValue", "PixelData"}
    _, one, other = found["PixelData"]
    assert one.startswith("4,002 bytes, digest ")
    assert other.startswith("4,002 bytes, digest ")
    assert one != other
    assert compared(tmp_path, left, left).differences == ()


def test_another_encoding_of_the_same_is_the_same(tmp_path: Path) -> None:
    def encoded(syntax: str) -> Dataset:
        ds = image(syntax=syntax, PatientName="Doe^Jane", Rows=1, Columns=50)
        order = "big" if syntax == ExplicitVRBigEndian else "little"
        raw = b"".join(n.to_bytes(2, order) for n in range(50))
        ds.BitsAllocated, ds.PixelRepresentation = 16, 0
        ds.add_new(0x7FE00010, "OW", raw)
        return ds

    explicit = encoded(ExplicitVRLittleEndian)
    for syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian):
        found = only(compared(tmp_path, explicit, encoded(syntax)))
        assert found.keyword == "TransferSyntaxUID"


def test_another_vr_is_a_difference_where_both_files_say_it(tmp_path: Path) -> None:
    left, right = image(), image()
    left.add_new(0x00280106, "US", 5)
    right.add_new(0x00280106, "SS", 5)
    found = only(compared(tmp_path, left, right))
    assert (found.vr, found.left, found.right) == ("US → SS", "5", "5")


def test_encapsulated_pixel_data_are_compared_by_their_bytes(tmp_path: Path) -> None:
    left = encapsulated([b"\xff\xd8" + b"a" * 98], JPEGBaseline8Bit)
    right = encapsulated([b"\xff\xd8" + b"b" * 98], JPEGBaseline8Bit)
    found = only(compared(tmp_path, left, right))
    assert found.path == "PixelData"
    assert found.left.startswith("1 fragment, ")
    assert found.left != found.right


def test_series_are_compared_by_what_is_alike_in_all_their_objects(tmp_path: Path) -> None:
    def files(name: str, thickness: str) -> list[Path]:
        return [
            write(
                tmp_path,
                image(SliceThickness=thickness, InstanceNumber=str(n), Modality="CT"),
                f"{name}{n}.dcm",
            )
            for n in (1, 2)
        ]

    found = compare_series(files("a", "1"), files("b", "5"))
    assert changes(found) == {"SliceThickness": (Change.CHANGED, "1", "5")}


def test_what_stops_one_side_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, image(PatientID="4711"), "left.dcm")
    other = tmp_path / "right.dcm"
    other.write_bytes(path.read_bytes() + bytes(20))
    assert any(note.startswith("right: 20 bytes") for note in compare(path, other).notes)
