"""Small image objects made by hand, written as Part 10 files."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from core.imaging.opened import OpenedImage
from core.imaging.render import pixel_value, render
from core.model import Picture, PixelValue, Rendering


def image(
    array: np.ndarray[Any, Any] | None = None,
    *,
    syntax: UID = ExplicitVRLittleEndian,
    **attributes: Any,
) -> Dataset:
    """A secondary capture of `array`: rows by columns, or by 3 for colour; attributes overrule."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = UID("2.25.1")
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
    if array is not None:
        bits = array.dtype.itemsize * 8
        ds.Rows, ds.Columns = array.shape[:2]
        ds.SamplesPerPixel = 3 if array.ndim == 3 else 1
        ds.PhotometricInterpretation = "RGB" if array.ndim == 3 else "MONOCHROME2"
        if array.ndim == 3:
            ds.PlanarConfiguration = 0
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
        ds.PixelRepresentation = int(array.dtype.kind == "i")
        raw = array.tobytes()
        ds.add_new(0x7FE00010, "OB" if bits == 8 else "OW", raw + b"\0" * (len(raw) % 2))
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def encapsulated(frames: list[bytes], syntax: UID, **attributes: Any) -> Dataset:
    """An object whose pixel data are these coded frames."""
    ds = image(syntax=syntax, **attributes)
    ds.PixelData = encapsulate(frames)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return ds


def write(folder: Path, ds: Dataset, name: str = "image.dcm") -> Path:
    path = folder / name
    ds.save_as(path, enforce_file_format=True)
    return path


def item(**attributes: Any) -> Dataset:
    """An item of a sequence."""
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def show(folder: Path, ds: Dataset, frame: int = 0, **wanted: Any) -> Picture:
    """The picture of one frame, made in this process."""
    opened = OpenedImage(write(folder, ds))
    try:
        return render(opened, frame, Rendering(**wanted))
    finally:
        opened.close()


def at(folder: Path, ds: Dataset, column: int, row: int = 0, frame: int = 0) -> PixelValue:
    """What stands at one place."""
    opened = OpenedImage(write(folder, ds))
    try:
        return pixel_value(opened, frame, column, row)
    finally:
        opened.close()


def write_deflated(folder: Path, ds: Dataset, tail: bytes = b"") -> Path:
    """The object in Deflated Explicit VR Little Endian, with `tail` inside the deflated part."""
    plain = write(folder, ds, "plain.dcm").read_bytes()
    start = plain.index(b"\x08\x00\x16\x00UI")
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    head = write(folder, ds, "head.dcm").read_bytes()
    head = head[: 144 + int.from_bytes(head[140:144], "little")]
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    path = folder / "deflated.dcm"
    path.write_bytes(head + packer.compress(plain[start:] + tail) + packer.flush())
    return path
