"""Palettes: plain, segmented and supplemental ones, and the colours of segments."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian

from core.errors import NoPreviewError
from core.imaging.segments import from_cielab
from tests.core.imaging.objects import at, image, item, show

INDEX = np.array([[0, 1, 2, 3]], np.uint8)


def coloured(
    ds: Dataset, tables: list[bytes], descriptor: list[int], *, segmented: bool = False
) -> Dataset:
    """Gives an object a palette."""
    for number, data in enumerate(tables):
        ds.add_new(0x00281101 + number, "SS" if descriptor[1] < 0 else "US", descriptor)
        ds.add_new((0x00281221 if segmented else 0x00281201) + number, "OW", data)
    return ds


def palette(array: np.ndarray[Any, Any] = INDEX, **attributes: Any) -> Dataset:
    return image(array, PhotometricInterpretation="PALETTE COLOR", **attributes)


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


def reds(folder: Path, ds: Dataset) -> list[int]:
    return list(show(folder, ds).pixels[::3])


def test_eight_bits_packed_and_in_words(tmp_path: Path) -> None:
    tables = [bytes([1, 2, 3, 4]), bytes([5, 6, 7, 8]), bytes([9, 10, 11, 12])]
    shown = show(tmp_path, coloured(palette(), tables, [4, 0, 8]))
    assert list(shown.pixels) == [1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12]
    wide = [words(*table) for table in tables]
    assert show(tmp_path, coloured(palette(), wide, [4, 0, 8])).pixels == shown.pixels
    # Some claim 16 bits and hold 8.
    assert show(tmp_path, coloured(palette(), wide, [4, 0, 16])).pixels == shown.pixels


def test_sixteen_bits_stay_dark_where_the_picture_is_dark(tmp_path: Path) -> None:
    ds = palette(np.array([[0, 1]], np.uint8))
    coloured(ds, [words(0, 200, 40_000, 65_535)] * 3, [4, 0, 16])
    assert reds(tmp_path, ds) == [0, 0]


def test_what_lies_outside_takes_the_ends(tmp_path: Path) -> None:
    ds = coloured(palette(), [bytes([10, 20])] * 3, [2, 1, 8])
    assert reds(tmp_path, ds) == [10, 10, 20, 20]
    signed = palette(np.array([[-3, -2, -1, 0]], np.int16))
    assert reds(tmp_path, coloured(signed, [bytes([10, 20])] * 3, [2, -2, 8])) == [10, 10, 20, 20]


def test_big_endian_tables(tmp_path: Path) -> None:
    ds = palette(np.array([[0, 1]], np.uint8), syntax=ExplicitVRBigEndian)
    coloured(ds, [struct.pack(">2H", 0x1234, 0xFFFF)] * 3, [2, 0, 16])
    assert reds(tmp_path, ds) == [0x12, 0xFF]


def test_segmented_tables(tmp_path: Path) -> None:
    ds = palette(np.arange(12, dtype=np.uint8).reshape(1, 12))
    # Two as they are, a line over four up to 50,000, then both again.
    coded = words(0, 2, 0, 10_000, 1, 4, 50_000, 2, 2, 0, 0)
    coloured(ds, [coded] * 3, [12, 0, 16], segmented=True)
    line = [20_000, 30_000, 40_000, 50_000]
    expected = [0, 10_000, *line, 0, 10_000, *line]
    assert reds(tmp_path, ds) == [value >> 8 for value in expected]


def test_segmented_tables_of_eight_bits(tmp_path: Path) -> None:
    coded = bytes([0, 1, 40, 1, 2, 60, 2, 1, 0, 0, 0, 0])
    ds = coloured(palette(), [coded] * 3, [4, 0, 8], segmented=True)
    assert reds(tmp_path, ds) == [40, 50, 60, 40]


@pytest.mark.parametrize(
    "coded",
    [words(7, 1, 1), words(1, 2, 5), words(), words(2, 1, 0, 0), words(0, 1, 1, 2, 9, 6, 0),
     words(0, 1, 1, *([1, 65535, 9] * 9))],
)  # fmt: skip
def test_nonsense_in_segments_is_refused(tmp_path: Path, coded: bytes) -> None:
    ds = coloured(palette(), [coded] * 3, [4, 0, 16], segmented=True)
    with pytest.raises(NoPreviewError, match="palette"):
        show(tmp_path, ds)


def test_a_supplemental_palette_colours_what_lies_above_the_grey(tmp_path: Path) -> None:
    ds = image(INDEX, PixelPresentation="COLOR", WindowCenter=2, WindowWidth=4)
    coloured(ds, [bytes([7, 8]), bytes([17, 18]), bytes([27, 28])], [2, 2, 8])
    shown = list(show(tmp_path, ds).pixels)
    assert shown == [0, 0, 0, 85, 85, 85, 7, 17, 27, 8, 18, 28]
    ds.PixelPresentation = "MONOCHROME"
    assert len(show(tmp_path, ds).pixels) == 4


# -- segments


def test_a_binary_segment_is_white_and_named(tmp_path: Path) -> None:
    ds = image(
        np.zeros((1, 3), np.uint8), SegmentationType="BINARY",
        BitsAllocated=1, BitsStored=1, HighBit=0,
        SegmentSequence=Sequence([
            item(SegmentNumber=1, SegmentLabel="Liver"),
            item(SegmentNumber=2, SegmentLabel="Spleen",
                 RecommendedDisplayCIELabValue=[35579, 53665, 50857]),
        ]),
        PerFrameFunctionalGroupsSequence=Sequence([item(
            SegmentIdentificationSequence=Sequence([item(ReferencedSegmentNumber=2)])
        )]),
    )  # fmt: skip
    ds.PixelData = b"\x05\x00"
    picture = show(tmp_path, ds)
    assert list(picture.pixels) == [255, 0, 255]
    assert picture.caption.startswith("segment 2 Spleen #ff0000, 3 by 1")


def test_a_fractional_segment_is_white_at_its_maximum(tmp_path: Path) -> None:
    ds = image(
        np.array([[0, 50, 100]], np.uint8), SegmentationType="FRACTIONAL",
        SegmentationFractionalType="PROBABILITY", MaximumFractionalValue=100,
    )  # fmt: skip
    assert list(show(tmp_path, ds).pixels) == [0, 128, 255]
    assert (at(tmp_path, ds, 1).value, at(tmp_path, ds, 1).unit) == (0.5, "probability")


def test_a_label_map_has_the_colours_of_its_segments(tmp_path: Path) -> None:
    red, white = [35579, 53665, 50857], [65535, 32896, 32896]
    ds = image(
        np.array([[0, 1, 7, 9]], np.uint16), SegmentationType="LABELMAP",
        SegmentSequence=Sequence([
            item(SegmentNumber=7, SegmentLabel="Bone", RecommendedDisplayCIELabValue=white),
            item(SegmentNumber=1, SegmentLabel="Vessel", RecommendedDisplayCIELabValue=red),
        ]),
    )  # fmt: skip
    picture = show(tmp_path, ds)
    assert list(picture.pixels) == [0, 0, 0, 255, 0, 0, 255, 255, 255, 0, 0, 0]
    assert "segment 1 Vessel #ff0000, segment 7 Bone #ffffff" in picture.caption
    assert at(tmp_path, ds, 2).stored == (7.0,)


def test_cielab_of_known_colours() -> None:
    # L* 50, a* 0, b* 0 is a grey of 119; L* 87.8, a* -79.3, b* 81 (D50) is pure green.
    assert from_cielab([32768, 32896, 32896]) == (119, 119, 119)
    green = from_cielab(
        [87.82 / 100 * 65535, (128 - 79.27) / 255 * 65535, (128 + 80.99) / 255 * 65535]
    )
    assert np.abs(np.subtract(green, (0, 255, 0))).max() <= 3
