"""Segmentations and registrations in tables (PS3.3 C.8.20.2, C.8.23.1, C.20.2, C.20.3)."""

from __future__ import annotations

from collections import Counter

import numpy as np
from pydicom.dataset import Dataset

from core.documents.general import refer
from core.documents.outline import Outline, joined
from core.documents.words import (
    class_name,
    code,
    item,
    items,
    number,
    numbers,
    plain,
    several,
    text,
    whole,
)

MAX_FRAMES = 2000
"""Frames up to which those of each segment are counted."""
_SEGMENTATION = (
    *("ContentLabel", "ContentDescription", "ContentCreatorName", "ContentDate", "ContentTime"),
    *("SegmentationType", "SegmentationFractionalType", "MaximumFractionalValue"),
    *("SegmentsOverlap", "NumberOfSurfaces", "SeriesDescription", "Manufacturer"),
)
_COLUMNS = (
    *("Segment", "Label", "Category", "Type", "Site", "Made", "Colour", "Frames", "Surface"),
    *("Description", "Tracking"),
)
_KEYWORDS = ("", "SegmentLabel", *[""] * 7, "SegmentDescription", "TrackingID")
_REGISTRATION = (
    *("ContentLabel", "ContentDescription", "ContentCreatorName", "ContentDate", "ContentTime"),
    *("FrameOfReferenceUID", "SeriesDescription", "Manufacturer"),
)


def fill_segments(outline: Outline, ds: Dataset) -> None:
    """Its label, each segment, and the images that were segmented."""
    outline.title = class_name(text(ds, "SOPClassUID"))
    outline.heading(0, outline.title)
    outline.attributes(1, ds, *_SEGMENTATION)
    segments = items(ds, "SegmentSequence")
    outline.heading(0, "Segments", f"{len(segments):,}")
    frames, surfaces = _frames(ds), _surfaces(ds)
    rows = [_segment(one, frames, surfaces.get(text(one, "SegmentNumber"), "")) for one in segments]
    outline.table(1, _COLUMNS, rows, keywords=_KEYWORDS)
    refer(outline, _source(ds))


def _segment(one: Dataset, frames: Counter[str], surface: str) -> tuple[str, ...]:
    label = text(one, "SegmentNumber")
    return (
        label,
        text(one, "SegmentLabel"),
        code(one, "SegmentedPropertyCategoryCodeSequence").words,
        code(one, "SegmentedPropertyTypeCodeSequence").words,
        code(one, "AnatomicRegionSequence").words,
        joined(
            text(one, "SegmentAlgorithmType").lower(), text(one, "SegmentAlgorithmName"), by=": "
        ),
        _colour(one),
        f"{frames[label]:,}" if frames else "",
        surface,
        text(one, "SegmentDescription"),
        text(one, "TrackingID"),
    )


def _frames(ds: Dataset) -> Counter[str]:
    """Frames of each segment; none where they are too many to count."""
    if whole(ds, "NumberOfFrames") > MAX_FRAMES:
        return Counter()
    return Counter(
        text(item(frame, "SegmentIdentificationSequence"), "ReferencedSegmentNumber")
        for group in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
        for frame in items(ds, group)
        if "SegmentIdentificationSequence" in frame
    )


def _surfaces(ds: Dataset) -> dict[str, str]:
    """Points of each segment's surface (PS3.3 C.27.1, C.8.23.1)."""
    sizes = {
        text(one, "SurfaceNumber"): whole(
            item(one, "SurfacePointsSequence"), "NumberOfSurfacePoints"
        )
        for one in items(ds, "SurfaceSequence")
    }
    return {
        text(one, "SegmentNumber"): joined(
            *(
                several(sizes.get(text(used, "ReferencedSurfaceNumber"), 0), "point")
                for used in items(one, "ReferencedSurfaceSequence")
            )
        )
        for one in items(ds, "SegmentSequence")
    }


