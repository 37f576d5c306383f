"""Segments and registrations: which there are, where they are, and how points are moved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    DeformableSpatialRegistrationStorage,
    SegmentationStorage,
    SpatialRegistrationStorage,
)

from core.documents.kinds import document_of
from core.imaging.files import ImageFile
from core.model.documents import Document, RowKind
from tests.core.imaging.objects import image, item, write


def read(folder: Path, ds: Dataset) -> Document:
    """The document of the object as it is read from a file."""
    file = ImageFile(write(folder, ds))
    file.close()
    return document_of(file.ds, is_image=bool(file.keyword))


def table(document: Document) -> list[dict[str, str]]:
    head = next(row for row in document.rows if row.kind is RowKind.HEAD)
    cells = [row.cells for row in document.rows if row.kind is RowKind.CELLS]
    return [dict(zip(head.cells, row, strict=True)) for row in cells]


def coded(meaning: str) -> Sequence:
    return Sequence([item(CodeValue="1", CodingSchemeDesignator="SCT", CodeMeaning=meaning)])


def frame(segment: int) -> Dataset:
    return item(SegmentIdentificationSequence=Sequence([item(ReferencedSegmentNumber=segment)]))


def segmentation() -> Dataset:
    liver = item(
        SegmentNumber=1,
        SegmentLabel="Liver",
        SegmentedPropertyCategoryCodeSequence=coded("Anatomical Structure"),
        SegmentedPropertyTypeCodeSequence=coded("Liver structure"),
        SegmentAlgorithmType="SEMIAUTOMATIC",
        SegmentAlgorithmName="Grower",
        # sRGB red as CIELab of D50: L 54.29, a 80.81, b 69.89.
        RecommendedDisplayCIELabValue=[35579, 53664, 50857],
    )
    lesion = item(SegmentNumber=2, SegmentLabel="Lesion", RecommendedDisplayGrayscaleValue=65535)
    named = item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID="2.25.77")
    series = item(SeriesInstanceUID="2.25.8", ReferencedInstanceSequence=Sequence([named]))
    return image(
        np.zeros((8, 8), "u1"),
        SOPClassUID=SegmentationStorage,
        SegmentationType="BINARY",
        NumberOfFrames=3,
        SegmentSequence=Sequence([liver, lesion]),
        PerFrameFunctionalGroupsSequence=Sequence([frame(1), frame(1), frame(2)]),
        ReferencedSeriesSequence=Sequence([series]),
    )


def test_segments_are_listed_though_the_object_is_a_picture(tmp_path: Path) -> None:
    document = read(tmp_path, segmentation())
    liver, lesion = table(document)
    assert (liver["Segment"], liver["Label"], liver["Frames"]) == ("1", "Liver", "2")
    assert (liver["Category"], liver["Type"]) == ("Anatomical Structure", "Liver structure")
    assert liver["Made"] == "semiautomatic: Grower"
    red = [int(liver["Colour"][at : at + 2], 16) for at in (1, 3, 5)]
    assert np.allclose(red, [255, 0, 0], atol=3)
    assert (lesion["Frames"], lesion["Colour"]) == ("1", "#ffffff")
    found = [row.reference for row in document.rows if row.reference]
    assert [(one.sop_instance_uid, one.series_uid) for one in found] == [("2.25.77", "2.25.8")]


def test_frames_that_are_too_many_are_not_counted(tmp_path: Path) -> None:
    ds = segmentation()
    ds.NumberOfFrames = 100_000
    assert "Frames" not in table(read(tmp_path, ds))[0]


def matrix(*values: float) -> Dataset:
    return item(
        FrameOfReferenceTransformationMatrixType="RIGID",
        FrameOfReferenceTransformationMatrix=list(values),
    )


MOVED = (1, 0, 0, 12.5, 0, 1, 0, -3, 0, 0, 1, 0, 0, 0, 0, 1)


def test_a_registration_shows_its_matrices(tmp_path: Path) -> None:
    registered = item(
        FrameOfReferenceUID="2.25.4",
        ReferencedImageSequence=Sequence([item(ReferencedSOPInstanceUID="2.25.9")]),
        MatrixRegistrationSequence=Sequence(
            [item(MatrixSequence=Sequence([matrix(*MOVED), matrix(1, 2)]))]
        ),
    )
    ds = image(SOPClassUID=SpatialRegistrationStorage, RegistrationSequence=Sequence([registered]))
    document = read(tmp_path, ds)
    assert [row["shift mm"] for row in table(document)] == ["12.5", "-3", "0", "1"]
    assert [row.value for row in document.rows if row.label == "Matrix"] == ["rigid", "rigid"]
    notes = [row.value for row in document.rows if row.kind is RowKind.NOTE]
    assert notes == ["2 numbers are no matrix of four by four"]
    assert any(
        row.reference and row.reference.sop_instance_uid == "2.25.9" for row in document.rows
    )


def test_a_deformable_registration_says_how_large_its_grid_is(tmp_path: Path) -> None:
    grid = item(GridDimensions=[10, 20, 30], GridResolution=[2, 2, 2.5])
    registered = item(
        SourceFrameOfReferenceUID="2.25.4",
        PreDeformationMatrixRegistrationSequence=Sequence([matrix(*MOVED)]),
        DeformableRegistrationGridSequence=Sequence([grid]),
    )
    ds = image(
        SOPClassUID=DeformableSpatialRegistrationStorage,
        DeformableRegistrationSequence=Sequence([registered]),
    )
    document = read(tmp_path, ds)
    grid_row = next(row for row in document.rows if row.label == "Grid")
    assert grid_row.value == "10 × 20 × 30, 2 × 2 × 2.5 mm"
    assert table(document)[0]["shift mm"] == "12.5"
