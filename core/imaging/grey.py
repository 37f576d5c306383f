"""The grey pipeline of one frame: modality LUT, VOI, presentation (PS3.4 N.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from core.imaging import tables
from core.imaging.frame import FrameAttributes, floats
from core.imaging.layout import Array, Layout
from core.imaging.meaning import Meaning
from core.model import Rendering, Window

Bytes = NDArray[np.uint8]


class Voi(Struct, frozen=True):
    """How values of interest become grey: by a window, a table, or as they are up to `full`."""

    window: Window | None = None
    function: str = "LINEAR"
    lut: tables.Lut | None = None
    full: float = 255.0

    def apply(self, values: tables.Values) -> tables.Values:
        """0 to 255."""
        if self.window is not None:
            return tables.windowed(values, self.window, self.window.function or self.function)
        if self.lut is not None:
            return self.lut.apply(values) * (255 / ((1 << self.lut.bits) - 1))
        return np.clip(values * (255 / self.full), 0, 255)


class Padding:
    """Stored values that stand for nothing (PS3.3 C.7.5.1.1.2)."""

    def __init__(self, ds: Any, layout: Layout) -> None:
        prefix = {32: "Float", 64: "DoubleFloat"}[layout.allocated] if layout.is_float else ""
        bounds = [
            _bound(ds, f"{prefix}PixelPadding{tail}", layout.signed)
            for tail in ("Value", "RangeLimit")
        ]
        value, limit = bounds[0], bounds[1] if bounds[1] is not None else bounds[0]
        self.limits = None if value is None or limit is None else tuple(sorted((value, limit)))

    def of(self, array: Array) -> NDArray[np.bool_] | None:
        """Where an array of stored values has padding, None where it may have none."""
        if self.limits is None:
            return None
        low, high = self.limits
        return np.asarray((array >= low) & (array <= high))


def _bound(ds: Any, keyword: str, signed: bool) -> float | None:
    value = floats(ds.get(keyword))
    if not value:
        return None
    # Written as US, as is usual, though pixels are signed.
    return value[0] - 65536 if signed and 32767 < value[0] < 65536 else value[0]


class GreyPipeline:
    """From stored values to eight bits, for one frame."""

    def __init__(self, attributes: FrameAttributes, layout: Layout, meaning: Meaning) -> None:
        self._attributes = attributes
        self._layout = layout
        self._meaning = meaning
        self._padding = Padding(attributes.ds, layout)

    def shown(self, array: Array, rendering: Rendering) -> tuple[Bytes, Window | None]:
        """Eight bits per pixel, and the window that was applied."""
        voi = self._voi(array, rendering)
        if array.dtype.kind in "iu" and array.dtype.itemsize <= 2:
            # A table over the values that occur is quicker than arithmetic on every pixel.
            low, high = int(array.min()), int(array.max())
            table = self._grey(np.arange(low, high + 1), voi)
            index = array if low == 0 else array.astype(np.int32) - low
            shown = np.take(table, index)
        else:
            shown = self._grey(array, voi)
        return shown, voi.window

    def _grey(self, stored: Array, voi: Voi) -> Bytes:
        values = np.nan_to_num(self._meaning.apply(stored.astype(np.float64)))
        grey = np.rint(voi.apply(values)).astype(np.uint8)
        shape = self._attributes.text("", "PresentationLUTShape")
        if self._layout.photometric == "MONOCHROME1" or shape == "INVERSE":
            grey = 255 - grey
        if stored.dtype.kind == "f":
            grey[np.isnan(stored)] = 0
        padding = self._padding.of(stored)
        if padding is not None:
            grey[padding] = 0
        return grey

    def _voi(self, array: Array, rendering: Rendering) -> Voi:
        windows, function = self._attributes.windows()
        asked = (rendering.window,) if rendering.window is not None else ()
        for window in (*asked, *(() if rendering.automatic else windows)):
            if tables.usable(window):
                return Voi(window, function)
        if rendering.automatic:
            return self._automatic(array)
        place = self._attributes.place("FrameVOILUTSequence", "VOILUTSequence")
        signed = self._meaning.intercept < 0 or self._layout.signed
        lut = tables.first_lut(place, "VOILUTSequence", signed)
        if lut is not None:
            return Voi(lut=lut)
        if self._meaning.share:
            return Voi(full=1.0)
        if self._is_for_display(array):
            return Voi(full=float((1 << self._layout.stored) - 1))
        return self._automatic(array)

    def _is_for_display(self, array: Array) -> bool:
        """Eight bits or less without rescaling are grey levels already, as of a screen shot."""
        return self._meaning.is_plain and array.dtype.kind == "u" and self._layout.stored <= 8

    def _automatic(self, array: Array) -> Voi:
        array = array.ravel()[:: max(1, array.size >> 20)]
        padding = self._padding.of(array)
        kept = array if padding is None or padding.all() else array[~padding]
        return Voi(tables.automatic(self._meaning.apply(kept.astype(np.float64))))
