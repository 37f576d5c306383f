"""DCMTK's dcm2pnm renders the same files to the same pictures, but for rounding."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from core.errors import NoPreviewError
from core.imaging import Decoder
from core.model import Rendering, Window
from tests.core.imaging.objects import image, write, write_deflated
from tests.core.imaging.test_overlays import overlaid
from tests.peers import dcm2pnm
from tests.samples import sample_file, sample_files

pytestmark = pytest.mark.interop

OURS_ALONE = {
    # 32 bits per colour, segmented palettes, pixel data cut short, data sets it cannot read.
    "SC_rgb_32bit.dcm", "SC_rgb_32bit_2frame.dcm", "SC_rgb_expb_32bit.dcm",
    "SC_rgb_expb_32bit_2frame.dcm", "gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm",
    "MR_truncated.dcm", "emri_small_jpeg_2k_lossless_too_short.dcm", "SC_rgb_jpeg.dcm",
    # It leaves supplemental palettes out, and makes one bit half as bright as it is.
    "eCT_Supplemental.dcm", "liver.dcm", "liver_1frame.dcm", "liver_expb.dcm",
    "liver_expb_1frame.dcm",
    # It reads 32 bits in big endian as two words in little endian order.
    "rtdose_expb.dcm", "rtdose_expb_1frame.dcm",
}  # fmt: skip
"""Files that DCMTK draws not at all, or otherwise: docs/pictures.md says why."""


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def difference(decoder: Decoder, path: Path, frame: int = 0, **wanted: Any) -> int:
    """The largest difference in grey levels from DCMTK's picture."""
    picture = decoder.picture(path, frame=frame, rendering=Rendering(**wanted))
    theirs = dcm2pnm.like(path, picture)
    assert theirs is not None
    ours = dcm2pnm.pixels_of(picture)
    assert ours.shape == theirs.shape
    return int(np.abs(ours.astype(int) - theirs).max())


def test_dcmtk_makes_the_same_picture_of_every_sample(decoder: Decoder) -> None:
    wrong, seen = {}, 0
    for path in sample_files():
        if path.name in OURS_ALONE or path.suffix in (".py", ".pyc", ".icc", ".txt"):
            continue
        try:
            frames = decoder.picture(path).frames
        except NoPreviewError:
            continue
        seen += 1
        largest = difference(decoder, path, frame=frames - 1)
        if largest > 2:
            wrong[path.name] = largest
    assert not wrong
    assert seen > 140


def test_dcmtk_draws_nothing_of_what_we_refuse(decoder: Decoder) -> None:
    for path in sample_files():
        if path.suffix in (".dcm", ""):
            try:
                decoder.picture(path)
            except NoPreviewError:
                assert dcm2pnm.drawn(path) is None, path


def test_a_dose_in_big_endian_is_that_in_little_endian(decoder: Decoder) -> None:
    little, big = (decoder.picture(sample_file(f"rtdose{end}.dcm")) for end in ("", "_expb"))
    assert little.pixels == big.pixels


# -- objects of our own


