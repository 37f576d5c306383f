"""A thorax phantom as a CT would see it, in Hounsfield units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, RLELossless

from core.demo.canvas import Canvas
from core.demo.objects import (
    Instances,
    Series,
    Study,
    acquired,
    code,
    pixels,
    private_block,
    reference,
    volume_position,
)

SIZE = 256
SPACING = 1.5
"""Millimetres between pixels."""
THICKNESS = 5.0
AIR, LUNG, FAT, TISSUE, BLOOD, LIVER, BONE = -1000, -850, -90, 40, 180, 95, 700
SOFT_TISSUE = (["40", "-600"], ["400", "1500"], ["SOFT TISSUE", "LUNG"])
LUNG_FIRST = (["-600", "40"], ["1500", "400"], ["LUNG", "SOFT TISSUE"])


def study_of(study: Study, slices: int = 32) -> list[Dataset]:
    """Two series: soft tissue with `slices` slices, and the lungs in RLE, half as many."""
    soft = list(series(Series(study, 2, "CT", "Thorax 5.0 B31f"), slices, noise=12, seed=1))
    lung = Series(study, 3, "CT", "Thorax 5.0 B60f RLE")
    sharp = list(series(lung, slices // 2, noise=30, seed=2, kernel="B60f"))
    for ds, source in zip(sharp, soft[::2], strict=True):
        ds.WindowCenter, ds.WindowWidth, ds.WindowCenterWidthExplanation = LUNG_FIRST
        ds.SourceImageSequence = Sequence([reference(source)])
        ds.compress(RLELossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
    return soft + sharp


def series(
    series: Series, slices: int, *, noise: float, seed: int, kernel: str = "B31f"
) -> Instances:
    """Axial slices from the apex down."""
    random = np.random.default_rng(seed)
    # One field of noise, shifted from slice to slice, costs less than one for each.
    grain = random.normal(0, noise, (SIZE + slices * 4, SIZE)).astype(np.float32)
    for index in range(slices):
        ds = series.instance(CTImageStorage)
        hounsfield = phantom((index + 0.5) / slices) + grain[index * 4 : index * 4 + SIZE]
        stored = np.clip(hounsfield + 1024.5, 0, 4095).astype(np.uint16)
        acquired(ds, series.study, ("ORIGINAL", "PRIMARY", "AXIAL"))
        pixels(ds, stored, 12)
        volume_position(ds, series, SPACING, THICKNESS, -index * THICKNESS)
        _ct_image(ds, kernel)
        private_block(ds, "phantom slice", [index / slices, noise])
        yield ds


def _ct_image(ds: Dataset, kernel: str) -> None:
    """CT image module, PS3.3 C.8.2.1, and the codes of the procedure."""
    ds.PatientPosition = "HFS"
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = -1024, 1, "HU"
    ds.WindowCenter, ds.WindowWidth, ds.WindowCenterWidthExplanation = SOFT_TISSUE
    ds.KVP, ds.XRayTubeCurrent, ds.ExposureTime = 120, 210, 500
    ds.ConvolutionKernel = kernel
    ds.GantryDetectorTilt = 0
    ds.TableHeight = 150
    ds.ReconstructionDiameter = SIZE * SPACING
    ds.ProcedureCodeSequence = Sequence([code("24627-2", "LN", "Chest CT")])


def phantom(z: float) -> NDArray[np.float32]:
    """Hounsfield units of the slice at `z`, 0 at the apex to 1 under the diaphragm."""
    canvas = Canvas(SIZE, AIR)
    draw = canvas.fill
    width = 0.72 + 0.12 * np.sin(np.pi * min(1.0, z * 1.4))
    draw(FAT, 0, 0, width, 0.60)
    draw(TISSUE, 0, 0, width - 0.05, 0.55)
    lungs = float(np.sqrt(max(0.0, 1 - (1.9 * z - 0.9) ** 2)))
    if lungs > 0.05:
        draw(LUNG, -0.36, -0.02, 0.27 * lungs, 0.44 * lungs)
        draw(LUNG, 0.37, -0.02, 0.25 * lungs, 0.42 * lungs)
        _vessels(canvas, z, lungs)
    if z > 0.35:
        draw(TISSUE + 10, 0.10, -0.16, 0.24, 0.20)
        draw(BLOOD, 0.14, -0.18, 0.13, 0.11)
    if z > 0.75:
        draw(LIVER, -0.26, -0.02, 0.42 * (z - 0.5), 0.36)
    draw(BLOOD, 0.07, 0.24, 0.055, 0.055)
    draw(AIR if z < 0.4 else TISSUE, 0, 0.02, 0.035, 0.03)
    _bones(canvas, z)
    return canvas.image


def _vessels(canvas: Canvas, z: float, lungs: float) -> None:
    draw = canvas.fill
    for index in range(10):
        angle = index * 2.4 + z * 3
        reach = 0.07 + 0.016 * index
        side = -0.36 if index % 2 else 0.37
        draw(TISSUE, side + reach * np.cos(angle) * lungs, reach * np.sin(angle), 0.012, 0.012)
    if 0.42 < z < 0.55:
        draw(TISSUE + 5, -0.42, -0.12, 0.035, 0.035)


def _bones(canvas: Canvas, z: float) -> None:
    draw = canvas.fill
    draw(BONE, 0, 0.37, 0.10, 0.085)
    draw(BONE - 500, 0, 0.37, 0.075, 0.06)
    draw(TISSUE - 20, 0, 0.475, 0.035, 0.03)
    draw(BONE - 300, 0, 0.535, 0.03, 0.035)
    draw(BONE - 250, 0, -0.50, 0.07, 0.025)
    for index in range(12):
        angle = np.pi * (0.16 * (index % 6) + 0.13 + 0.1 * ((z * 9) % 1))
        side = -1 if index < 6 else 1
        draw(BONE - 150, side * 0.70 * np.sin(angle), 0.50 * np.cos(angle), 0.035, 0.022)
