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


def windowed(values: Values, window: Window, function: str) -> Values:
    """0 to 255 by a VOI window: LINEAR, LINEAR_EXACT or SIGMOID (PS3.3 C.11.2.1.2 and .3)."""
    center, width = window.center, window.width
    if function == "SIGMOID":
        shown = 255 / (1 + np.exp(np.clip(-4 * (values - center) / width, -500, 500)))
    elif function == "LINEAR_EXACT":
        shown = ((values - center) / width + 0.5) * 255
    elif width <= 1:
        shown = np.where(values > center - 0.5, 255.0, 0.0)
    else:
        shown = ((values - (center - 0.5)) / (width - 1) + 0.5) * 255
    return np.clip(shown, 0, 255)


def usable(window: Window, function: str) -> bool:
    """Whether the window's width is one that its function allows."""
    finite = np.isfinite(window.center) and np.isfinite(window.width)
    return bool(finite) and (window.width >= 1 or (function != "LINEAR" and window.width > 0))


def automatic(values: Array) -> Window:
    """A window over what is there, a thousandth at either end left out."""
    flat = values.ravel()
    if len(flat) > 1 << 18:
        flat = flat[:: len(flat) >> 18]
    flat = flat[np.isfinite(flat)]
    low, high = np.percentile(flat, (0.1, 99.9), method="nearest") if len(flat) else (0.0, 1.0)
    # LINEAR shows center - 0.5 ± (width - 1) / 2, so that low is black and high is white.
    width = max(float(high - low) + 1, 1.0)
    center = float(low + high) / 2 + 0.5
    return Window(center=center, width=width, explanation="automatic")
