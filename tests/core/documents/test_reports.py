"""Structured reports: what items say, and the tree held against that of DCMTK's dsrdump."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from core.documents import DocumentReader
from core.model import Document, DocumentRow, RowKind
from tests.documents import code, content, refer, report
from tests.samples import sample_file


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader() as reader:
        yield reader


def read(reader: DocumentReader, ds: Dataset, folder: Path) -> Document:
    ds.save_as(folder / "object.dcm", enforce_file_format=True)
    return reader.document(folder / "object.dcm")


def row(document: Document, label: str) -> DocumentRow:
    return next(row for row in document.rows if row.label == label)


def _measured(value: str, unit: Dataset) -> Dataset:
    found = Dataset()
    found.NumericValue, found.MeasurementUnitsCodeSequence = value, [unit]
    return found


def test_numbers_have_units_qualifiers_and_what_they_were_taken_from(
    reader: DocumentReader, tmp_path: Path
) -> None:
    length = content("NUM", "Length")
    length.MeasuredValueSequence = [_measured("12.5", code("mm", "millimeter", "UCUM"))]
    shape = content("SCOORD", "Path", "INFERRED FROM")
    shape.GraphicType, shape.GraphicData = "POLYLINE", [1.0, 2.0, 3.0, 4.0]
    length.ContentSequence = [shape]
    missing = content("NUM", "Volume")
    missing.MeasuredValueSequence = []
    missing.NumericValueQualifierCodeSequence = [code("114007", "Measurement not attempted")]
    document = read(reader, report(length, missing), tmp_path)
    found = row(document, "Length")
    assert (found.value, found.unit, found.type) == ("12.5", "mm", "NUM")
    path = row(document, "Path")
    assert path.depth == found.depth + 1
    assert path.relationship == "INFERRED FROM"
    assert path.value == "polyline, 2 points: (1, 2) (3, 4)"
    assert row(document, "Volume").value == "no value"
    assert row(document, "Qualifier").value == "Measurement not attempted"


def test_a_reference_to_another_item_says_its_name(reader: DocumentReader, tmp_path: Path) -> None:
    first = content("TEXT", "Finding")
    first.TextValue = "A nodule."
    second = Dataset()
    second.RelationshipType, second.ReferencedContentItemIdentifier = "INFERRED FROM", [1, 1]
    third = content("CODE", "Conclusion")
    third.ConceptCodeSequence = [code("7", "Benign")]
    third.ContentSequence = [second]
    document = read(reader, report(first, third), tmp_path)
    pointing = next(found for found in document.rows if found.target)
    assert (pointing.target, pointing.value) == ("1.1", "Finding")
    assert row(document, "Finding").number == pointing.target


def test_references_name_frames_and_the_state_they_are_shown_by(
    reader: DocumentReader, tmp_path: Path
) -> None:
    image = content("IMAGE", "Key image")
    named = refer("1.2.840.10008.5.1.4.1.1.2.1", "1.2.3")
    named.ReferencedFrameNumber = [3, 5]
    named.ReferencedSOPSequence = [refer("1.2.840.10008.5.1.4.1.1.11.1", "1.2.4")]
    image.ReferencedSOPSequence = [named]
    found = row(read(reader, report(image), tmp_path), "Key image")
    assert found.reference is not None
    assert found.reference.sop_instance_uid == "1.2.3"
    assert found.reference.part == "frame 3, 5"
    assert "shown by Grayscale Softcopy Presentation State" in found.value


def test_a_deep_tree_is_read_to_its_end(reader: DocumentReader, tmp_path: Path) -> None:
    deepest = content("TEXT", "Deepest")
    deepest.TextValue = "here"
    inner = deepest
    for _ in range(60):
        outer = content("CONTAINER")
        outer.ContentSequence = [inner]
        inner = outer
    document = read(reader, report(inner), tmp_path)
    assert row(document, "Deepest").depth == 61


def test_damaged_content_leaves_the_rest_to_be_read(reader: DocumentReader, tmp_path: Path) -> None:
    empty = Dataset()
    odd = content("NONSENSE", "Odd")
    number = content("NUM", "Length")
    number.MeasuredValueSequence = [_measured("12.5", code("mm", "millimeter", "UCUM"))]
    number.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = Sequence([])
    shape = content("SCOORD", "Shape")
    last = content("TEXT", "Last")
    last.TextValue = "still here"
    document = read(reader, report(empty, odd, number, shape, last), tmp_path)
    assert row(document, "Last").value == "still here"
    assert row(document, "Length").value == "12.5"
    assert row(document, "Shape").value == "shape, 0 points: "


@pytest.mark.interop
@pytest.mark.parametrize("name", ["test-SR.dcm", "reportsi.dcm"])
def test_the_tree_is_that_of_dcmtk(reader: DocumentReader, name: str) -> None:
    """As many items at each depth, with the same value types, in the same order."""
    path = sample_file(name)
    done = subprocess.run(
        ["dsrdump", "-Ei", "-Er", "-q", path], capture_output=True, timeout=30, check=True
    )
    theirs = [
        (len(found[1]) // 2, found[2])
        for line in done.stdout.decode("utf-8", "replace").splitlines()
        if (found := re.match(r"( *)<(?:\w[\w ]* )??(\w+):", line))
    ]
    document = reader.document(path)
    ours = [
        (row.depth, row.type)
        for row in document.rows
        if row.number and row.kind in (RowKind.ENTRY, RowKind.HEADING) and not row.target
    ]
    assert len(ours) > 5
    assert ours == theirs
