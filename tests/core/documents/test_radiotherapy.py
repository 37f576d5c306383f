"""Plans, structure sets, doses and treatment records as tables of the right numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    RTBeamsTreatmentRecordStorage,
    RTDoseStorage,
    RTIonPlanStorage,
    RTPlanStorage,
    RTStructureSetStorage,
)

from core.documents.kinds import document_of
from core.imaging.files import ImageFile
from core.model.documents import Document, DocumentRow, RowKind
from tests.core.imaging.objects import image, item, write


def read(folder: Path, ds: Dataset) -> Document:
    """The document of the object as it is read from a file."""
    file = ImageFile(write(folder, ds))
    file.close()
    return document_of(file.ds, is_image=bool(file.keyword))


def tables(document: Document) -> dict[str, list[dict[str, str]]]:
    """The tables by the heading above: each row as its cells by column."""
    out: dict[str, list[dict[str, str]]] = {}
    heading, columns = "", ()
    for row in document.rows:
        if row.kind is RowKind.HEADING:
            heading = row.label
        elif row.kind is RowKind.HEAD:
            columns = row.cells
        elif row.kind is RowKind.CELLS:
            out.setdefault(heading, []).append(dict(zip(columns, row.cells, strict=True)))
    return out


def entry(document: Document, label: str) -> DocumentRow:
    return next(row for row in document.rows if row.label == label)


def square(z: float, side: float, kind: str = "CLOSED_PLANAR") -> Dataset:
    half = side / 2
    corners = [(-half, -half), (half, -half), (half, half), (-half, half)]
    points = [value for x, y in corners for value in (x, y, z)]
    return item(ContourGeometricType=kind, NumberOfContourPoints=4, ContourData=points)


def structure_set(*contours: Dataset, **of_region: object) -> Dataset:
    region = item(ROINumber=3, ROIName="Bladder", ROIGenerationAlgorithm="MANUAL", **of_region)
    return image(
        SOPClassUID=RTStructureSetStorage,
        StructureSetLabel="Pelvis",
        StructureSetROISequence=Sequence([region, item(ROINumber=4, ROIName="Empty")]),
        ROIContourSequence=Sequence(
            [
                item(
                    ReferencedROINumber=3,
                    ROIDisplayColor=[255, 128, 0],
                    ContourSequence=Sequence(contours),
                )
            ]
        ),
        RTROIObservationsSequence=Sequence(
            [item(ReferencedROINumber=3, RTROIInterpretedType="ORGAN")]
        ),
    )


def test_a_region_has_its_outline_and_the_volume_that_its_contours_enclose(tmp_path: Path) -> None:
    # 30 by 30 mm with a hole of 10 by 10, in five planes 4 mm apart: 800 mm² × 20 mm.
    contours = [square(z, side) for z in (0, 4, 8, 12, 16) for side in (30, 10)]
    document = read(tmp_path, structure_set(*contours))
    assert entry(document, "Structure Set Label").value == "Pelvis"
    full, empty = tables(document)["Regions of interest"]
    assert (full["ROI"], full["Name"], full["Type"]) == ("3", "Bladder", "organ")
    assert full["Colour"] == "#ff8000"
    assert (full["Contours"], full["Points"], full["Planes"]) == ("10", "40", "5")
    assert full["Volume cm³"] == "≈ 16"
    assert (empty["Name"], empty["Contours"], empty["Volume cm³"]) == ("Empty", "0", "")


def test_a_volume_that_is_stated_is_believed(tmp_path: Path) -> None:
    document = read(tmp_path, structure_set(square(0, 30), square(4, 30), ROIVolume="12.5"))
    assert tables(document)["Regions of interest"][0]["Volume cm³"] == "12.5"


@pytest.mark.parametrize(
    "contours",
    [
        [square(0, 30)],
        [square(0, 30), square(4, 30), square(20, 30)],
        [square(0, 30), square(4, 30), square(8, 30, "POINT")],
    ],
)
def test_no_volume_is_made_up(tmp_path: Path, contours: list[Dataset]) -> None:
    document = read(tmp_path, structure_set(*contours))
    assert tables(document)["Regions of interest"][0].get("Volume cm³", "") == ""


def test_the_images_a_structure_set_was_drawn_on_are_listed_once(tmp_path: Path) -> None:
    named = item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID="2.25.77")
    ds = structure_set(square(0, 30), square(4, 30))
    for contour in ds.ROIContourSequence[0].ContourSequence:
        contour.ContourImageSequence = Sequence([named])
    series = item(SeriesInstanceUID="2.25.8", ContourImageSequence=Sequence([named]))
    study = item(ReferencedSOPInstanceUID="2.25.9", RTReferencedSeriesSequence=Sequence([series]))
    ds.ReferencedFrameOfReferenceSequence = Sequence(
        [item(RTReferencedStudySequence=Sequence([study]))]
    )
    found = [row.reference for row in read(tmp_path, ds).rows if row.reference]
    images = [one for one in found if one.sop_class_uid == CTImageStorage]
    assert [(one.sop_instance_uid, one.series_uid) for one in images] == [("2.25.77", "2.25.8")]


def jaws(axis: str, first: float, second: float) -> Dataset:
    return item(RTBeamLimitingDeviceType=axis, LeafJawPositions=[first, second])


def plan() -> Dataset:
    leaves = item(RTBeamLimitingDeviceType="MLCX", LeafJawPositions=[-5, -5, 0, 5, 8, 0])
    points = [
        item(
            ControlPointIndex=0,
            CumulativeMetersetWeight="0",
            NominalBeamEnergy="6",
            GantryAngle="181.0",
            GantryRotationDirection="CW",
            BeamLimitingDevicePositionSequence=Sequence([jaws("ASYMX", -50, 62.5), leaves]),
        ),
        item(ControlPointIndex=1, CumulativeMetersetWeight="1", GantryAngle="179"),
    ]
    beam = item(
        BeamNumber=2,
        BeamName="Arc 1",
        BeamType="DYNAMIC",
        RadiationType="PHOTON",
        TreatmentMachineName="LINAC3",
        PrimaryDosimeterUnit="MU",
        NumberOfWedges=1,
        NumberOfBoli=2,
        ControlPointSequence=Sequence(points),
    )
    given = item(ReferencedBeamNumber=2, BeamDose="2.0500", BeamMeterset="412.30")
    return image(
        SOPClassUID=RTPlanStorage,
        RTPlanLabel="Prostate 1",
        DoseReferenceSequence=Sequence(
            [
                item(
                    DoseReferenceNumber=1,
                    DoseReferenceType="TARGET",
                    DoseReferenceDescription="PTV",
                    TargetPrescriptionDose="78.000",
                )
            ]
        ),
        FractionGroupSequence=Sequence(
            [
                item(
                    FractionGroupNumber=1,
                    NumberOfFractionsPlanned=39,
                    ReferencedBeamSequence=Sequence([given]),
                )
            ]
        ),
        BeamSequence=Sequence([beam]),
    )


def test_a_plan_says_what_is_prescribed_and_how_it_is_given(tmp_path: Path) -> None:
    document = read(tmp_path, plan())
    found = tables(document)
    assert found["Prescription"] == [
        {"Number": "1", "Type": "TARGET", "Description": "PTV", "Prescribed Gy": "78"}
    ]
    assert entry(document, "Fraction group 1").value == "39 fractions"
    assert found["Fraction group 1"] == [
        {"Beam": "2", "Name": "Arc 1", "Dose Gy": "2.05", "Meterset": "412.3", "Unit": "MU"}
    ]
    beam = found["Beams"][0]
    assert (beam["Machine"], beam["Type"], beam["Radiation"]) == ("LINAC3", "dynamic", "photon")
    assert (beam["Points"], beam["Gantry °"]) == ("2", "181 → 179")
    assert beam["Modifiers"] == "1 wedge, 2 boli"
    first, last = found["Control points of beam 2 Arc 1"]
    assert (first["X mm"], first["Leaves"], first["Energy MeV"]) == (
        "-50 … 62.5",
        "2 of 3 open",
        "6",
    )
    assert (last["Point"], last["Weight"], last["X mm"]) == ("1", "1", "")


def test_an_ion_plan_is_read_likewise(tmp_path: Path) -> None:
    ds = plan()
    ds.SOPClassUID = RTIonPlanStorage
    beam = ds.BeamSequence[0]
    beam.RadiationType, beam.ScanMode = "PROTON", "MODULATED"
    beam.ControlPointSequence[0].NumberOfScanSpotPositions = 128
    beam.IonControlPointSequence = beam.ControlPointSequence
    del beam.ControlPointSequence, ds.BeamSequence
    ds.IonBeamSequence = Sequence([beam])
    found = tables(read(tmp_path, ds))
    assert found["Beams"][0]["Type"] == "dynamic modulated"
    assert found["Control points of beam 2 Arc 1"][0]["Spots"] == "128"


def dose(kind: str, data: list[float]) -> Dataset:
    histogram = item(
        DVHType=kind,
        DoseUnits="GY",
        DVHDoseScaling="0.5",
        DVHVolumeUnits="CM3",
        DVHMaximumDose="60.2",
        DVHData=data,
        DVHReferencedROISequence=Sequence(
            [item(ReferencedROINumber=5, DVHROIContributionType="INCLUDED")]
        ),
    )
    return image(
        SOPClassUID=RTDoseStorage,
        DoseUnits="GY",
        DoseSummationType="PLAN",
        Rows=20,
        Columns=30,
        NumberOfFrames=3,
        PixelSpacing=[2, 2.5],
        GridFrameOffsetVector=[0, -3, -6],
        DVHSequence=Sequence([histogram]),
    )


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("CUMULATIVE", [20, 100, 20, 100, 20, 50, 20, 0]),
        ("DIFFERENTIAL", [20, 0, 20, 50, 20, 50, 20, 0]),
    ],
)
def test_a_dose_has_its_grid_and_what_each_region_gets(
    tmp_path: Path, kind: str, data: list[float]
) -> None:
    document = read(tmp_path, dose(kind, data))
    assert entry(document, "Grid").value == "30 × 20 × 3, 2.5 × 2 × 3 mm"
    row = tables(document)["Dose volume histograms"][0]
    assert (row["ROI"], row["Volume"], row["Most"]) == ("5", "100 cm3", "60.2")
    # All get 10, half get 20, none 30 or more: straight between.
    assert math.isclose(float(row["D95"]), 11)
    assert math.isclose(float(row["D50"]), 20)


def test_a_histogram_that_makes_no_sense_gives_no_figures(tmp_path: Path) -> None:
    row = tables(read(tmp_path, dose("CUMULATIVE", [20, 10, 20, 90])))
    assert row["Dose volume histograms"][0].get("D95", "") == ""


def test_a_treatment_record_sets_what_was_given_against_what_was_ordered(tmp_path: Path) -> None:
    beam = item(
        ReferencedBeamNumber=2,
        BeamName="Arc 1",
        CurrentFractionNumber=7,
        SpecifiedPrimaryMeterset="412.3",
        DeliveredPrimaryMeterset="200",
        TreatmentTerminationStatus="MACHINE",
    )
    ds = image(
        SOPClassUID=RTBeamsTreatmentRecordStorage,
        TreatmentMachineSequence=Sequence([item(TreatmentMachineName="LINAC3")]),
        TreatmentSessionBeamSequence=Sequence([beam]),
    )
    document = read(tmp_path, ds)
    assert entry(document, "Treatment Machine Name").value == "LINAC3"
    row = tables(document)["Beams"][0]
    assert row["Specified Primary Meterset"] == "412.3"
    assert row["Delivered Primary Meterset"] == "200"
    assert row["Treatment Termination Status"] == "MACHINE"


@pytest.mark.parametrize(
    "damage",
    [
        lambda ds: setattr(ds.BeamSequence[0], "ControlPointSequence", Sequence([Dataset()])),
        lambda ds: ds.FractionGroupSequence[0].add_new("NumberOfFractionsPlanned", "IS", None),
        lambda ds: delattr(ds, "BeamSequence"),
    ],
)
def test_a_damaged_plan_still_shows_what_can_be_read(
    tmp_path: Path, damage: Callable[[Dataset], None]
) -> None:
    ds = plan()
    damage(ds)
    assert tables(read(tmp_path, ds))["Prescription"][0]["Prescribed Gy"] == "78"
