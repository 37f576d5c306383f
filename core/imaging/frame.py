"""What rules for one frame: attributes of the data set, and those of its functional groups.

Enhanced objects keep windows, rescaling and spacing per frame or shared (PS3.3 C.7.6.16).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from core.model import Window


class FrameAttributes:
    """Looks attributes up in the frame's own groups, then the shared ones, then the object."""

    def __init__(self, ds: Dataset, frame: int, groups: Dataset | None = None) -> None:
        """`groups` are those of the frame, where they are not in the data set."""
        self.ds, self.frame = ds, frame
        self._groups = [
            group
            for group in (
                groups or _item(ds, "PerFrameFunctionalGroupsSequence", frame),
                _item(ds, "SharedFunctionalGroupsSequence", 0),
            )
            if group is not None
        ]

    def place(self, macro: str, keyword: str) -> Dataset:
        """The data set that holds the attribute: an item of the macro, else the object itself."""
        for group in self._groups:
            item = _item(group, macro, 0)
            if item is not None and keyword in item:
                return item
        return self.ds

    def items(self, macro: str) -> list[Dataset]:
        """All items of the macro of the frame, else of those of the object itself."""
        for holder in (*self._groups, self.ds):
            sequence = holder.get(macro)
            if sequence:
                return [item for item in sequence if isinstance(item, Dataset)]
        return []

    def floats(self, macro: str, keyword: str) -> list[float]:
        """All values of an attribute as numbers; none where one of them is not."""
        return floats(self.place(macro, keyword).get(keyword))

    def text(self, macro: str, keyword: str) -> str:
        """The first value of an attribute as text, empty where there is none."""
        return next(iter(texts(self.place(macro, keyword).get(keyword))), "").strip()

    def rescale(self) -> tuple[float, float]:
        """(slope, intercept), 1 and 0 where none are given; a dose grid has a slope of its own."""
        macro = "PixelValueTransformationSequence"
        slope = (
            self.floats(macro, "RescaleSlope") or floats(self.ds.get("DoseGridScaling")) or [1.0]
        )
        intercept = self.floats(macro, "RescaleIntercept") or [0.0]
        return slope[0] or 1.0, intercept[0]

    def windows(self) -> tuple[tuple[Window, ...], str]:
        """The windows given, and the function they are meant for (PS3.3 C.11.2)."""
        place = self.place("FrameVOILUTSequence", "WindowCenter")
        centers, widths = floats(place.get("WindowCenter")), floats(place.get("WindowWidth"))
        said = texts(place.get("WindowCenterWidthExplanation"))
        said += [""] * (len(centers) - len(said))
        function = str(place.get("VOILUTFunction", "") or "LINEAR").strip().upper()
        made = (
            Window(center=center, width=width, explanation=text)
            for center, width, text in zip(centers, widths, said, strict=False)
        )
        return tuple(made), function

    def has_supplemental_palette(self) -> bool:
        """Whether a grey frame has values that stand for colours (PS3.3 C.8.16.2.1.1.1)."""
        if "RedPaletteColorLookupTableDescriptor" not in self.ds:
            return False
        said = {str(self.ds.get("PixelPresentation", "") or "")}
        for group in self._groups:
            for element in group:
                if element.VR == "SQ" and element.value and "FrameType" in element.keyword:
                    said.add(str(element.value[0].get("PixelPresentation", "") or ""))
        return bool(said & {"COLOR", "MIXED"})

    def aspect(self) -> float:
        """Height of a pixel by its width: Pixel Aspect Ratio, else the spacings; 1.0 if unknown."""
        for macro, keyword in (
            ("", "PixelAspectRatio"),
            ("PixelMeasuresSequence", "PixelSpacing"),
            ("", "ImagerPixelSpacing"),
            ("", "NominalScannedPixelSpacing"),
        ):
            values = self.floats(macro, keyword)
            if len(values) == 2 and min(values) > 0 and 0.05 < values[0] / values[1] < 20:
                return values[0] / values[1]
        return 1.0

    def frames_per_second(self) -> float:
        """The rate a cine is meant to be shown at, 0 where none is given (PS3.3 C.7.6.5)."""
        for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
            rate = floats(self.ds.get(keyword))
            if rate and rate[0] > 0:
                return rate[0]
        times = floats(self.ds.get("FrameTime")) or floats(self.ds.get("FrameTimeVector"))[1:]
        mean = sum(times) / len(times) if times else 0.0
        return 1000 / mean if mean > 0 else 0.0


def _item(ds: Dataset, keyword: str, index: int) -> Dataset | None:
    sequence = ds.get(keyword) if keyword else None
    if not sequence or not 0 <= index < len(sequence):
        return None
    found = sequence[index]
    return found if isinstance(found, Dataset) else None


def _values(value: Any) -> Iterator[Any]:
    if value is None or value == "":
        return
    if isinstance(value, (str, bytes, int, float)) or not hasattr(value, "__iter__"):
        yield value
    else:
        yield from value


def floats(value: Any) -> list[float]:
    """One value or several as finite numbers; none at all where one is not."""
    try:
        found = [float(item) for item in _values(value)]
    except (TypeError, ValueError):
        return []
    return found if all(np.isfinite(item) for item in found) else []


def texts(value: Any) -> list[str]:
    """One value or several as text."""
    return [str(item) for item in _values(value)]
