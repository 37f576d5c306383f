"""How long a picture takes from the file to the console's process: part of benchmarks.preview."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from msgspec import Struct
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from core.imaging import Decoder
from core.model import Rendering, Window
from tests.peers import dcm2pnm

FRAMES = 1000
"""Of 512 by 512 and 16 bits: 500 MiB."""
ROUNDS = 9
CODED = {"RLE": RLELossless, "JPEG-LS": JPEGLSLossless, "JPEG 2000": JPEG2000Lossless}


class Line(Struct, frozen=True):
    """One figure; `limit` is 0 where none is set."""

    name: str
    found: float
    unit: str = "ms"
    limit: float = 0.0

    def __str__(self) -> str:
        told = f"  (at most {self.limit:g}: {'met' if self.found <= self.limit else 'MISSED'})"
        return f"{self.name:58} {self.found:8.1f} {self.unit}{told if self.limit else ''}"


def lines() -> Iterator[Line]:
    """Every figure, as it is found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        slices = [_write(_slice(seed), folder / f"ct{seed}.dcm") for seed in range(2)]
        yield from _single(folder, slices)
        multi = _multi_frame(folder / "multi.dcm")
        yield from _of_many_frames(slices[0], multi)


def _single(folder: Path, slices: list[Path]) -> Iterator[Line]:
    with Decoder() as decoder:
        yield Line("the process and a first CT of 512 x 512", _milliseconds(_started(slices[0])))
        turns = cycle(slices)
        decoder.picture(slices[0])
        took = _milliseconds(lambda: decoder.picture(next(turns)))
        yield Line("next instance of a series, native", took, limit=50)
        centers = cycle(range(100))
        took = _milliseconds(
            lambda: decoder.picture(
                slices[0], rendering=Rendering(window=Window(center=next(centers), width=400))
            )
        )
        yield Line("another window", took)
        took = _milliseconds(lambda: decoder.picture(next(turns), rendering=Rendering(edge=64)))
        yield Line("a thumbnail of 64 pixels", took)
        for name, syntax in CODED.items():
            coded = [_write(_slice(7, syntax), folder / f"{n}{syntax}.dcm") for n in range(2)]
            paths = cycle(coded)
            took = _milliseconds(lambda p=paths: decoder.picture(next(p)))  # type: ignore[misc]
            yield Line(f"next instance of a series, {name}", took, limit=50)
    yield Line(
        "dcm2pnm, a process for each, native",
        _milliseconds(lambda: dcm2pnm.drawn(slices[0], "+Ww", "40", "400")),
    )


def _of_many_frames(small: Path, multi: Path) -> Iterator[Line]:
    with Decoder() as decoder:
        decoder.picture(small)
        before = _resident(decoder)
        _forget(multi)
        began = time.perf_counter()
        decoder.picture(multi, frame=FRAMES // 2)
        took = (time.perf_counter() - began) * 1000
        yield Line("frame 500 of 500 MiB, not in the page cache", took, limit=200)
        frames = cycle(range(FRAMES // 2 + 1, FRAMES))
        took = _milliseconds(lambda: decoder.picture(multi, frame=next(frames)))
        yield Line("the next frame of it", took, limit=50)
        took = _milliseconds(
            lambda: decoder.picture(multi, frame=next(frames), rendering=Rendering(edge=256))
        )
        yield Line("the next frame of it in half resolution", took, limit=50)
        yield Line("memory that it took in the process", _resident(decoder) - before, "MiB")
    _forget(multi)
    yield Line("the process and frame 500 of 500 MiB", _milliseconds(_started(multi, 500)))


def _started(path: Path, frame: int = 0) -> Callable[[], object]:
    def work() -> None:
        with Decoder() as decoder:
            decoder.picture(path, frame=frame)

    return work


def _milliseconds(work: Callable[[], object]) -> float:
    work()
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return median(found) * 1000


def _resident(decoder: Decoder) -> float:
    status = Path(f"/proc/{decoder.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _forget(path: Path) -> None:
    """Have the system drop what it keeps of a file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


# -- objects


def _slice(seed: int, syntax: UID = ExplicitVRLittleEndian) -> Dataset:
    """A disc with a gradient and noise, as a CT has."""
    y, x = np.mgrid[:512, :512] - 256
    body = np.where(np.hypot(x, y) < 200, 1064 + x // 8, 24)
    noise = np.random.default_rng(seed).normal(0, 12, body.shape)
    ds = _header(CTImageStorage, WindowCenter=40, WindowWidth=400)
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, seed]
    ds.add_new(0x7FE00010, "OW", np.clip(body + noise, 0, 4095).astype("<u2").tobytes())
    if syntax != ExplicitVRLittleEndian:
        ds.compress(syntax, generate_instance_uid=False)
    return ds


def _header(sop_class: UID, **attributes: Any) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = sop_class, "2.25.1", "CT"
    ds.Rows = ds.Columns = 512
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    return _with(ds, **attributes)


def _with(ds: Dataset, **attributes: Any) -> Dataset:
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def _write(ds: Dataset, path: Path) -> Path:
    ds.save_as(path, enforce_file_format=True)
    return path


def _multi_frame(path: Path) -> Path:
    """An enhanced CT, each frame with functional groups of its own."""
    ds = _header(EnhancedCTImageStorage, NumberOfFrames=FRAMES)
    ds.PerFrameFunctionalGroupsSequence = Sequence([_groups(index) for index in range(FRAMES)])
    ds.add_new(0x7FE00010, "OW", _slice(1).PixelData * FRAMES)
    return _write(ds, path)


def _groups(index: int) -> Dataset:
    return _with(
        Dataset(),
        FrameVOILUTSequence=Sequence([_with(Dataset(), WindowCenter=40, WindowWidth=400)]),
        PixelValueTransformationSequence=Sequence(
            [_with(Dataset(), RescaleSlope=1, RescaleIntercept=-1024, RescaleType="HU")]
        ),
        PlanePositionSequence=Sequence([_with(Dataset(), ImagePositionPatient=[0, 0, index])]),
        FrameContentSequence=Sequence([_with(Dataset(), InStackPositionNumber=index + 1)]),
    )


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
