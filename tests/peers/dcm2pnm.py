"""What DCMTK makes of an image: dcm2pnm and its likes for JPEG and JPEG-LS."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset

from core.model import Picture, PixelMode
from tests.peers.processes import ENVIRONMENT

TOOLS = ("dcm2pnm", "dcmj2pnm", "dcml2pnm")
JPEG_2000 = "1.2.840.10008.1.2.4.9"

Grey = np.ndarray[Any, np.dtype[np.uint8]]


def drawn(path: Path, *options: str) -> Grey | None:
    """The picture of a file, rows by columns, by 3 where coloured; None where DCMTK makes none."""
    for tool in TOOLS:
        command = [tool, "+op", *options, str(path)]
        done = subprocess.run(
            command, capture_output=True, env=ENVIRONMENT, check=False, timeout=60
        )
        header = re.match(rb"P([56])\s(?:#[^\n]*\n)*(\d+)\s+(\d+)\s+255\s", done.stdout)
        if header:
            kind, columns, rows = (int(text) for text in header.groups())
            shape = (rows, columns) if kind == 5 else (rows, columns, 3)
            count = int(np.prod(shape))
            return np.frombuffer(done.stdout[header.end() :], np.uint8)[:count].reshape(shape)
    return None


def like(path: Path, picture: Picture, *options: str) -> Grey | None:
    """DCMTK's picture of the same frame, in the way that ours came about."""
    ds = dcmread(path, stop_before_pixels=True, force=True)
    chosen = [*options, "+Omr", "+F", str(picture.frame + 1), *_window_options(ds, picture)]
    syntax = str(getattr(ds, "file_meta", {}).get("TransferSyntaxUID", ""))
    if not syntax.startswith(JPEG_2000):
        return drawn(path, *chosen)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.dcm"
        _decompress(path, plain)
        return drawn(plain, *chosen)


def pixels_of(picture: Picture) -> Grey:
    """Our own picture in the same shape."""
    grey = picture.mode is PixelMode.GREY
    shape = (picture.height, picture.width) if grey else (picture.height, picture.width, 3)
    return np.frombuffer(picture.pixels, np.uint8).reshape(shape)


def _window_options(ds: Dataset, picture: Picture) -> list[str]:
    window = picture.window
    if window is None:
        return ["+Wl", "1"] if "VOILUTSequence" in ds else []
    # DCMTK leaves the scaling of a dose grid out.
    scale = float(ds.get("DoseGridScaling") or 1)
    function = window.function or str(ds.get("VOILUTFunction") or "LINEAR")
    chosen = "+Wfs" if function == "SIGMOID" else "+Wfl"
    return [chosen, "+Ww", f"{window.center / scale:f}", f"{window.width / scale:f}"]


def _decompress(source: Path, target: Path) -> None:
    """DCMTK knows no JPEG 2000: GDCM decodes, DCMTK draws."""
    import gdcm

    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    if not reader.Read():
        return
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    change.SetInput(reader.GetImage())
    if not change.Change():
        return
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.SetFileName(str(target))
    writer.Write()
