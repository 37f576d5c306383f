"""Presentation states and DICOMDIRs in words, and what any other object refers to."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from core.documents import DocumentReader
from core.model import Document
from tests.documents import document_object, refer
from tests.samples import sample_file

GSPS = "1.2.840.10008.5.1.4.1.1.11.1"
CT = "1.2.840.10008.5.1.4.1.1.2"


def read(ds: Dataset, folder: Path) -> Document:
    ds.save_as(folder / "object.dcm", enforce_file_format=True)
    with DocumentReader() as reader:
        return reader.document(folder / "object.dcm")


def values(document: Document) -> dict[str, str]:
    return {row.label: row.value for row in document.rows}


def _state() -> Dataset:
    ds = document_object(GSPS)
    ds.ContentLabel, ds.ContentCreatorName = "FINDING", "Doe^Ann"
    series = Dataset()
    series.SeriesInstanceUID = "1.2.3"
    series.ReferencedImageSequence = [refer(CT, "1.2.3.1"), refer(CT, "1.2.3.2")]
    ds.ReferencedSeriesSequence = [series]
    window = Dataset()
    window.WindowCenter, window.WindowWidth = "40", "400"
    window.ReferencedImageSequence = [refer(CT, "1.2.3.2")]
    ds.SoftcopyVOILUTSequence = [window]
    ds.ShutterShape = ["RECTANGULAR", "CIRCULAR"]
    ds.ShutterLeftVerticalEdge, ds.ShutterRightVerticalEdge = 10, 90
    ds.ShutterUpperHorizontalEdge, ds.ShutterLowerHorizontalEdge = 20, 80
    ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = [50, 60], 30
    ds.ImageRotation, ds.ImageHorizontalFlip = 90, "Y"
    words, shape, annotation = Dataset(), Dataset(), Dataset()
    words.UnformattedTextValue, words.AnchorPoint = "Nodule of Ann Doe", [5.0, 6.0]
    shape.GraphicType, shape.GraphicFilled = "POLYLINE", "N"
    shape.GraphicData = [1.0, 2.0, 30.0, 40.0]
    annotation.GraphicLayer = "LAYER1"
    annotation.TextObjectSequence, annotation.GraphicObjectSequence = [words], [shape]
    ds.GraphicAnnotationSequence = [annotation]
    return ds


def test_a_presentation_state_is_put_into_words(tmp_path: Path) -> None:
    document = read(_state(), tmp_path)
    said = values(document)
    assert document.title == "FINDING"
    assert said["Window"] == "center 40, width 400, for 1 image"
    assert said["Turned"] == "90° clockwise, then flipped left to right"
    shutters = [row.value for row in document.rows if row.label == "Shutter"]
    assert shutters == [
        "rectangle, columns 10 to 90, rows 20 to 80",
        "circle around row, column 50, 60, radius 30",
    ]
    assert said["Text"] == "Nodule of Ann Doe"
    assert said["at"] == "(5, 6)"
    assert said["Shape"] == "polyline, 2 points, from (1, 2) to (30, 40)"
    images = [row.reference for row in document.rows if row.reference]
    assert [(one.series_uid, one.sop_instance_uid) for one in images] == [
        *(("1.2.3", "1.2.3.1"), ("1.2.3", "1.2.3.2")),
    ]


def test_any_other_object_says_what_it_refers_to(tmp_path: Path) -> None:
    ds = document_object("1.2.840.10008.5.1.4.1.1.66")
    ds.ContentLabel = "RAW"
    ds.ReferencedInstanceSequence = [refer(CT, "1.2.3.1")]
    document = read(ds, tmp_path)
    assert document.rows[0].value == "Raw Data"
    assert [row.reference.sop_instance_uid for row in document.rows if row.reference] == ["1.2.3.1"]


def test_a_dicomdir_is_the_tree_of_its_records() -> None:
    with DocumentReader() as reader:
        whole = reader.document(sample_file("DICOMDIR-reordered"))
        torn = reader.document(sample_file("DICOMDIR-nopatient"))
    records = [row for row in whole.rows if row.label in ("Patient", "Study", "Series", "Image")]
    assert {row.label: row.depth for row in records} == {
        "Patient": 1,
        "Study": 2,
        "Series": 3,
        "Image": 4,
    }
    assert len(records) == 52
    assert torn.rows[-1].value == "51 records that nothing leads to"
