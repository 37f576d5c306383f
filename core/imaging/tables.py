"""Look-up tables and windows: from stored values to eight bits (PS3.3 C.11.1, C.11.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from core.model import Window

Values = NDArray[np.float64]
Array = NDArray[Any]


class Lut(Struct, frozen=True):
    """A look-up table: `first` is the input value of the first entry, `bits` the output's width."""

    first: int
    bits: int
    entries: Array

    def apply(self, values: Values) -> Values:
        """Look up; what lies outside takes the first or last entry."""
        index = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        found: Values = self.entries[index.astype(np.intp)].astype(np.float64)
        return found


def lut_of(item: Any, signed_input: bool) -> Lut | None:
    """The table in an item of a Modality or VOI LUT Sequence, None where it is no table."""
    try:
        count, first, bits = (int(value) for value in item.LUTDescriptor)
        data = item.LUTData
    except (AttributeError, TypeError, ValueError):
        return None
    count = count % 65536 or 65536
    if isinstance(data, bytes):
        # Tables of 8 bits are packed two in a word where there are no more bytes than entries.
        kind = np.dtype(np.uint8) if len(data) in (count, count + 1) else np.dtype("<u2")
        entries = np.frombuffer(data, kind, len(data) // kind.itemsize)
    else:
        entries = np.atleast_1d(np.asarray(data, dtype=np.int64)) & 0xFFFF
    if not len(entries) or not 1 <= bits <= 16:
        return None
    if signed_input and first > 32767:
        first -= 65536
    return Lut(first, bits, entries[:count])


def first_lut(ds: Any, keyword: str, signed_input: bool) -> Lut | None:
    """The table in the first item of a sequence, None where there is none."""
    sequence: Any = ds.get(keyword)
    return lut_of(sequence[0], signed_input) if sequence else None


_LEAST_WIDTH = 1e-30


def windowed(values: Values, window: Window, function: str) -> Values:
    """0 to 255 by a VOI window: LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2.1.2 and .3).

    LINEAR is not defined for widths below 1, which values that are no whole numbers need: such a
    window is taken as exact.
    """
    center, width = window.center, window.width
    if function == "SIGMOID":
        shown = 255 / (1 + np.exp(np.clip(-4 * (values - center) / width, -500, 500)))
    elif function == "LINEAR_EXACT" or width < 1:
        shown = ((values - center) / width + 0.5) * 255
    elif width == 1:
        shown = np.where(values > center - 0.5, 255.0, 0.0)
    else:
        shown = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255
    return np.clip(shown, 0, 255)


def usable(window: Window) -> bool:
    """Whether there is a picture through the window."""
    return bool(np.isfinite(window.center) and np.isfinite(window.width)) and (
        window.width >= _LEAST_WIDTH
    )


def automatic(values: Array) -> Window:
    """A window over what is there, a thousandth at either end left out."""
    flat = values.ravel()
    if len(flat) > 1 << 18:
        flat = flat[:: len(flat) >> 18]
    flat = flat[np.isfinite(flat)]
    low, high = np.percentile(flat, (0.1, 99.9), method="nearest") if len(flat) else (0.0, 1.0)
    low, high = float(low), float(high)
    if low.is_integer() and high.is_integer():
        # LINEAR shows center - 0.5 ± (width - 1) / 2, so that low is black and high is white.
        center, width, function = (low + high) / 2 + 0.5, high - low + 1, "LINEAR"
    else:
        center, width, function = (low + high) / 2, high - low, "LINEAR_EXACT"
    width = max(width, _LEAST_WIDTH)
    return Window(center=center, width=width, explanation="automatic", function=function)
