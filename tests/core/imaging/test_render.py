"""Grey levels and colours are those that PS3.3 C.11 and PS3.4 N.2 say, computed here by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from core.errors import NoPreviewError
from core.imaging.opened import OpenedImage
from core.imaging.render import render
from core.model import Rendering, Window
from tests.core.imaging.objects import encapsulated, image, item, show, write

Array = np.ndarray[Any, Any]


def grey(folder: Path, ds: Dataset, frame: int = 0) -> list[int]:
    return list(show(folder, ds, frame).pixels)


def words(*values: int) -> Array:
    return np.array([values], dtype=np.int16 if min(values) < 0 else np.uint16)


def lut(descriptor: list[int], data: list[int]) -> Dataset:
    ds = Dataset()
    ds.add_new(0x00283002, "US", descriptor)
    ds.add_new(0x00283006, "US", data)
    return ds


def test_linear_window_is_the_standards_own_example(tmp_path: Path) -> None:
    # PS3.3 C.11.2.1.2.1, all of 12 bits: y = ((x - 2047.5) / 4095 + 0.5) * 255.
    ds = image(words(0, 1, 2048, 4094, 4095), WindowCenter=2048, WindowWidth=4096)
    assert grey(tmp_path, ds) == [0, 0, 128, 255, 255]
    # c=0, w=100: black up to -50, white from 49.
    narrow = image(words(-51, -50, 0, 48, 49, 50), WindowCenter=0, WindowWidth=100)
    assert grey(tmp_path, narrow) == [0, 0, 129, 252, 255, 255]


def test_width_one_is_a_threshold(tmp_path: Path) -> None:
    ds = image(words(99, 100, 101), WindowCenter=101, WindowWidth=1)
    assert grey(tmp_path, ds) == [0, 0, 255]


def test_linear_exact_and_sigmoid(tmp_path: Path) -> None:
    ds = image(words(0, 25, 50, 75, 100), WindowCenter=50, WindowWidth=100)
    ds.VOILUTFunction = "LINEAR_EXACT"
    assert grey(tmp_path, ds) == [0, 64, 128, 191, 255]
    ds.VOILUTFunction = "SIGMOID"
    # 255 / (1 + exp(-4 (x - 50) / 100))
    assert grey(tmp_path, ds) == [30, 69, 128, 186, 225]


def test_rescaling_comes_before_the_window(tmp_path: Path) -> None:
    ds = image(words(1024 - 110, 1024 + 40, 1024 + 240), RescaleSlope=1, RescaleIntercept=-1024)
    ds.WindowCenter, ds.WindowWidth = ["40", "-600"], ["350", "1500"]
    ds.WindowCenterWidthExplanation = ["SOFT", "LUNG"]
    picture = show(tmp_path, ds)
    assert list(picture.pixels) == [18, 128, 255]
    assert picture.window == Window(center=40, width=350, explanation="SOFT")
    assert [window.explanation for window in picture.windows] == ["SOFT", "LUNG"]
    other = show(tmp_path, ds, window=picture.windows[1])
    assert other.window == picture.windows[1]
    assert list(other.pixels) != list(picture.pixels)


def test_a_modality_lut_replaces_rescaling(tmp_path: Path) -> None:
    ds = image(words(9, 10, 11, 12, 99), WindowCenter=128, WindowWidth=256)
    ds.ModalityLUTSequence = Sequence([lut([3, 10, 16], [0, 100, 255])])
    assert grey(tmp_path, ds) == [0, 0, 100, 255, 255]


def test_a_voi_lut_is_used_where_there_is_no_window(tmp_path: Path) -> None:
    ds = image(words(0, 1, 2, 3), VOILUTSequence=Sequence([lut([4, 0, 12], [4095, 0, 2048, 1])]))
    assert grey(tmp_path, ds) == [255, 0, 128, 0]


@pytest.mark.parametrize(
    "attributes",
    [{"PhotometricInterpretation": "MONOCHROME1"}, {"PresentationLUTShape": "INVERSE"},
     {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"}],
)  # fmt: skip
def test_inverse_objects_are_shown_inverted_once(
    tmp_path: Path, attributes: dict[str, str]
) -> None:
    ds = image(np.array([[0, 100, 255]], np.uint8), **attributes)
    assert grey(tmp_path, ds) == [255, 155, 0]


def test_eight_bits_are_shown_as_they_are(tmp_path: Path) -> None:
    picture = show(tmp_path, image(np.array([[3, 100, 200]], np.uint8)))
    assert list(picture.pixels) == [3, 100, 200]
    assert picture.window is None


def test_the_automatic_window_leaves_padding_out(tmp_path: Path) -> None:
    ds = image(words(-2000, -2000, 0, 500, 1000), PixelPaddingValue=-2000)
    picture = show(tmp_path, ds)
    assert picture.window is not None
    assert list(picture.pixels) == [0, 0, 0, 128, 255]
    ds.PixelPaddingRangeLimit = 0
    assert list(show(tmp_path, ds).pixels) == [0, 0, 0, 0, 255]


def test_only_stored_bits_count(tmp_path: Path) -> None:
    # 12 bits signed in the low bits: 0xF800 & 0x0FFF is -2048; the upper bits hold an overlay.
    ds = image(
        np.array([[0xF800, 0x1000, 0xF7FF]], np.uint16), BitsStored=12, HighBit=11,
        PixelRepresentation=1, WindowCenter=0, WindowWidth=4096,
    )  # fmt: skip
    assert grey(tmp_path, ds) == [0, 128, 255]
    # The same numbers in the high bits.
    ds = image(
        np.array([[0x8003, 0x0000, 0x7FF9]], np.uint16), BitsStored=12, HighBit=15,
        PixelRepresentation=1, WindowCenter=0, WindowWidth=4096,
    )  # fmt: skip
    assert grey(tmp_path, ds) == [0, 128, 255]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_byte_orders_and_implicit_vr(tmp_path: Path, syntax: Any) -> None:
    array = words(0, 2048, 4095)
    if syntax == ExplicitVRBigEndian:
        array = array.byteswap()
    ds = image(array, syntax=syntax, WindowCenter=2048, WindowWidth=4096)
    assert grey(tmp_path, ds) == [0, 128, 255]


def test_wide_and_floating_pixels(tmp_path: Path) -> None:
    wide = image(np.array([[0, 50_000, 100_000]], np.uint32))
    assert grey(tmp_path, wide) == [0, 128, 255]
    ds = image(np.array([[0, 0, 0]], np.uint32), WindowCenter=0.5, WindowWidth=1)
    ds.VOILUTFunction = "LINEAR_EXACT"
    del ds.PixelData
    ds.add_new(0x7FE00008, "OF", np.array([0.0, 0.5, np.nan], "<f4").tobytes())
    assert grey(tmp_path, ds) == [0, 128, 0]
    del ds.FloatPixelData
    ds.add_new(0x7FE00009, "OD", np.array([0.0, 0.5, 1.0], "<f8").tobytes())
    assert grey(tmp_path, ds) == [0, 128, 255]


def test_one_bit_frames_are_packed_without_gaps(tmp_path: Path) -> None:
    ds = image(Rows=1, Columns=3, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2")
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = ds.PixelRepresentation = 0
    ds.NumberOfFrames = 3
    # Frames 101, 110, 011, the first pixel in the lowest bit.
    ds.add_new(0x7FE00010, "OB", bytes([0b10011101, 0b1]))
    shown = [grey(tmp_path, ds, frame=frame) for frame in range(3)]
    assert shown == [[255, 0, 255], [255, 255, 0], [0, 255, 255]]


def test_colour_by_pixel_by_plane_and_in_sixteen_bits(tmp_path: Path) -> None:
    rgb = np.array([[[10, 20, 30], [40, 50, 60]]], np.uint8)
    assert grey(tmp_path, image(rgb)) == [10, 20, 30, 40, 50, 60]
    planes = image(rgb, PlanarConfiguration=1)
    planes.PixelData = bytes([10, 40, 20, 50, 30, 60])
    assert grey(tmp_path, planes) == [10, 20, 30, 40, 50, 60]
    deep = image(rgb.astype(np.uint16) << 8)
    assert grey(tmp_path, deep) == [10, 20, 30, 40, 50, 60]


def test_ybr_becomes_rgb(tmp_path: Path) -> None:
    # PS3.3 C.7.6.3.1.2: pure red is Y 76, CB 85, CR 255.
    ybr = image(np.array([[[76, 85, 255], [128, 128, 128]]], np.uint8))
    ybr.PhotometricInterpretation = "YBR_FULL"
    assert np.abs(np.subtract(grey(tmp_path, ybr), [254, 0, 0, 128, 128, 128])).max() <= 1
    half = image(np.zeros((1, 2, 3), np.uint8), PhotometricInterpretation="YBR_FULL_422")
    half.PixelData = bytes([76, 76, 85, 255])
    assert np.abs(np.subtract(grey(tmp_path, half), [254, 0, 0, 254, 0, 0])).max() <= 1


def test_palette_colours(tmp_path: Path) -> None:
    ds = image(np.array([[0, 1, 2, 1]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for number, (name, values) in enumerate(
        {"Red": [255, 0, 9], "Green": [0, 255, 8], "Blue": [0, 0, 7]}.items()
    ):
        ds.add_new(0x00281101 + number, "US", [3, 0, 16])
        entries = np.array(values, "<u2") * 257
        setattr(ds, f"{name}PaletteColorLookupTableData", entries.tobytes())
    assert grey(tmp_path, ds) == [255, 0, 0, 0, 255, 0, 9, 8, 7, 0, 255, 0]


def test_a_palette_without_tables_is_refused(tmp_path: Path) -> None:
    ds = image(np.array([[0, 1]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(NoPreviewError, match="palette"):
        show(tmp_path, ds)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_lossless_compression_changes_no_pixel(tmp_path: Path, syntax: Any) -> None:
    dice = np.random.default_rng(1)
    array = dice.integers(0, 4096, (64, 96), dtype=np.uint16)
    ds = image(array, BitsStored=12, HighBit=11, WindowCenter=2048, WindowWidth=4096)
    plain = show(tmp_path, ds).pixels
    ds.compress(syntax, generate_instance_uid=False)
    assert show(tmp_path, ds).pixels == plain


def test_enhanced_objects_have_windows_and_rescaling_per_frame(tmp_path: Path) -> None:
    def groups(center: int, intercept: int) -> Dataset:
        return item(
            FrameVOILUTSequence=Sequence([item(WindowCenter=center, WindowWidth=256)]),
            PixelValueTransformationSequence=Sequence(
                [item(RescaleSlope=1, RescaleIntercept=intercept)]
            ),
        )

    ds = image(words(0, 128, 255), NumberOfFrames=2)
    ds.PixelData = ds.PixelData * 2
    ds.PerFrameFunctionalGroupsSequence = Sequence([groups(128, 0), groups(128, 100)])
    ds.SharedFunctionalGroupsSequence = Sequence(
        [item(PixelMeasuresSequence=Sequence([item(PixelSpacing=[2, 1])]))]
    )
    assert grey(tmp_path, ds, frame=0) == [0, 128, 255]
    assert grey(tmp_path, ds, frame=1) == [100, 228, 255]
    assert show(tmp_path, ds).aspect == 2.0


def test_frames_rates_and_aspect(tmp_path: Path) -> None:
    ds = image(np.array([[1, 2]], np.uint8), NumberOfFrames=3)
    ds.PixelData = bytes(range(6))
    assert grey(tmp_path, ds, frame=2) == [4, 5]
    ds.FrameTime = "40"
    assert show(tmp_path, ds).frames_per_second == 25
    ds.CineRate = "30"
    assert show(tmp_path, ds).frames_per_second == 30
    ds.PixelAspectRatio = ["2", "1"]
    assert show(tmp_path, ds).aspect == 2.0


def test_a_frame_cut_short_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write(tmp_path, image(np.full((4, 4), 7, np.uint8)))
    path.write_bytes(path.read_bytes()[:-6])
    opened = OpenedImage(path)
    assert render(opened, 0, Rendering()).pixels == b"\x07" * 10 + b"\0" * 6
    opened.close()


@pytest.mark.parametrize(
    ("sop_class", "meaning"),
    [
        ("1.2.840.10008.5.1.4.1.1.104.1", "an encapsulated PDF has no picture"),
        ("1.2.840.10008.5.1.4.1.1.88.33", "a structured report has no picture"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "a waveform has no picture"),
        ("1.2.840.10008.5.1.4.1.1.481.3", "RT Structure Set has no picture"),
        ("1.2.840.10008.5.1.4.1.1.2", "it has no pixel data"),
    ],
)
def test_objects_without_pictures_say_what_they_are(
    tmp_path: Path, sop_class: str, meaning: str
) -> None:
    with pytest.raises(NoPreviewError, match=meaning):
        show(tmp_path, image(SOPClassUID=sop_class))


@pytest.mark.parametrize(
    "attributes",
    [
        {"Rows": 0},
        {"BitsAllocated": 77},
        {"SamplesPerPixel": 2},
        {"PhotometricInterpretation": "CMYK"},
        {"WindowCenter": "1", "WindowWidth": "0"},
        {"NumberOfFrames": "0"},
        {"BitsStored": 0, "HighBit": 99},
    ],
)
def test_nonsense_is_refused_or_ignored_but_never_a_crash(
    tmp_path: Path, attributes: dict[str, Any]
) -> None:
    ds = image(np.array([[1, 2]], np.uint8), **attributes)
    if {"Rows", "BitsAllocated", "SamplesPerPixel", "PhotometricInterpretation"} & set(attributes):
        with pytest.raises(NoPreviewError):
            show(tmp_path, ds)
    else:
        assert show(tmp_path, ds).width == 2


def test_native_pixels_under_a_compressed_syntax_are_refused(tmp_path: Path) -> None:
    ds = encapsulated([b"\0" * 64], RLELossless, Rows=1, Columns=2, SamplesPerPixel=1)
    ds.PhotometricInterpretation, ds.BitsAllocated, ds.BitsStored = "MONOCHROME2", 8, 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    with pytest.raises(NoPreviewError, match="cannot be decoded"):
        show(tmp_path, ds)
