"""Overlays lie where they belong, on the frames they belong to (PS3.3 C.9.2)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from tests.core.imaging.objects import image, show

GREY = np.full((3, 4), 100, np.uint8)


def overlaid(
    ds: Dataset, rows: list[str], *, group: int = 0x6000, at: tuple[int, int] = (1, 1)
) -> Dataset:
    """Puts an overlay of characters, X for set, on an object."""
    bits = [[mark == "X" for mark in row] for row in rows]
    packed = np.packbits(np.array(bits).ravel(), bitorder="little").tobytes()
    ds.add_new((group, 0x0010), "US", len(rows))
    ds.add_new((group, 0x0011), "US", len(rows[0]))
    ds.add_new((group, 0x0040), "CS", "G")
    ds.add_new((group, 0x0050), "SS", list(at))
    ds.add_new((group, 0x0100), "US", 1)
    ds.add_new((group, 0x0102), "US", 0)
    ds.add_new((group, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))
    return ds


def white(folder: Path, ds: Dataset, frame: int = 0) -> list[tuple[int, int]]:
    """Where a picture is white: columns and rows."""
    picture = show(folder, ds, frame)
    shown = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width)
    return [(int(column), int(row)) for row, column in np.argwhere(shown == 255)]


def test_an_overlay_is_white_and_can_be_left_out(tmp_path: Path) -> None:
    ds = overlaid(image(GREY), ["X..X", "....", ".X.."])
    assert white(tmp_path, ds) == [(0, 0), (3, 0), (1, 2)]
    assert show(tmp_path, ds).overlays == 1
    plain = show(tmp_path, ds, overlays=False)
    assert plain.pixels == GREY.tobytes()
    assert plain.overlays == 1
    assert show(tmp_path, ds, invert=True).pixels[0] == 0


@pytest.mark.parametrize(
    ("origin", "where"),
    [((2, 3), [(2, 1), (3, 2)]), ((0, 0), [(0, 0)]), ((3, 4), [(3, 2)]), ((9, 9), []),
     ((-9, -9), []), ((1, 0), [(0, 1)])],
)  # fmt: skip
def test_its_origin_counts_from_one_and_may_lie_outside(
    tmp_path: Path, origin: tuple[int, int], where: list[tuple[int, int]]
) -> None:
    assert white(tmp_path, overlaid(image(GREY), ["X.", ".X"], at=origin)) == where


def test_several_overlays_lie_over_each_other(tmp_path: Path) -> None:
    ds = overlaid(image(GREY), ["X."])
    overlaid(ds, [".X"], group=0x601E)
    assert white(tmp_path, ds) == [(0, 0), (1, 0)]


def test_frames_of_overlays_belong_to_frames_of_the_image(tmp_path: Path) -> None:
    ds = image(GREY, NumberOfFrames=4)
    ds.PixelData = GREY.tobytes() * 4
    # Frames of three pixels, packed without gaps.
    overlaid(ds, ["X..", ".X."])
    ds[0x6000, 0x0010].value = 1
    assert white(tmp_path, ds, 3) == [(0, 0)]
    ds.add_new(0x60000015, "IS", 2)
    ds.add_new(0x60000051, "US", 2)
    assert [white(tmp_path, ds, frame) for frame in range(4)] == [[], [(0, 0)], [(1, 0)], []]


def test_overlays_in_bits_that_pixels_do_not_use(tmp_path: Path) -> None:
    array = np.array([[0x0010, 0x8010, 0x1010, 0x9010]], np.uint16)
    ds = image(array, BitsStored=12, HighBit=11, WindowCenter=2048, WindowWidth=4096)
    for group, bit in ((0x6000, 15), (0x6002, 12)):
        ds.add_new((group, 0x0010), "US", 1)
        ds.add_new((group, 0x0011), "US", 4)
        ds.add_new((group, 0x0100), "US", 16)
        ds.add_new((group, 0x0102), "US", bit)
    assert white(tmp_path, ds) == [(1, 0), (2, 0), (3, 0)]
    ds[0x6000, 0x0102].value = 11  # a bit that belongs to the values
    assert white(tmp_path, ds) == [(2, 0), (3, 0)]
    ds.compress(RLELossless, generate_instance_uid=False)
    assert white(tmp_path, ds) == [(2, 0), (3, 0)]


def test_in_big_endian_words_are_turned(tmp_path: Path) -> None:
    ds = overlaid(image(GREY, syntax=ExplicitVRBigEndian), ["X..X", "....", "...X"])
    ds[0x6000, 0x3000].value = ds[0x6000, 0x3000].value[::-1]
    assert white(tmp_path, ds) == [(0, 0), (3, 0), (3, 2)]


def test_damaged_overlays_are_drawn_as_far_as_they_go(tmp_path: Path) -> None:
    ds = overlaid(image(GREY), ["XXXX"] * 3)
    ds[0x6000, 0x0010].value = 3000
    assert len(white(tmp_path, ds)) == 12
    ds[0x6000, 0x0010].value, ds[0x6000, 0x0011].value = 65535, 65535
    assert white(tmp_path, ds) == []
    ds[0x6000, 0x0010].value = 0
    assert white(tmp_path, ds) == []


def test_overlays_on_colours(tmp_path: Path) -> None:
    ds = overlaid(image(np.full((1, 2, 3), 9, np.uint8)), [".X"])
    assert list(show(tmp_path, ds).pixels) == [9, 9, 9, 255, 255, 255]
