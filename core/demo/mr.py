"""A head as an MR would see it, weighted three ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import MRImageStorage

from core.demo.canvas import Canvas
from core.demo.objects import (
    Instances,
    Series,
    Study,
    acquired,
    pixels,
    private_block,
    reference,
    volume_position,
)

SIZE = 192
# Brightness of scalp, skull, grey matter, white matter and fluid; echo, repetition, inversion time.
WEIGHTINGS = {
    "T1 SE": ((900, 60, 430, 620, 120), (12, 550, 0)),
    "T2 TSE": ((600, 50, 520, 380, 1000), (98, 4200, 0)),
    "T2 FLAIR": ((620, 50, 560, 430, 90), (110, 8500, 2440)),
}


def study_of(study: Study, slices: int, weightings: tuple[str, ...]) -> list[Dataset]:
    """One series of `slices` slices for each weighting."""
    made: list[Dataset] = []
    for number, weighting in enumerate(weightings, start=1):
        head = Series(study, number, "MR", weighting)
        made += series(head, slices, weighting, made[: slices if number > 1 else 0])
    return made


def series(series: Series, slices: int, weighting: str, planned_on: list[Dataset]) -> Instances:
    """Axial slices from the skull base up; each refers to the slice it was planned on."""
    brightness, times = WEIGHTINGS[weighting]
    random = np.random.default_rng(len(weighting))
    grain = np.abs(random.normal(0, 18, (SIZE + slices * 4, SIZE))).astype(np.float32)
    for index in range(slices):
        ds = series.instance(MRImageStorage)
        image = head((index + 0.5) / slices, brightness) + grain[index * 4 : index * 4 + SIZE]
        acquired(ds, series.study, ("ORIGINAL", "PRIMARY", "OTHER"))
        pixels(ds, np.clip(image, 0, 4095).astype(np.uint16), 12)
        volume_position(ds, series, 1.2, 5.0, index * 6.0)
        _mr_image(ds, times)
        private_block(ds, weighting, [float(value) for value in times])
        if planned_on:
            ds.ReferencedImageSequence = Sequence([reference(planned_on[index])])
        yield ds


def _mr_image(ds: Dataset, times: tuple[int, int, int]) -> None:
    """MR image module, PS3.3 C.8.3.1."""
    ds.PatientPosition = "HFS"
    ds.ScanningSequence, ds.SequenceVariant = ["SE", "IR"] if times[2] else "SE", "SK"
    ds.ScanOptions, ds.MRAcquisitionType = "", "2D"
    ds.EchoTime, ds.RepetitionTime = times[0], times[1]
    if times[2]:
        ds.InversionTime = times[2]
    ds.EchoTrainLength, ds.FlipAngle, ds.MagneticFieldStrength = 1, 90, 1.5
    ds.ImagedNucleus, ds.SpacingBetweenSlices = "1H", 6
    ds.WindowCenter, ds.WindowWidth = 500, 1100


def head(z: float, brightness: tuple[int, ...]) -> NDArray[np.float32]:
    """Signal of the slice at `z`, 0 at the skull base to 1 at the vertex."""
    scalp, skull, grey, white, fluid = brightness
    canvas = Canvas(SIZE, 0)
    x, y = canvas.x, canvas.y
    scale = float(np.sqrt(max(0.05, 1 - (1.25 * z - 0.45) ** 2)))

    def draw(value: float, cx: float, cy: float, rx: float, ry: float) -> None:
        canvas.fill(value, cx * scale, cy * scale, rx * scale, ry * scale)

    draw(scalp, 0, 0, 0.74, 0.90)
    draw(skull, 0, 0, 0.70, 0.86)
    draw(fluid, 0, 0, 0.65, 0.81)
    folds = 0.60 + 0.03 * np.sin(13 * np.arctan2(y, x) + 8 * z)
    canvas.image[(x / (folds * scale)) ** 2 + (y / ((folds + 0.16) * scale)) ** 2 < 1] = grey
    draw(white, -0.25, 0, 0.24, 0.58)
    draw(white, 0.25, 0, 0.24, 0.58)
    if 0.3 < z < 0.75:
        for side in (-1, 1):
            draw(fluid, side * 0.10, -0.14, 0.07, 0.22)
            draw(fluid, side * 0.16, 0.22, 0.08, 0.16)
            draw(grey + 60, side * 0.20, 0.02, 0.08, 0.13)
    return canvas.image