def ramp(bits: int, *, signed: bool = False, stored: int = 0, **attributes: Any) -> Dataset:
    """A ramp over all that the bits can hold, 64 columns wide."""
    stored = stored or bits
    low, high = (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
    values = np.linspace(low, high, 64 * 8).round()
    kind = np.dtype(f"{'i' if signed else 'u'}{bits // 8}")
    ds = image(values.astype(kind).reshape(8, 64), **attributes)
    ds.BitsStored, ds.HighBit = stored, stored - 1
    return ds


def lut(descriptor: list[int], data: list[int], explanation: str = "") -> Dataset:
    ds = Dataset()
    ds.add_new(0x00283002, "US", descriptor)
    ds.add_new(0x00283006, "US", data)
    ds.add_new(0x00283004, "LO", "US")
    return ds


MADE: dict[str, Dataset] = {
    "8 bits": ramp(8),
    "8 bits signed": ramp(8, signed=True),
    "16 bits": ramp(16),
    "16 bits signed": ramp(16, signed=True),
    "12 bits": ramp(16, stored=12),
    "12 bits signed": ramp(16, signed=True, stored=12),
    "10 bits": ramp(16, stored=10),
    "32 bits": ramp(32, stored=24),
    "MONOCHROME1": ramp(16, stored=12, PhotometricInterpretation="MONOCHROME1"),
    "MONOCHROME1 of 8 bits": ramp(8, PhotometricInterpretation="MONOCHROME1"),
    "inverse shape": ramp(16, stored=12, PresentationLUTShape="INVERSE"),
    "rescaled": ramp(16, stored=12, RescaleSlope="3", RescaleIntercept="-100"),
    "falling": ramp(16, stored=12, RescaleSlope="-2", RescaleIntercept="4096"),
    "windowed": ramp(16, stored=12, WindowCenter="1000", WindowWidth="500"),
    "windowed narrowly": ramp(16, stored=12, WindowCenter="1000", WindowWidth="1"),
    "windowed in halves": ramp(16, stored=12, WindowCenter="1000.5", WindowWidth="99.5"),
    "sigmoid": ramp(
        16, stored=12, WindowCenter="2000", WindowWidth="1500", VOILUTFunction="SIGMOID"
    ),
    "modality LUT": ramp(
        8, ModalityLUTSequence=Sequence([lut([256, 0, 16], [(n * 7) % 4096 for n in range(256)])])
    ),
    "VOI LUT": ramp(
        16, stored=12,
        VOILUTSequence=Sequence([lut([1024, 1000, 12], [(n * 4) % 4096 for n in range(1024)])]),
    ),
    "VOI LUT of 8 bits": ramp(
        8, VOILUTSequence=Sequence([lut([256, 0, 8], [255 - n for n in range(256)])])
    ),
    "VOI LUT after rescaling": ramp(
        16, stored=12, RescaleSlope="1", RescaleIntercept="-1024",
        VOILUTSequence=Sequence([lut([512, 65536 - 500, 10], [n * 2 for n in range(512)])]),
    ),
    "overlay": overlaid(ramp(8), ["X" * 60, "." * 60, "X." * 30], at=(2, 3)),
    "overlay outside": overlaid(ramp(8), ["X" * 80] * 20, at=(-3, -5)),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_dcmtk_makes_the_same_picture_of(decoder: Decoder, tmp_path: Path, name: str) -> None:
    path = write(tmp_path, MADE[name])
    assert difference(decoder, path) <= 1
    if decoder.picture(path).window is not None:
        assert difference(decoder, path, automatic=True) <= 1
        narrow = Window(center=300, width=77)
        assert difference(decoder, path, window=narrow) <= 1


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless]
)
@pytest.mark.parametrize("kind", ["grey", "planes", "pixels", "palette"])
def test_dcmtk_makes_the_same_of_each_encoding(
    decoder: Decoder, tmp_path: Path, syntax: UID, kind: str
) -> None:
    dice = np.random.default_rng(3)
    grey = dice.integers(0, 4096, (7, 9), dtype=np.uint16)
    colours = dice.integers(0, 256, (7, 9, 3), dtype=np.uint8)
    if kind == "grey":
        ds = image(grey, BitsStored=12, HighBit=11, WindowCenter=2048, WindowWidth=4096)
    elif kind == "palette":
        ds = image(colours[..., 0], PhotometricInterpretation="PALETTE COLOR")
        for number in range(3):
            table = dice.integers(0, 65536, 256, dtype=np.uint16)
            ds.add_new(0x00281101 + number, "US", [256, 0, 16])
            ds.add_new(0x00281201 + number, "OW", table.tobytes())
    else:
        ds = image(colours)
    if kind == "planes":
        ds.PlanarConfiguration = 1
        planes = colours.transpose(2, 0, 1).tobytes()
        ds["PixelData"].value = planes + b"\0" * (len(planes) % 2)
    if syntax == RLELossless:
        ds.compress(syntax, encoding_plugin="pydicom", generate_instance_uid=False)
    if syntax == ExplicitVRBigEndian:
        for tag in (0x7FE00010, 0x00281201, 0x00281202, 0x00281203):
            if tag in ds and ds[tag].VR == "OW":
                ds[tag].value = np.frombuffer(ds[tag].value, "<u2").astype(">u2").tobytes()
    ds.file_meta.TransferSyntaxUID = syntax
    path = write(tmp_path, ds)
    assert difference(decoder, path) <= 1


def test_dcmtk_makes_the_same_of_twelve_bits_packed(decoder: Decoder, tmp_path: Path) -> None:
    cells = (np.arange(4096).reshape(-1, 1) >> np.arange(12)) & 1
    ds = image(np.zeros((64, 64), np.uint16), BitsAllocated=12, BitsStored=12, HighBit=11)
    ds.PixelData = np.packbits(cells.astype(np.uint8).ravel(), bitorder="little").tobytes()
    assert difference(decoder, write(tmp_path, ds)) <= 1


def test_dcmtk_makes_the_same_of_a_deflated_object(decoder: Decoder, tmp_path: Path) -> None:
    assert difference(decoder, write_deflated(tmp_path, ramp(16, stored=12))) <= 1
