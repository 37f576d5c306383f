"""Presentation states in words: images, windows, shutters, annotations (PS3.3 A.33, C.10, C.11)."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from core.documents import general
from core.documents.outline import Outline, joined, listed
from core.documents.words import class_name, items, numbers, plain, references, several, text
from core.model.documents import ObjectReference

CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.11.{number}" for number in range(1, 13))
"""SOP classes of all presentation states (PS3.4 B.5)."""
_EDGES = (
    *("ShutterLeftVerticalEdge", "ShutterRightVerticalEdge"),
    *("ShutterUpperHorizontalEdge", "ShutterLowerHorizontalEdge"),
)


def fill(outline: Outline, ds: Dataset) -> None:
    """What it is, which images it is for, and what it makes of them."""
    kind = class_name(text(ds, "SOPClassUID"))
    outline.title = text(ds, "ContentLabel") or kind
    outline.heading(0, kind)
    outline.attributes(
        1,
        ds,
        *("ContentLabel", "ContentDescription", "ContentCreatorName"),
        *("PresentationCreationDate", "PresentationCreationTime"),
    )
    _display(outline, ds)
    _layers(outline, ds)
    for number, annotation in enumerate(items(ds, "GraphicAnnotationSequence"), 1):
        _annotation(outline, annotation, number)
    images = list(_images(ds))
    outline.refer_all(0, "Images", images)
    if not images:
        general.refer(outline, ds)


def _images(ds: Dataset) -> Iterator[ObjectReference]:
    for series in items(ds, "ReferencedSeriesSequence"):
        yield from references(
            [series],
            "ReferencedImageSequence",
            study=text(ds, "StudyInstanceUID"),
            series=text(series, "SeriesInstanceUID"),
        )


def _display(outline: Outline, ds: Dataset) -> None:
    """Values, window, turn, area and shutter."""
    outline.heading(0, "Display")
    slope = text(ds, "RescaleSlope")
    if slope:
        unit = text(ds, "RescaleType")
        words = joined(f"times {slope}, plus {text(ds, 'RescaleIntercept')}", unit)
        outline.add(1, "Values", words)
    for window in items(ds, "SoftcopyVOILUTSequence"):
        outline.add(1, "Window", joined(_window(window), _for_images(window)))
    outline.attributes(1, ds, "PresentationLUTShape")
    turned = joined(
        f"{text(ds, 'ImageRotation')}° clockwise" if any(numbers(ds, "ImageRotation")) else "",
        "then flipped left to right" if text(ds, "ImageHorizontalFlip") == "Y" else "",
    )
    if turned:
        outline.add(1, "Turned", turned)
    for area in items(ds, "DisplayedAreaSelectionSequence"):
        outline.add(1, "Area", joined(_area(area), _for_images(area)))
    for shape in filter(None, text(ds, "ShutterShape").split("\\")):
        outline.add(1, "Shutter", _shutter(ds, shape))


def _window(window: Dataset) -> str:
    if items(window, "VOILUTSequence"):
        return "a table of values"
    explained = listed(text(window, "WindowCenterWidthExplanation"))
    center, width = (listed(text(window, f"Window{part}")) for part in ("Center", "Width"))
    function = text(window, "VOILUTFunction")
    return joined(f"center {center}, width {width}", explained, function)


def _for_images(item: Dataset) -> str:
    """Which images an item is for, where not for all (PS3.3 C.11.8)."""
    count = len(items(item, "ReferencedImageSequence"))
    return f"for {several(count, 'image')}" if count else ""


def _area(area: Dataset) -> str:
    corners = [
        listed(text(area, f"DisplayedArea{corner}HandCorner"))
        for corner in ("TopLeft", "BottomRight")
    ]
    mode = text(area, "PresentationSizeMode").lower()
    zoom = text(area, "PresentationPixelMagnificationRatio")
    return joined(f"from ({corners[0]}) to ({corners[1]})", mode, f"zoom {zoom}" if zoom else "")


def _shutter(ds: Dataset, shape: str) -> str:
    """A shutter by its shape (PS3.3 C.7.6.11, C.7.6.15)."""
    if shape == "RECTANGULAR":
        left, right, top, bottom = (text(ds, edge) for edge in _EDGES)
        return f"rectangle, columns {left} to {right}, rows {top} to {bottom}"
    if shape == "CIRCULAR":
        center = listed(text(ds, "CenterOfCircularShutter"))
        return f"circle around row, column {center}, radius {text(ds, 'RadiusOfCircularShutter')}"
    if shape == "POLYGONAL":
        corners = len(numbers(ds, "VerticesOfThePolygonalShutter")) // 2
        return f"polygon of {several(corners, 'corner')}"
    return shape.lower()


def _layers(outline: Outline, ds: Dataset) -> None:
    layers = items(ds, "GraphicLayerSequence")
    keywords = ("GraphicLayer", "GraphicLayerOrder", "GraphicLayerDescription")
    rows = [[text(layer, keyword) for keyword in keywords] for layer in layers]
    if rows:
        outline.heading(0, "Layers")
        outline.table(1, ("Layer", "Order", "Description"), rows, keywords=keywords)


def _annotation(outline: Outline, annotation: Dataset, number: int) -> None:
    """Texts and shapes of one layer (PS3.3 C.10.5)."""
    layer = text(annotation, "GraphicLayer")
    outline.heading(0, f"Annotation {number}", joined(f"layer {layer}", _for_images(annotation)))
    for words in items(annotation, "TextObjectSequence"):
        outline.add(
            1,
            "Text",
            text(words, "UnformattedTextValue"),
            keyword="UnformattedTextValue",
        )
        outline.add(2, "at", _where(words))
    for shape in items(annotation, "GraphicObjectSequence"):
        points = numbers(shape, "GraphicData")
        drawn = f"{text(shape, 'GraphicType').lower()}, {several(len(points) // 2, 'point')}"
        filled = "filled" if text(shape, "GraphicFilled") == "Y" else ""
        outline.add(1, "Shape", joined(drawn, filled, _span(points)))
    for shape in items(annotation, "CompoundGraphicSequence"):
        outline.add(1, "Shape", text(shape, "CompoundGraphicType").lower())


def _where(words: Dataset) -> str:
    anchor = numbers(words, "AnchorPoint")
    if anchor:
        return f"({joined(*map(plain, anchor))})"
    return _span(
        numbers(words, "BoundingBoxTopLeftHandCorner")
        + numbers(words, "BoundingBoxBottomRightHandCorner")
    )


def _span(points: list[float]) -> str:
    """The smallest box around points: columns and rows, or parts of the display."""
    columns, rows = points[0::2], points[1::2]
    if not rows:
        return ""
    return (
        f"from ({plain(min(columns))}, {plain(min(rows))})"
        f" to ({plain(max(columns))}, {plain(max(rows))})"
    )
