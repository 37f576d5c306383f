"""What a pixel says, which way round the patient is, and how a picture was wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from core.errors import NoPreviewError
from core.imaging.suv import suv_factor
from core.model import PRESETS, PixelValue, presets_for
from tests.core.imaging.objects import at, image, item, show

WORDS = np.array([[0, 1024, 2048, 4000]], np.uint16)


def ct(**attributes: Any) -> Dataset:
    return image(WORDS, Modality="CT", RescaleSlope=1, RescaleIntercept=-1024, **attributes)


def test_a_ct_speaks_hounsfield(tmp_path: Path) -> None:
    assert at(tmp_path, ct(), 1) == PixelValue(
        column=1, row=0, stored=(1024.0,), value=0.0, unit="HU"
    )
    assert show(tmp_path, ct()).unit == "HU"
    assert at(tmp_path, ct(RescaleType="US"), 1).unit == ""
    assert at(tmp_path, ct(RescaleType="MGML"), 1).unit == "mg/ml"
    # A picture of a report made by a CT is no CT.
    assert at(tmp_path, image(WORDS, Modality="CT"), 1).unit == ""


def test_padding_has_no_value_and_is_shown_black(tmp_path: Path) -> None:
    ds = ct(PixelPaddingValue=4000, WindowCenter=1000, WindowWidth=4000)
    found = at(tmp_path, ds, 3)
    assert (found.is_padding, found.value, found.stored) == (True, None, (4000.0,))
    assert not at(tmp_path, ds, 2).is_padding
    assert show(tmp_path, ds).pixels[3] == 0
    ds.PhotometricInterpretation = "MONOCHROME1"
    assert show(tmp_path, ds).pixels[3] == 0


def test_a_place_outside_is_refused(tmp_path: Path) -> None:
    for column, row in ((4, 0), (0, 1), (-1, 0)):
        with pytest.raises(NoPreviewError, match="no pixel"):
            at(tmp_path, ct(), column, row)


def test_colours_have_samples_and_no_value(tmp_path: Path) -> None:
    found = at(tmp_path, image(np.array([[[1, 2, 3]]], np.uint8)), 0)
    assert (found.stored, found.value) == ((1.0, 2.0, 3.0), None)


def test_real_world_values_come_first_where_they_reach(tmp_path: Path) -> None:
    unit = item(CodeValue="um2/s", CodeMeaning="square micrometre per second")
    mapping = item(
        MeasurementUnitsCodeSequence=Sequence([unit]), RealWorldValueSlope=0.5,
        RealWorldValueIntercept=10.0, DoubleFloatRealWorldValueFirstValueMapped=0.0,
        DoubleFloatRealWorldValueLastValueMapped=2048.0,
    )  # fmt: skip
    ds = ct(RealWorldValueMappingSequence=Sequence([mapping]))
    assert (at(tmp_path, ds, 1).value, at(tmp_path, ds, 1).unit) == (522.0, "um2/s")
    assert (at(tmp_path, ds, 3).value, at(tmp_path, ds, 3).unit) == (2976.0, "HU")
    # Of a frame it stands in the groups.
    del ds.RealWorldValueMappingSequence
    ds.PerFrameFunctionalGroupsSequence = Sequence(
        [item(RealWorldValueMappingSequence=Sequence([mapping]))]
    )
    assert at(tmp_path, ds, 1).value == 522.0
    table = item(RealWorldValueLUTData=[1.0, 2.0], MeasurementUnitsCodeSequence=Sequence([unit]))
    table.add_new(0x00409216, "US", 1023)
    table.add_new(0x00409211, "US", 1024)
    ds.RealWorldValueMappingSequence = Sequence([table])
    del ds.PerFrameFunctionalGroupsSequence
    assert at(tmp_path, ds, 1).value == 2.0


def test_a_parametric_map_is_in_the_unit_it_is_mapped_to(tmp_path: Path) -> None:
    unit = item(CodeValue="mm2/s", CodeMeaning="square millimetre per second")
    mapping = item(
        MeasurementUnitsCodeSequence=Sequence([unit]), RealWorldValueSlope=1.0,
        RealWorldValueIntercept=0.0, DoubleFloatRealWorldValueFirstValueMapped=0.0,
        DoubleFloatRealWorldValueLastValueMapped=1.0,
    )  # fmt: skip
    ds = image(np.zeros((1, 4), np.uint32), Modality="MR")
    ds.SharedFunctionalGroupsSequence = Sequence(
        [item(RealWorldValueMappingSequence=Sequence([mapping]))]
    )
    del ds.PixelData
    ds.add_new(0x7FE00008, "OF", np.array([0.0, 0.001, 0.002, np.nan], "<f4").tobytes())
    picture = show(tmp_path, ds)
    assert (picture.unit, list(picture.pixels)) == ("mm2/s", [0, 128, 255, 0])
    found = at(tmp_path, ds, 1)
    assert (found.value, found.unit) == (pytest.approx(0.001), "mm2/s")
    assert at(tmp_path, ds, 3).is_padding
    mapping.RealWorldValueSlope = 2.0
    assert show(tmp_path, ds).unit == ""


def test_a_dose_is_in_gray(tmp_path: Path) -> None:
    ds = image(np.array([[0, 1000]], np.uint32), DoseGridScaling="0.002", DoseUnits="GY")
    assert (at(tmp_path, ds, 1).value, at(tmp_path, ds, 1).unit) == (2.0, "Gy")
    assert list(show(tmp_path, ds).pixels) == [0, 255]


def test_planes_of_a_dose_grid_lie_where_their_offsets_say(tmp_path: Path) -> None:
    ds = image(
        np.zeros((1, 2), np.uint32), DoseGridScaling="0.002", NumberOfFrames=2,
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0], ImagePositionPatient=[0, 0, 100],
        GridFrameOffsetVector=[0, -2.5],
    )  # fmt: skip
    ds.PixelData = ds.PixelData * 2
    assert show(tmp_path, ds, 1).position == "slice 97.5 mm"
    ds.GridFrameOffsetVector = [100, 102.5]
    assert show(tmp_path, ds, 1).position == "slice 102.5 mm"


# -- SUV


def pet(**attributes: Any) -> Dataset:
    """70 kg and 370 MBq of F-18 given an hour before the scan."""
    tracer = item(
        RadiopharmaceuticalStartTime="080000", RadionuclideTotalDose=370e6,
        RadionuclideHalfLife=6586.2,
    )  # fmt: skip
    values: dict[str, Any] = {
        "Modality": "PT", "Units": "BQML", "CorrectedImage": ["DECY", "ATTN", "SCAT"],
        "DecayCorrection": "START", "PatientWeight": 70, "SeriesDate": "20260101",
        "SeriesTime": "090000", "AcquisitionDate": "20260101", "AcquisitionTime": "091500",
        "RadiopharmaceuticalInformationSequence": Sequence([tracer]),
        "RescaleSlope": 2, "RescaleIntercept": 0,
    }  # fmt: skip
    return image(WORDS, **{**values, **attributes})


LEFT = 370e6 * 2 ** (-3600 / 6586.2)


def test_suv_is_by_the_dose_left_when_the_scan_began(tmp_path: Path) -> None:
    found = at(tmp_path, pet(), 2)
    assert (found.value, found.unit) == (4096.0, "Bq/ml")
    assert found.suv == pytest.approx(4096 * 70_000 / LEFT)
    picture = show(tmp_path, pet())
    assert picture.suv_factor == pytest.approx(70_000 / LEFT)
    window = presets_for(picture)[0]
    assert window.width * picture.suv_factor == pytest.approx(PRESETS["PT"][0].width)


def test_suv_of_a_dose_corrected_to_its_administration() -> None:
    assert suv_factor(pet(DecayCorrection="ADMIN")) == pytest.approx(70_000 / 370e6)


def test_suv_over_midnight_and_with_a_whole_date() -> None:
    night = pet(SeriesTime="003000", AcquisitionTime="003100")
    night.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "233000"
    assert suv_factor(night) == pytest.approx(70_000 / LEFT)
    night.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "120000"
    night.RadiopharmaceuticalInformationSequence[
        0
    ].RadiopharmaceuticalStartDateTime = "20251231233000.000000+0100"
    assert suv_factor(night) == pytest.approx(70_000 / LEFT)


def test_suv_of_a_series_made_later_is_by_frame_reference_time() -> None:
    later = pet(SeriesTime="170000", FrameReferenceTime=930_000, ActualFrameDuration=60_000)
    # Nearly the middle of the frame: 30 s after 09:15, less 930 s, is 09:00.
    assert suv_factor(later) == pytest.approx(70_000 / LEFT, rel=1e-4)
    del later.FrameReferenceTime
    assert suv_factor(later) == 0
    block = later.private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0x0D, "DT", "20260101090000.00")
    assert suv_factor(later) == pytest.approx(70_000 / LEFT)


@pytest.mark.parametrize(
    "attributes",
    [
        {"Units": "PROPCPS"}, {"CorrectedImage": ["DECY"]}, {"DecayCorrection": "NONE"},
        {"PatientWeight": None}, {"PatientWeight": 0}, {"Modality": "NM"}, {"SeriesTime": ""},
        {"SeriesTime": "070000", "AcquisitionTime": "060000"},
        {"RadiopharmaceuticalInformationSequence": Sequence([])},
    ],
)  # fmt: skip
def test_no_suv_where_the_header_does_not_allow_it(attributes: dict[str, Any]) -> None:
    assert suv_factor(pet(**attributes)) == 0


def test_suv_that_is_there_already() -> None:
    assert suv_factor(pet(Units="GML", CorrectedImage=[])) == 1
    assert suv_factor(pet(Units="GML", SUVType="LBM")) == 0
    philips = pet(Units="CNTS")
    assert suv_factor(philips) == 0
    philips.private_block(0x7053, "Philips PET Private Group", create=True).add_new(
        0x00, "DS", "0.25"
    )
    assert suv_factor(philips) == 0.25


# -- place and side


@pytest.mark.parametrize(
    ("cosines", "letters", "where"),
    [
        ([1, 0, 0, 0, 1, 0], ("R", "L", "A", "P"), "slice 30.0 mm"),
        ([0, 1, 0, 0, 0, -1], ("A", "P", "H", "F"), "slice 10.0 mm"),
        ([1, 0, 0, 0, 0, -1], ("R", "L", "H", "F"), "slice -20.5 mm"),
        ([-1, 0, 0, 0, -1, 0], ("L", "R", "P", "A"), "slice 30.0 mm"),
        ([0.8, 0.6, 0, 0, 0, -1], ("RA", "LP", "H", "F"), "slice -22.4 mm"),
        ([1, 0, 0, 1, 0, 0], ("", "", "", ""), ""),
        ([2, 0, 0, 0, 1, 0], ("", "", "", ""), ""),
    ],
)
def test_letters_and_place_by_the_cosines(
    tmp_path: Path, cosines: list[float], letters: tuple[str, ...], where: str
) -> None:
    ds = ct(ImageOrientationPatient=cosines, ImagePositionPatient=[10, -20.5, 30])
    picture = show(tmp_path, ds)
    assert (picture.orientation, picture.position) == (letters, where)


def test_letters_by_words_and_place_by_location(tmp_path: Path) -> None:
    picture = show(tmp_path, ct(PatientOrientation=["P", "FR"], SliceLocation="-3.04"))
    assert picture.orientation == ("A", "P", "HL", "FR")
    assert picture.position == "slice -3.0 mm"
    ds = ct(PatientOrientation=["LE", "CD"], AnatomicalOrientationType="QUADRUPED")
    assert show(tmp_path, ds).orientation == ("RT", "LE", "CR", "CD")
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    assert show(tmp_path, ds).orientation == ("", "", "", "")
    assert show(tmp_path, ct(PatientOrientation=["X", "F"])).orientation == ("", "X", "H", "F")


def test_each_frame_has_its_own_place(tmp_path: Path) -> None:
    ds = ct(NumberOfFrames=2)
    ds.PixelData = ds.PixelData * 2
    ds.SharedFunctionalGroupsSequence = Sequence(
        [
            item(
                PlaneOrientationSequence=Sequence(
                    [item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]
                )
            )
        ]
    )
    ds.PerFrameFunctionalGroupsSequence = Sequence(
        [
            item(PlanePositionSequence=Sequence([item(ImagePositionPatient=[0, 0, z])]))
            for z in (5, 7.5)
        ]
    )
    assert [show(tmp_path, ds, frame).position for frame in (0, 1)] == [
        "slice 5.0 mm", "slice 7.5 mm",
    ]  # fmt: skip


# -- as it was wanted


def test_inverted_and_automatic(tmp_path: Path) -> None:
    ds = ct(WindowCenter=0, WindowWidth=1)
    assert list(show(tmp_path, ds).pixels) == [0, 255, 255, 255]
    assert list(show(tmp_path, ds, invert=True).pixels) == [255, 0, 0, 0]
    automatic = show(tmp_path, ds, automatic=True)
    assert list(automatic.pixels) == [0, 65, 131, 255]
    assert automatic.window is not None
    assert automatic.window.explanation == "automatic"
    # The window is one to ask with.
    assert show(tmp_path, ds, window=automatic.window).pixels == automatic.pixels


def test_an_edge_is_the_mean_of_boxes_and_never_more(tmp_path: Path) -> None:
    array = np.arange(64, dtype=np.uint8).reshape(4, 16)
    half = show(tmp_path, image(array), edge=8)
    boxes = array.reshape(2, 2, 8, 2).mean(axis=(1, 3))
    assert (half.width, half.height, half.columns, half.rows) == (8, 2, 16, 4)
    assert np.abs(np.frombuffer(half.pixels, np.uint8).reshape(2, 8) - boxes).max() <= 0.5
    odd = show(tmp_path, image(array), edge=5)
    assert (odd.width, odd.height, len(odd.pixels)) == (5, 1, 5)
    # Shrunk more in height than in width: as tall as before, beside its width.
    assert odd.height * odd.aspect / odd.width == pytest.approx(4 / 16)
    assert show(tmp_path, image(array), edge=99).pixels == array.tobytes()
    colour = show(tmp_path, image(np.full((6, 9, 3), 7, np.uint8)), edge=4)
    assert colour.pixels == b"\x07" * (4 * 3 * 3)


def test_presets_are_for_their_own_unit(tmp_path: Path) -> None:
    assert "lung" in [window.explanation for window in presets_for(show(tmp_path, ct()))]
    assert presets_for(show(tmp_path, image(WORDS, Modality="CT"))) == ()
    assert presets_for(show(tmp_path, pet(PatientWeight=None))) == ()
