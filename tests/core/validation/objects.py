"""A CT image with nothing wrong, to be spoiled in one place at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from core.model import Breach, Validation
from core.validation import validate
from tests.core.imaging.objects import write
from tests.tui.console import image_object


def good_ct() -> Dataset:
    """Every attribute of type 1 and 2 that a CT image has, by PS3.3 A.3."""
    ds = image_object(2, 1, 1)
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit = 15
    ds.PixelData = bytes(512)
    ds["PixelData"].VR = "OW"
    ds.PatientID = "ID2"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.PatientBirthDate = ds.PatientSex = ds.ReferringPhysicianName = ds.StudyID = ""
    ds.Manufacturer = ds.PositionReferenceIndicator = ds.KVP = ds.AcquisitionNumber = ""
    ds.FrameOfReferenceUID = "1.2.3.2.9"
    ds.ImagePositionPatient = [0, 0, 0]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing = [1, 1]
    ds.SliceThickness = 1
    ds.RescaleIntercept, ds.RescaleSlope = -1024, 1
    return ds


def found(folder: Path, ds: Dataset) -> Validation:
    return validate(write(folder, ds))


def rules(validation: Validation) -> set[tuple[str, str]]:
    """The rules that were broken, and by which element."""
    return {(breach.rule, breach.path or breach.keyword) for breach in validation.breaches}


def breach_of(validation: Validation, rule: str) -> Breach:
    hits = [breach for breach in validation.breaches if breach.rule == rule]
    assert hits, validation.breaches
    return hits[0]


def raw_element(tag: int, vr: str, value: bytes) -> bytes:
    """An element in Explicit VR Little Endian, whatever is wrong with it."""
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little") + vr.encode()
    return head + len(value).to_bytes(2, "little") + value


def append(path: Path, *elements: Any) -> Path:
    """Put elements behind a file's last one."""
    path.write_bytes(path.read_bytes() + b"".join(elements))
    return path
