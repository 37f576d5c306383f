"""RT structure sets in a table: each region with its outline and volume (PS3.3 C.8.8.5 on)."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.documents.general import refer
from core.documents.outline import Outline
from core.documents.words import SEPARATOR, items, number, numbers, plain, raw, text

_SET = (
    *("StructureSetLabel", "StructureSetName", "StructureSetDescription", "StructureSetDate"),
    *("StructureSetTime", "ApprovalStatus", "ReviewDate", "ReviewTime", "ReviewerName"),
)
_COLUMNS = (
    *("ROI", "Name", "Type", "Colour", "Contours", "Points", "Planes", "Volume cm³"),
    *("Made", "Description"),
)
_KEYWORDS = ("", "ROIName", "", "", "", "", "", "", "", "ROIDescription")
Points = NDArray[np.float64]


class Shape(Struct, frozen=True):
    """What the contours of a region come to; `volume` in cm³, None where it cannot be had."""

    contours: int = 0
    points: int = 0
    planes: int = 0
    volume: float | None = None


def fill(outline: Outline, ds: Dataset) -> None:
    """Label and approval, the regions, and the images that they were drawn on."""
    outline.title = "RT Structure Set"
    outline.heading(0, "Structure set")
    outline.attributes(1, ds, *_SET)
    drawn = {text(one, "ReferencedROINumber"): one for one in items(ds, "ROIContourSequence")}
    seen = {text(one, "ReferencedROINumber"): one for one in items(ds, "RTROIObservationsSequence")}
    regions = items(ds, "StructureSetROISequence")
    outline.heading(0, "Regions of interest", f"{len(regions):,}")
    rows = [
        _row(
            region,
            drawn.get(text(region, "ROINumber"), Dataset()),
            seen.get(text(region, "ROINumber"), Dataset()),
        )
        for region in regions
    ]
    outline.table(1, _COLUMNS, rows, keywords=_KEYWORDS)
    if any(row[_COLUMNS.index("Volume cm³")].startswith("≈") for row in rows):
        outline.note(
            1, "≈ volumes are reckoned here: areas of the contours by their planes' spacing"
        )
    refer(outline, _without_contours(ds))


def _without_contours(ds: Dataset) -> Dataset:
    """The images of the frame of reference: each contour names its own one again."""
    out = Dataset()
    for keyword in ("ReferencedFrameOfReferenceSequence", "PredecessorStructureSetSequence"):
        if keyword in ds:
            setattr(out, keyword, items(ds, keyword))
    return out


def _row(region: Dataset, drawn: Dataset, seen: Dataset) -> tuple[str, ...]:
    shape = shape_of(drawn)
    stated = number(region, "ROIVolume")
    volume = plain(stated) if stated is not None else ""
    if not volume and shape.volume is not None:
        volume = f"≈ {plain(shape.volume)}"
    return (
        text(region, "ROINumber"),
        text(region, "ROIName"),
        text(seen, "RTROIInterpretedType").lower(),
        colour(numbers(drawn, "ROIDisplayColor")),
        f"{shape.contours:,}",
        f"{shape.points:,}",
        f"{shape.planes:,}" if shape.planes else "",
        volume,
        text(region, "ROIGenerationAlgorithm").lower(),
        text(region, "ROIDescription"),
    )


def colour(parts: list[float]) -> str:
    """Red, green and blue as it is written: `#ff8000`; empty where it is no colour."""
    if len(parts) != 3 or not all(0 <= part <= 255 for part in parts):
        return ""
    return "#" + "".join(f"{int(part):02x}" for part in parts)


def shape_of(drawn: Dataset) -> Shape:
    """The contours of one region together (PS3.3 C.8.8.6)."""
    contours = [(text(one, "ContourGeometricType"), _points(one)) for one in _contours(drawn)]
    closed = [points for kind, points in contours if kind.startswith("CLOSED")]
    heights = sorted({round(float(points[0, 2]), 3) for points in closed if len(points)})
    return Shape(
        contours=len(contours),
        points=sum(len(points) for _, points in contours),
        planes=len(heights),
        volume=_volume(closed, heights) if len(closed) == len(contours) else None,
    )


def _contours(drawn: Dataset) -> list[Dataset]:
    return items(drawn, "ContourSequence")


def _points(contour: Dataset) -> Points:
    """Shape (points, 3), in mm; none where they are damaged."""
    parts = raw(contour, "ContourData").strip(b"\0 ").split(SEPARATOR.encode())
    try:
        values = np.array(parts, dtype="S").astype(np.float64)
    except ValueError:
        return np.empty((0, 3))
    if not np.isfinite(values).all():
        return np.empty((0, 3))
    return values[: len(values) // 3 * 3].reshape(-1, 3)


def _volume(closed: list[Points], heights: list[float]) -> float | None:
    """In cm³, of contours in at least two axial planes of even spacing; else None."""
    flat = [points for points in closed if len(points) >= 3]
    if len(heights) < 2 or any(np.ptp(points[:, 2]) > 0.01 for points in flat):
        return None
    steps = np.diff(heights)
    if np.ptp(steps) > 0.05 * steps.min():
        return None
    planes: dict[float, list[Points]] = {}
    for points in flat:
        planes.setdefault(round(float(points[0, 2]), 3), []).append(points[:, :2])
    return float(sum(_area(plane) for plane in planes.values()) * steps.mean() / 1000)


def _area(plane: list[Points]) -> float:
    """In mm²; a contour within another is a hole in it."""
    area = 0.0
    for points in plane:
        around = sum(_is_within(points[0], other) for other in plane if other is not points)
        area += -_shoelace(points) if around % 2 else _shoelace(points)
    return area


def _shoelace(points: Points) -> float:
    x, y = (points - points[0]).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _is_within(point: Points, polygon: Points) -> bool:
    """Whether a ray to the right crosses the polygon an odd number of times."""
    (x, y), (x1, y1) = point, polygon.T
    x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
    crosses = (y1 > y) != (y2 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        where = x1 + (y - y1) / (y2 - y1) * (x2 - x1)
    return bool(np.count_nonzero(crosses & (where > x)) % 2)
