"""DCMTK's dcm2pnm renders the same files to the same pictures, but for rounding."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from core.imaging import Decoder
from core.model import Picture, PixelMode
from tests.peers.processes import ENVIRONMENT

TOOLS = ("dcm2pnm", "dcmj2pnm", "dcml2pnm")
NAMES = [
    "CT_small.dcm",
    "ExplVR_BigEnd.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "JPGExtended.dcm",
    "JPEG-lossy.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_jpeg_no_color_transform.dcm",
    "SC_rgb_dcmtk_+eb+cr.dcm",
    "SC_rgb_dcmtk_+eb+cy+n1.dcm",
    "SC_rgb_dcmtk_+eb+cy+s2.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_jpeg_lossy_gdcm.dcm",
    "SC_rgb_rle.dcm",
    "SC_rgb_rle_16bit.dcm",
    "SC_rgb_small_odd_big_endian.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "badVR.dcm",
    "examples_overlay.dcm",
    "examples_palette.dcm",
    "examples_ybr_color.dcm",
    "image_dfl.dcm",
    "rtdose.dcm",
    "rtdose_rle_1frame.dcm",
]


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def dcmtk_picture(path: Path, picture: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """What DCMTK makes of the file through the same window, without overlays."""
    window = picture.window
    # DCMTK leaves the scaling of a dose grid out.
    scale = float(dcmread(path, stop_before_pixels=True).get("DoseGridScaling", 1) or 1)
    options = []
    if window:
        options = ["+Ww", f"{window.center / scale:f}", f"{window.width / scale:f}"]
    for tool in TOOLS:
        command = [tool, "+op", "--no-overlays", *options, str(path)]
        made = subprocess.run(command, capture_output=True, env=ENVIRONMENT, check=False).stdout
        header = re.match(rb"P([56])\s(?:#[^\n]*\n)*(\d+)\s+(\d+)\s+255\s", made)
        if header:
            kind, columns, rows = (int(text) for text in header.groups())
            shape = (rows, columns) if kind == 5 else (rows, columns, 3)
            return np.frombuffer(made[header.end() :], np.uint8).reshape(shape)
    raise AssertionError(f"DCMTK makes no picture of {path}")


@pytest.mark.interop
@pytest.mark.parametrize("name", NAMES)
def test_dcmtk_makes_the_same_picture(decoder: Decoder, name: str) -> None:
    path = Path(str(get_testdata_file(name)))
    picture = decoder.picture(path)
    theirs = dcmtk_picture(path, picture)
    ours = np.frombuffer(picture.pixels, np.uint8).reshape(
        (picture.height, picture.width, 3)
        if picture.mode is PixelMode.COLOUR
        else (picture.height, picture.width)
    )
    assert ours.shape == theirs.shape
    difference = np.abs(ours.astype(int) - theirs)
    assert difference.max() <= 2
    assert difference.mean() < 1
