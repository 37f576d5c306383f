"""Projection radiographs as a CR reader writes them: 12 bit, MONOCHROME1."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage

from core.demo.canvas import grid
from core.demo.objects import Series, Study, acquired, pixels, private_block

ROWS, COLUMNS = 1760, 1408
SPACING = 0.2
Windows = tuple[list[int], list[int]]


def chest_of(study: Study) -> list[Dataset]:
    """One chest, from behind."""
    return [_radiograph(study, chest(), "PA", ["L", "F"], ([2000, 1600], [3600, 2200]))]


def hand_of(study: Study) -> list[Dataset]:
    """One hand."""
    return [_radiograph(study, hand(), "AP", ["R", "H"], ([2500, 2900], [2600, 1600]))]


def _radiograph(
    study: Study,
    thickness: NDArray[np.float32],
    view: str,
    orientation: list[str],
    windows: Windows,
) -> Dataset:
    series = Series(study, 1, "CR", f"{study.body_part.title()} {view}")
    ds = series.instance(ComputedRadiographyImageStorage)
    random = np.random.default_rng(study.number)
    # Noise of a quarter of the size, repeated four ways: grain that costs little.
    grain = random.normal(0, 14, (ROWS // 2, COLUMNS // 2)).astype(np.float32)
    stored = np.clip(3700 - thickness + np.tile(grain, (2, 2)), 0, 4095).astype(np.uint16)
    acquired(ds, study, ("ORIGINAL", "PRIMARY"))
    pixels(ds, stored, 12)
    # MONOCHROME1: the more rays reached the plate, the higher the value, the darker it is shown.
    ds.PhotometricInterpretation = "MONOCHROME1"
    ds.PatientOrientation = orientation
    ds.ImagerPixelSpacing = [SPACING, SPACING]
    ds.ViewPosition = view
    ds.KVP, ds.Exposure, ds.PlateType = 120 if view == "PA" else 55, 2, "ST-VI"
    ds.WindowCenter, ds.WindowWidth = windows
    ds.WindowCenterWidthExplanation = ["NORMAL", "HARD"]
    if study.laterality:
        ds.Laterality = study.laterality
    private_block(ds, "exposure index", [1.8, 250.0])
    return ds


def _ellipsoid(cx: float, cy: float, rx: float, ry: float) -> NDArray[np.float32]:
    """Thickness seen through an ellipsoid: 1 in its middle, 0 at its rim and outside."""
    y, x = grid(ROWS, COLUMNS)
    thickness = np.zeros((ROWS, COLUMNS), dtype=np.float32)
    rows = np.flatnonzero(np.abs(y[:, 0] - cy) < ry)
    columns = np.flatnonzero(np.abs(x[0] - cx) < rx)
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    inside = (1 - ((y[box[0]] - cy) / ry) ** 2) - ((x[:, box[1]] - cx) / rx) ** 2
    thickness[box] = np.sqrt(np.maximum(inside, 0, out=inside), out=inside)
    return thickness


@cache
def chest() -> NDArray[np.float32]:
    """Attenuation of a chest: body, lungs, heart, diaphragm, spine, ribs, collar bones.

    Two studies have one; it is drawn once.
    """
    y, x = grid(ROWS, COLUMNS)
    image = 2600 * _ellipsoid(0, 0.25, 0.98, 1.35)
    for side in (-1, 1):
        lung = _ellipsoid(side * 0.44, -0.08, 0.33, 0.66)
        image -= 1500 * lung
        arcs = np.sin((y - 0.35 * np.abs(x) ** 1.5) * 26) > 0.86
        image += 190 * (arcs & (lung > 0.05))
        image += 1100 * _ellipsoid(side * 0.44, 0.86, 0.46, 0.30)
    image += 1000 * _ellipsoid(0.17, 0.24, 0.30, 0.34)
    image += 700 * (np.abs(x) < 0.07) * (0.75 + 0.25 * (np.sin(y * 30) > -0.6))
    collar = np.abs(y + 0.72 - 0.25 * np.abs(x)) < 0.025
    image += 420 * (collar & (np.abs(x) > 0.12) & (np.abs(x) < 0.75))
    return image.astype(np.float32)


def hand() -> NDArray[np.float32]:
    """Attenuation of a hand: palm, five fingers and their bones."""
    image = 900 * _ellipsoid(0, 0.35, 0.42, 0.42) + 800 * _ellipsoid(0, 0.95, 0.24, 0.45)
    for index, reach in enumerate((0.62, 0.80, 0.86, 0.78, 0.60)):
        at = -0.56 + 0.28 * index
        image += 800 * _ellipsoid(at, 0.30 - reach * 0.62, 0.12, 0.40)
        for joint in range(4):
            middle = 0.42 - joint * reach * 0.33
            image += 900 * _ellipsoid(at * (0.75 + joint * 0.08), middle, 0.045, 0.13)
    return image
