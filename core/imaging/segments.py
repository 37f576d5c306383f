"""Which segments a frame of a segmentation shows, and in which colours (PS3.3 C.8.20)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.imaging.frame import FrameAttributes, floats, texts
from core.imaging.layout import Array

Bytes = NDArray[np.uint8]

_NAMED = 4
"""Segments that are named in words; of more than these their number is told."""
_OTHERS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#46f0f0", "#f032e6", "#bcf60c")
"""Colours for segments that recommend none."""
# From XYZ under D50 to linear sRGB, the white adapted by Bradford.
_TO_RGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
_WHITE = np.array([0.9642, 1.0, 0.8249])


def is_label_map(ds: Dataset) -> bool:
    """Whether pixels are the numbers of segments."""
    return str(ds.get("SegmentationType", "") or "").strip() == "LABELMAP"


def described(attributes: FrameAttributes, array: Array) -> str:
    """The segments of a frame by number, label and colour; empty where it is no segmentation."""
    ds = attributes.ds
    segments = _by_number(ds)
    if not segments:
        return ""
    if is_label_map(ds):
        there = [int(number) for number in np.unique(array) if int(number) in segments]
        named = [_words(number, segments[number]) for number in there[:_NAMED]]
        more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
        return ", ".join(named) + more
    numbers = attributes.floats("SegmentIdentificationSequence", "ReferencedSegmentNumber")
    return ", ".join(
        _words(int(number), segments[int(number)]) for number in numbers if int(number) in segments
    )


def coloured(ds: Dataset, array: Array) -> Bytes:
    """A label map with each segment in its colour, and black where there is none."""
    segments = _by_number(ds)
    highest = max(int(array.max(initial=0)), 1)
    table = np.zeros((highest + 1, 3), np.uint8)
    for number, item in segments.items():
        if 0 < number <= highest:
            table[number] = _rgb(number, item)
    shown: Bytes = table[np.clip(array, 0, highest)]
    return shown


def _by_number(ds: Dataset) -> dict[int, Dataset]:
    found: dict[int, Dataset] = {}
    items: Any = ds.get("SegmentSequence")
    for item in items or ():
        number = floats(item.get("SegmentNumber"))
        if number:
            found[int(number[0])] = item
    return found


def _words(number: int, item: Dataset) -> str:
    label = next(iter(texts(item.get("SegmentLabel"))), "").strip()
    red, green, blue = _rgb(number, item)
    return f"segment {number} {label} #{red:02x}{green:02x}{blue:02x}".replace("  ", " ")


def _rgb(number: int, item: Dataset) -> tuple[int, int, int]:
    lab = floats(item.get("RecommendedDisplayCIELabValue"))
    if len(lab) == 3:
        return from_cielab(lab)
    word = _OTHERS[number % len(_OTHERS)]
    return int(word[1:3], 16), int(word[3:5], 16), int(word[5:7], 16)


def from_cielab(encoded: list[float]) -> tuple[int, int, int]:
    """The sRGB of a colour as DICOM encodes it: L*, a*, b* in 16 bits each (PS3.3 C.10.7.1.1)."""
    lightness = encoded[0] / 65535 * 100
    a, b = (value / 65535 * 255 - 128 for value in encoded[1:])
    y = (lightness + 16) / 116
    roots = np.array([y + a / 500, y, y - b / 200])
    xyz = _WHITE * np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29))
    linear = np.clip(_TO_RGB @ xyz, 0, 1)
    gamma = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    red, green, blue = (round(float(value) * 255) for value in gamma)
    return red, green, blue
