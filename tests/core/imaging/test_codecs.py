"""Every compression gives back the pixels that were coded, however they are put into fragments."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from core.errors import NoPreviewError
from core.imaging.layout import Array
from core.imaging.opened import OpenedImage
from core.imaging.pixels import DEFLATED_FRAMES, ENCAPSULATED_UNCOMPRESSED
from tests.core.imaging.objects import image, show, write

CODED = Path(__file__).parent / "coded"
Y, X = np.mgrid[:24, :32]
GREY12 = ((X * 127 + Y * 63) % 4096).astype(np.uint16)
GREY16 = ((X * 2047 + Y * 1023) % 65536).astype(np.uint16)
RGB = np.stack([X * 8, Y * 10, 255 - (X * 4 + Y * 4)], -1).astype(np.uint8)


def coded_object(
    name: str, syntax: UID, array: Array, photometric: str = "", **attributes: Any
) -> Dataset:
    ds = image(array, syntax=syntax, **attributes)
    if photometric:
        ds.PhotometricInterpretation = photometric
    ds.PixelData = encapsulate([(CODED / name).read_bytes()])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return ds


def stored(folder: Path, ds: Dataset, frame: int = 0) -> Array:
    opened = OpenedImage(write(folder, ds))
    try:
        return opened.stored(frame)
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("name", "syntax", "array", "photometric", "most"),
    [
        ("htj2k_grey12.jph", HTJ2KLossless, GREY12, "", 0),
        ("htj2k_grey16.jph", HTJ2K, GREY16, "", 0),
        ("htj2k_signed.jph", HTJ2KLossless, GREY12.astype(np.int16) - 2048, "", 0),
        ("htj2k_rgb.jph", HTJ2KLossless, RGB, "YBR_RCT", 0),
        ("htj2k_rgb.jph", UID("1.2.840.10008.1.2.4.202"), RGB, "YBR_RCT", 0),
        ("htj2k_lossy.jph", HTJ2K, RGB, "YBR_ICT", 3),
        ("j2k_rct.j2k", JPEG2000Lossless, RGB, "YBR_RCT", 0),
        ("j2k_ict.j2k", JPEG2000, RGB, "YBR_ICT", 3),
        ("j2k_grey12.jp2", JPEG2000Lossless, GREY12, "", 0),
        ("jpeg_lossless_grey12.jpg", JPEGLosslessSV1, GREY12, "", 0),
        ("jpeg_lossless_predictor4.jpg", JPEGLossless, GREY16, "", 0),
        ("jpeg_lossless_rgb.jpg", JPEGLosslessSV1, RGB, "RGB", 0),
        ("jpeg_extended12.jpg", JPEGExtended12Bit, GREY12, "", 90),
        ("jpeg_ycc422.jpg", JPEGBaseline8Bit, RGB, "YBR_FULL_422", 40),
        ("jpeg_rgb.jpg", JPEGBaseline8Bit, RGB, "RGB", 10),
        ("jpegls_rgb.jls", JPEGLSLossless, RGB, "RGB", 0),
        ("jpegls_grey12.jls", JPEGLSLossless, GREY12, "", 0),
    ],
)  # fmt: skip
def test_what_was_coded_comes_back(
    tmp_path: Path, name: str, syntax: UID, array: Array, photometric: str, most: int
) -> None:
    ds = coded_object(name, syntax, array, photometric)
    if "12" in name:
        ds.BitsStored, ds.HighBit = 12, 11
    difference = np.abs(stored(tmp_path, ds).astype(int) - array)
    assert difference.max() <= most
    assert difference.mean() <= most / 10


# -- fragments


PLAIN = [np.full((4, 6), value, np.uint8) for value in (10, 20, 30)]


def rle(array: Array) -> bytes:
    """One segment of runs."""
    runs = b"".join(bytes([257 - len(row), row[0]]) for row in array)
    return struct.pack("<16I", 1, 64, *[0] * 14) + runs + b"\0" * (len(runs) % 2)


def multi(syntax: UID, data: bytes, frames: int, **attributes: Any) -> Dataset:
    ds = image(PLAIN[0], syntax=syntax, NumberOfFrames=frames, **attributes)
    ds.PixelData = data
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return ds


def seen(folder: Path, ds: Dataset, frames: int = 3) -> list[int]:
    opened = OpenedImage(write(folder, ds))
    try:
        return [int(opened.stored(frame).mean()) for frame in range(frames)]
    finally:
        opened.close()


@pytest.mark.parametrize("has_table", [True, False])
def test_frames_of_one_fragment_each(tmp_path: Path, has_table: bool) -> None:
    data = encapsulate([rle(array) for array in PLAIN], has_bot=has_table)
    assert seen(tmp_path, multi(RLELossless, data, 3)) == [10, 20, 30]


def test_an_offset_table_that_lies_is_not_believed(tmp_path: Path) -> None:
    data = bytearray(encapsulate([rle(array) for array in PLAIN], has_bot=True))
    data[12:16] = struct.pack("<I", 6)
    assert seen(tmp_path, multi(RLELossless, bytes(data), 3)) == [10, 20, 30]


def test_an_extended_offset_table(tmp_path: Path) -> None:
    data, offsets, lengths = encapsulate_extended([rle(array) for array in PLAIN])
    ds = multi(
        RLELossless, data, 3, ExtendedOffsetTable=offsets, ExtendedOffsetTableLengths=lengths
    )
    assert seen(tmp_path, ds) == [10, 20, 30]
    ds.ExtendedOffsetTable = struct.pack("<3Q", 0, 1 << 62, 5)
    assert seen(tmp_path, ds) == [10, 20, 30]


@pytest.mark.parametrize("has_table", [True, False])
def test_frames_of_several_fragments(tmp_path: Path, has_table: bool) -> None:
    frame = (CODED / "j2k_rct.j2k").read_bytes()
    ds = image(RGB, syntax=JPEG2000Lossless, NumberOfFrames=3, PhotometricInterpretation="YBR_RCT")
    ds.PixelData = encapsulate([frame] * 3, fragments_per_frame=4, has_bot=has_table)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    for place in range(3):
        assert (stored(tmp_path, ds, place) == RGB).all()


def test_fragments_that_end_too_early(tmp_path: Path) -> None:
    path = write(tmp_path, multi(RLELossless, encapsulate([rle(array) for array in PLAIN]), 3))
    path.write_bytes(path.read_bytes()[:-100])
    opened = OpenedImage(path)
    assert int(opened.stored(0).mean()) == 10
    with pytest.raises(NoPreviewError):
        opened.stored(2)
    opened.close()


def test_more_frames_than_there_are_fragments(tmp_path: Path) -> None:
    ds = multi(RLELossless, encapsulate([rle(array) for array in PLAIN]), 4)
    with pytest.raises(NoPreviewError, match="before frame 4"):
        stored(tmp_path, ds, 3)


def deflated(frame: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return packer.compress(frame) + packer.flush()


def of_deflated_frames(folder: Path, ds: Dataset) -> OpenedImage:
    """A syntax that pydicom has not heard of yet."""
    ds.file_meta.TransferSyntaxUID = JPEG2000
    path = write(folder, ds)
    uid = DEFLATED_FRAMES.encode() + b"\0"
    path.write_bytes(path.read_bytes().replace(JPEG2000.encode(), uid))
    return OpenedImage(path)


def test_frames_that_are_encapsulated_as_they_are(tmp_path: Path) -> None:
    data = encapsulate([array.tobytes() for array in PLAIN])
    assert seen(tmp_path, multi(ENCAPSULATED_UNCOMPRESSED, data, 3)) == [10, 20, 30]


def test_frames_that_are_deflated(tmp_path: Path) -> None:
    data = encapsulate([deflated(array.tobytes()) for array in PLAIN])
    opened = of_deflated_frames(tmp_path, multi(JPEG2000, data, 3))
    assert [int(opened.stored(frame).mean()) for frame in range(3)] == [10, 20, 30]
    opened.close()
    bits = multi(JPEG2000, encapsulate([deflated(b"\x11\x01")]), 1, BitsAllocated=1, BitsStored=1)
    bits.Rows, bits.Columns, bits.HighBit = 3, 3, 0
    opened = of_deflated_frames(tmp_path, bits)
    assert opened.stored(0).ravel().tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    opened.close()


# -- headers that are wrong


def test_rows_that_are_missing_are_those_of_the_frame(tmp_path: Path) -> None:
    ds = coded_object("j2k_rct.j2k", JPEG2000Lossless, RGB, "YBR_RCT")
    del ds.Rows, ds.Columns, ds.BitsAllocated
    picture = show(tmp_path, ds)
    assert (picture.width, picture.height, picture.rows) == (32, 24, 24)
    ds.Rows, ds.Columns = 512, 512
    assert (show(tmp_path, ds).width, show(tmp_path, ds).height) == (32, 24)


def test_rows_that_are_missing_without_compression_are_told(tmp_path: Path) -> None:
    ds = image(PLAIN[0])
    del ds.Rows
    with pytest.raises(NoPreviewError, match="Rows is missing"):
        show(tmp_path, ds)


def test_bits_that_are_missing_or_wrong(tmp_path: Path) -> None:
    ds = image(np.array([[0, 65535]], np.uint16))
    del ds.BitsAllocated, ds.BitsStored, ds.HighBit
    assert show(tmp_path, ds).pixels == b"\x00\xff"
    ds = image(np.array([[0, 255]], np.uint8), BitsStored=12, HighBit=11)
    assert show(tmp_path, ds).pixels == b"\x00\xff"


@pytest.mark.parametrize(
    ("name", "syntax", "array", "wrong"),
    [
        ("jpeg_rgb.jpg", JPEGBaseline8Bit, RGB, {"BitsAllocated": 16, "BitsStored": 16}),
        ("jpegls_grey12.jls", JPEGLSLossless, GREY12, {"BitsAllocated": 8, "BitsStored": 8}),
        ("j2k_grey12.jp2", JPEG2000Lossless, GREY12, {"BitsAllocated": 8, "BitsStored": 8}),
        ("j2k_rct.j2k", JPEG2000Lossless, RGB, {"SamplesPerPixel": 1}),
        ("j2k_rct.j2k", JPEG2000Lossless, RGB, {"PhotometricInterpretation": "YBR_FULL"}),
        ("j2k_grey12.jp2", JPEG2000Lossless, GREY12, {"SamplesPerPixel": 3}),
        ("jpeg_lossless_grey12.jpg", JPEGBaseline8Bit, GREY12, {}),
        ("jpeg_extended12.jpg", JPEGBaseline8Bit, GREY12, {}),
        ("j2k_grey12.jp2", JPEGLossless, GREY12, {}),
        ("htj2k_grey12.jph", JPEG2000, GREY12, {}),
    ],
)  # fmt: skip
def test_a_frame_is_what_it_is_whatever_the_header_says(
    tmp_path: Path, name: str, syntax: UID, array: Array, wrong: dict[str, Any]
) -> None:
    shown = stored(tmp_path, coded_object(name, syntax, array, **wrong))
    assert shown.shape == array.shape
    assert np.abs(shown.astype(int) - array).max() <= 10


def test_frames_that_are_coded_under_a_native_syntax(tmp_path: Path) -> None:
    path = write(tmp_path, coded_object("j2k_rct.j2k", JPEG2000Lossless, RGB, "YBR_RCT"))
    native = ExplicitVRLittleEndian.encode().ljust(len(JPEG2000Lossless), b"\0")
    path.write_bytes(path.read_bytes().replace(JPEG2000Lossless.encode(), native))
    opened = OpenedImage(path)
    assert (opened.stored(0) == RGB).all()
    opened.close()


def test_a_frame_that_claims_another_size_than_the_first(tmp_path: Path) -> None:
    small, other = (
        (CODED / "j2k_rct.j2k").read_bytes(),
        bytearray((CODED / "j2k_rct.j2k").read_bytes()),
    )
    other[8:16] = struct.pack(">2I", 31, 24)
    ds = coded_object("j2k_rct.j2k", JPEG2000Lossless, RGB, "YBR_RCT", NumberOfFrames=2)
    ds.PixelData = encapsulate([small, bytes(other)])
    with pytest.raises(NoPreviewError, match="31 by 24"):
        stored(tmp_path, ds, 1)


def test_one_bit_rows_of_odd_width_and_frames_between_bytes(tmp_path: Path) -> None:
    dice = np.random.default_rng(5).integers(0, 2, (3, 5, 7), dtype=np.uint8)
    ds = image(dice[0], BitsAllocated=1, BitsStored=1, HighBit=0, NumberOfFrames=3)
    packed = np.packbits(dice.ravel(), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    for frame in range(3):
        assert (stored(tmp_path, ds, frame) == dice[frame]).all()
    path = write(tmp_path, ds)
    path.write_bytes(path.read_bytes()[:-3])
    opened = OpenedImage(path)
    assert (opened.stored(2)[3:] == 0).all()  # the rest stays black and repeats nothing
    opened.close()


@pytest.mark.parametrize("bits", [2, 5, 12, 24])
@pytest.mark.parametrize("signed", [False, True])
def test_pixels_packed_without_gaps(tmp_path: Path, bits: int, signed: bool) -> None:
    dice = np.random.default_rng(bits)
    values = dice.integers(0, 1 << bits, (2, 5, 7))
    cells = (values.reshape(-1, 1) >> np.arange(bits)) & 1
    packed = np.packbits(cells.astype(np.uint8).ravel(), bitorder="little").tobytes()
    ds = image(
        np.zeros((5, 7), np.uint16), BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1,
        NumberOfFrames=2, PixelRepresentation=int(signed),
    )  # fmt: skip
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    if signed:
        values = np.where(values >> (bits - 1), values - (1 << bits), values)
    for frame in range(2):
        assert (stored(tmp_path, ds, frame) == values[frame]).all()


@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("signed", [False, True])
def test_pixels_of_every_width(tmp_path: Path, bits: int, signed: bool) -> None:
    kind = np.dtype(f"{'i' if signed else 'u'}{bits // 8}")
    limits = np.iinfo(kind)
    array = np.array([[limits.min, limits.min // 2, limits.max]], kind)
    assert (stored(tmp_path, image(array)) == array).all()
    assert show(tmp_path, image(array), automatic=True).pixels[::2] == b"\x00\xff"
