"""The objects that the benchmarks send: CT slices, tiny objects, one large object.

They are written once into a folder, and found there again where the folder is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
)

ROOT = "1.2.826.0.1.3680043.8.498.77"
SLICES = 400
TINY = 5000
STUDIES = 5001
"""Studies in the archive that is asked; one of them is not named as the others are."""
SENDERS = 8
"""Subfolders over which the objects are spread: one for each of several senders."""
HUGE = 2 << 30
"""Bytes of the large object's pixels."""
FAMILY = "Bench"


@dataclass(frozen=True)
class Samples:
    """Files in `folder` and, in equal parts, in its SENDERS subfolders; `size` is in bytes."""

    folder: Path
    count: int
    size: int
    study_uids: tuple[str, ...]

    @property
    def parts(self) -> list[Path]:
        """The subfolders."""
        return [self.folder / str(part) for part in range(SENDERS)]


def ct_slices(folder: Path, count: int = SLICES) -> Samples:
    """One study of CT slices, 512 by 512 by 16 bit, with noise as a scanner has it."""
    return _noise(folder, "ct", 512, count)


def slices_100k(folder: Path, count: int = 1600) -> Samples:
    """One study of slices of 224 by 224, as older MR has them."""
    return _noise(folder, "s100k", 224, count)


def images_1m(folder: Path, count: int = 200) -> Samples:
    """One study of images of 724 by 724."""
    return _noise(folder, "s1m", 724, count)


def images_8m(folder: Path, count: int = 48) -> Samples:
    """One study of images of 2048 by 2048, as radiography has them: too large for the log."""
    return _noise(folder, "s8m", 2048, count)


def warm_up(folder: Path) -> Samples:
    """One tiny object of a study of its own, to be sent before the clock runs."""
    return _written(folder / "warm-up", iter([_object("warm", 0, 0, 0, _TINY_FRAME)]), 1)


def tiny_objects(folder: Path, count: int = TINY) -> Samples:
    """Objects of 8 by 8 pixels: series of 100, studies of 5 series."""
    made = (_object("tiny", i // 500, i // 100, i, _TINY_FRAME) for i in range(count))
    return _written(folder / f"tiny-{count}", made, count)


def studies(folder: Path, count: int = STUDIES) -> Samples:
    """So many studies of one tiny object each; all patients but one are of the family FAMILY."""
    made = (_object("study", i, i, i, _TINY_FRAME) for i in range(count))
    return _written(folder / f"studies-{count}", made, count)


def huge_object(folder: Path, size: int = HUGE) -> Samples:
    """One multi-frame object of `size` bytes of pixels, as a sparse file."""
    folder = folder / f"huge-{size}"
    path = folder / "0" / "huge.dcm"
    uid = _study_uid("huge", 0)
    if not path.exists():
        for part in range(SENDERS):
            (folder / str(part)).mkdir(parents=True, exist_ok=True)
        frame = np.zeros((1024, 1024), dtype=np.uint16)
        ds = _object("huge", 0, 0, 0, frame)
        ds.NumberOfFrames = size // frame.nbytes
        ds.SOPClassUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        _write_sparse(ds, path, size)
    return Samples(folder, 1, path.stat().st_size, (uid,))


def _write_sparse(ds: Dataset, path: Path, size: int) -> None:
    """Write `ds` with `size` zero bytes of Pixel Data, which take no room on the disk."""
    ds.PixelData = b""
    part = path.with_suffix(".part")
    ds.save_as(part, enforce_file_format=True)
    with part.open("r+b") as file:
        file.seek(-4, 2)
        file.write(size.to_bytes(4, "little"))
        file.truncate(file.tell() + size)
    part.replace(path)


def _noise(folder: Path, kind: str, side: int, count: int) -> Samples:
    """One study of square images, all different."""
    frame = np.random.default_rng(1).integers(0, 4096, (side, side), dtype=np.uint16)
    made = (_object(kind, 0, 0, i, np.roll(frame, i * 7)) for i in range(count))
    return _written(folder / f"{kind}-{count}", made, count)


_TINY_FRAME = np.arange(64, dtype=np.uint16).reshape(8, 8)


def _study_uid(kind: str, study: int) -> str:
    return f"{ROOT}.{sum(kind.encode())}.1.{study}"


def _object(kind: str, study: int, series: int, number: int, frame: np.ndarray) -> Dataset:
    base = f"{ROOT}.{sum(kind.encode())}"
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = CTImageStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = f"{base}.3.{number}"
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.StudyInstanceUID = _study_uid(kind, study)
    ds.SeriesInstanceUID = f"{base}.2.{series}"
    # The last study of many is the one that a query is not to find.
    family = FAMILY if study < STUDIES - 1 else "Other"
    ds.PatientName, ds.PatientID = f"{family}{study:05}^Given", f"P{kind}{study:05}"
    ds.PatientBirthDate, ds.PatientSex = "19700102", "O"
    ds.StudyDate, ds.StudyTime = f"2025{study % 12 + 1:02}{study % 28 + 1:02}", "101112"
    ds.StudyID, ds.AccessionNumber = "1", f"A{study:07}"
    ds.StudyDescription, ds.SeriesDescription = "Benchmark", "Axial"
    ds.ReferringPhysicianName = "Ref^Doc"
    ds.Modality, ds.Manufacturer = "CT", "ACME"
    ds.SeriesNumber, ds.InstanceNumber = series + 1, number + 1
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = frame.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleIntercept, ds.RescaleSlope = -1024, 1
    ds.add_new(0x7FE00010, "OW", frame.tobytes())
    return ds


def _written(folder: Path, made: Iterator[Dataset], count: int) -> Samples:
    """Write objects, unless they were written before: a list of the studies is written last."""
    listed = folder.with_suffix(".txt")  # beside it: storescu sends all that is in a folder
    if not listed.exists():
        for part in range(SENDERS):
            (folder / str(part)).mkdir(parents=True, exist_ok=True)
        uids: dict[str, None] = {}
        for i, ds in enumerate(made):
            uids[str(ds.StudyInstanceUID)] = None
            # In blocks: a study is sent by few senders, as scanners do.
            part = i * SENDERS // count
            ds.save_as(folder / str(part) / f"{i:06}.dcm", enforce_file_format=True)
        listed.write_text("\n".join(uids))
    files = list(folder.rglob("*.dcm"))
    size = sum(path.stat().st_size for path in files)
    return Samples(folder, len(files), size, tuple(listed.read_text().split()))