def _colour(one: Dataset) -> str:
    """Recommended colour as `#rrggbb`, of CIELab values or of a grey (PS3.3 C.10.7.1.1)."""
    lab = numbers(one, "RecommendedDisplayCIELabValue")
    if len(lab) == 3:
        light, a, b = lab[0] * 100 / 65535, *(part * 255 / 65535 - 128 for part in lab[1:])
        return "#" + "".join(f"{part:02x}" for part in _rgb(light, a, b))
    grey = number(one, "RecommendedDisplayGrayscaleValue")
    return "" if grey is None else "#" + f"{int(min(max(grey, 0), 65535)) >> 8:02x}" * 3


def _rgb(light: float, a: float, b: float) -> list[int]:
    """CIE 1976 L*a*b* of D50 as sRGB (IEC 61966-2-1, Bradford adapted)."""
    middle = (light + 16) / 116
    parts = np.array([middle + a / 500, middle, middle - b / 200])
    xyz = np.where(parts > 6 / 29, parts**3, 3 * (6 / 29) ** 2 * (parts - 4 / 29))
    linear = _TO_SRGB @ (xyz * _D50)
    coded = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055
    )
    return [int(part) for part in np.rint(np.clip(coded, 0, 1) * 255)]


_D50 = np.array([0.96422, 1.0, 0.82521])
_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def _source(ds: Dataset) -> Dataset:
    """What was segmented, said once for all: each frame names its own part again."""
    out = Dataset()
    for keyword in ("ReferencedSeriesSequence", "SourceImageSequence", "ReferencedImageSequence"):
        if keyword in ds:
            setattr(out, keyword, items(ds, keyword))
    return out if len(out) else ds


def fill_registration(outline: Outline, ds: Dataset) -> None:
    """Which frames of reference are brought together, by which matrices or which grid."""
    outline.title = class_name(text(ds, "SOPClassUID"))
    outline.heading(0, outline.title)
    outline.attributes(1, ds, *_REGISTRATION)
    found = items(ds, "RegistrationSequence") or items(ds, "DeformableRegistrationSequence")
    for place, one in enumerate(found, start=1):
        outline.heading(0, f"Registration {place}", several(_images(one), "image"))
        outline.attributes(1, one, "FrameOfReferenceUID", "SourceFrameOfReferenceUID")
        for registered in items(one, "MatrixRegistrationSequence"):
            outline.attributes(1, registered, "RegistrationTypeCodeSequence")
            _matrices(outline, registered, "MatrixSequence", "Matrix")
        _matrices(outline, one, "PreDeformationMatrixRegistrationSequence", "Before the grid")
        _grid(outline, item(one, "DeformableRegistrationGridSequence"))
        _matrices(outline, one, "PostDeformationMatrixRegistrationSequence", "After the grid")
    refer(outline, ds)


def _images(one: Dataset) -> int:
    return len(items(one, "ReferencedImageSequence"))


def _matrices(outline: Outline, holder: Dataset, sequence: str, label: str) -> None:
    """Each as four rows: it takes points of this frame of reference to the registered one."""
    for matrix in items(holder, sequence):
        values = numbers(matrix, "FrameOfReferenceTransformationMatrix")
        kind = text(matrix, "FrameOfReferenceTransformationMatrixType").lower()
        outline.add(1, label, kind or "matrix")
        if len(values) != 16:
            outline.note(2, f"{len(values)} numbers are no matrix of four by four")
            continue
        rows = [[f"{part:.6g}" for part in values[at : at + 4]] for at in range(0, 16, 4)]
        outline.table(2, ("x", "y", "z", "shift mm"), rows)


def _grid(outline: Outline, grid: Dataset) -> None:
    size = numbers(grid, "GridDimensions")
    if size:
        spacing = " × ".join(plain(step) for step in numbers(grid, "GridResolution"))
        counts = " × ".join(plain(count) for count in size)
        outline.add(1, "Grid", joined(counts, f"{spacing} mm" if spacing else ""))
