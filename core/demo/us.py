"""A beating heart as a colour ultrasound cine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UltrasoundMultiFrameImageStorage

from core.demo.canvas import grid
from core.demo.objects import Series, Study, acquired, private_block

ROWS, COLUMNS = 240, 320
FRAMES, FRAME_TIME = 30, 40.0
"""Number of frames, and milliseconds from one to the next."""


def cine_of(study: Study) -> list[Dataset]:
    """One cine of a whole heart beat, RGB by pixel, with a region calibrated in centimetres."""
    series = Series(study, 1, "US", "Four chamber view, colour Doppler")
    ds = series.instance(UltrasoundMultiFrameImageStorage)
    acquired(ds, study, ("ORIGINAL", "PRIMARY"))
    ds.PatientOrientation = ""
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.Rows, ds.Columns, ds.NumberOfFrames = ROWS, COLUMNS, FRAMES
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.FrameTime, ds.FrameIncrementPointer = FRAME_TIME, Tag("FrameTime")
    ds.CineRate, ds.RecommendedDisplayFrameRate = 25, 25
    ds.LossyImageCompression = "00"
    ds.UltrasoundColorDataPresent = 1
    ds.SequenceOfUltrasoundRegions = Sequence([_region()])
    ds.add_new(0x7FE00010, "OB", frames().tobytes())
    private_block(ds, "beat", [75.0])
    return [ds]


def _region() -> Dataset:
    """US region calibration, PS3.3 C.8.5.5."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 2, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = 0, 0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = COLUMNS - 1, ROWS - 1
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX = item.PhysicalDeltaY = 0.06
    item.ReferencePixelX0, item.ReferencePixelY0 = COLUMNS // 2, 0
    return item


def frames() -> NDArray[np.uint8]:
    """Frame by row by column by 3: a fan of speckle, two beating chambers, flow in red and blue."""
    y, x = grid(ROWS, COLUMNS)
    x = x * np.float32(COLUMNS / ROWS)
    depth, angle = np.hypot(x, y + 1.05) / 2, np.arctan2(x, y + 1.05)
    fan = (np.abs(angle) < 0.62) & (depth < 1) & (depth > 0.08)
    speckle = np.random.default_rng(5).gamma(2.0, 34.0, (ROWS, COLUMNS)).astype(np.float32)
    tissue = np.where(fan, speckle * (1.1 - 0.6 * depth), 0)
    made = np.empty((FRAMES, ROWS, COLUMNS, 3), dtype=np.uint8)
    for index in range(FRAMES):
        phase = 2 * np.pi * index / FRAMES
        made[index] = _frame(tissue, x, y, phase)
    return made


def _frame(
    tissue: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32], phase: float
) -> NDArray[np.uint8]:
    squeeze = 1 + 0.16 * float(np.sin(phase))
    grey = tissue.copy()
    colour = np.zeros((*grey.shape, 3), dtype=np.float32)
    for side in (-1, 1):
        radius = ((x - side * 0.20) / (0.17 * squeeze)) ** 2 + ((y - 0.15) / (0.36 * squeeze)) ** 2
        wall = (radius >= 1) & (radius < 1.5)
        grey = np.where(wall, grey * 1.9, grey)
        grey = np.where(radius < 1, grey * 0.12, grey)
        jet = np.clip(0.55 - radius, 0, None) * 420 * (0.5 + 0.5 * float(np.sin(phase * side)))
        colour[..., 0 if side > 0 else 2] += jet
        colour[..., 1] += jet * 0.25
    shown: NDArray[np.uint8] = np.clip(grey[..., None] + colour, 0, 255).astype(np.uint8)
    return shown
