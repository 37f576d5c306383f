"""From a file to a picture of eight bits: modality LUT, VOI, presentation (PS3.4 N.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import UID

from core.errors import NoPreviewError
from core.imaging import tables
from core.imaging.files import ImageFile
from core.imaging.frame import FrameAttributes
from core.imaging.pixels import Array, Layout, decode, layout_of, number
from core.model import Picture, PixelMode, Window

Bytes = NDArray[np.uint8]


def render(image: ImageFile, frame: int, window: Window | None) -> Picture:
    """One frame of an opened object, ready to show; raises NoPreviewError."""
    if not image.keyword:
        raise NoPreviewError(f"no preview: {no_image(image.ds)}")
    layout = layout_of(image)
    attributes = FrameAttributes(image.ds, frame)
    array = decode(image, layout, frame)
    applied, windows = None, attributes.windows()[0]
    if layout.photometric == "PALETTE COLOR":
        shown = _palette(array, image.ds)
    elif layout.samples == 3:
        shown, windows = _eight_bits(array, layout), ()
    else:
        shown, applied = _Grey(image.ds, layout, attributes).shown(array, window)
    return Picture(
        width=shown.shape[1],
        height=shown.shape[0],
        mode=PixelMode.GREY if shown.ndim == 2 else PixelMode.COLOUR,
        pixels=np.ascontiguousarray(shown).tobytes(),
        aspect=attributes.aspect(),
        frame=frame,
        frames=layout.frames,
        frames_per_second=attributes.frames_per_second(),
        window=applied,
        windows=windows,
        caption=_caption(image, layout),
    )


def _caption(image: ImageFile, layout: Layout) -> str:
    size = f"{layout.columns} by {layout.rows}, {layout.stored} bit {layout.photometric}"
    return f"{size}, {image.transfer_syntax.name}"


def _eight_bits(array: Array, layout: Layout) -> Bytes:
    """Colour samples of any width, brought to eight bits."""
    if layout.stored > 8:
        array = array >> (layout.stored - 8)
    elif 1 < layout.stored < 8:
        array = array * (255 / ((1 << layout.stored) - 1))
    return np.clip(array, 0, 255).astype(np.uint8)


def _palette(array: Array, ds: Dataset) -> Bytes:
    """Palette colours (PS3.3 C.7.6.3.1.5), segmented ones too."""
    try:
        coloured: Array = apply_color_lut(array, ds)
    except Exception as fault:
        raise NoPreviewError(f"no preview: the palette cannot be used: {fault}") from fault
    # Some tables claim 16 bits and hold 8.
    if coloured.dtype.itemsize > 1 and coloured.max(initial=0) > 255:
        coloured = coloured >> 8
    return coloured[..., :3].astype(np.uint8)


class _Voi(Struct):
    """How values of interest become grey: by a window and its function, a table, or as they are."""

    window: Window | None = None
    function: str = "LINEAR"
    lut: tables.Lut | None = None

    def apply(self, values: tables.Values, full: float) -> tables.Values:
        if self.window is not None:
            return tables.windowed(values, self.window, self.function)
        if self.lut is not None:
            return self.lut.apply(values) * (255 / ((1 << self.lut.bits) - 1))
        return np.clip(values * (255 / full), 0, 255)


class _Grey:
    """The grey pipeline of one frame."""

    def __init__(self, ds: Dataset, layout: Layout, attributes: FrameAttributes) -> None:
        self._ds = ds
        self._layout = layout
        self._attributes = attributes
        self._slope, self._intercept = attributes.rescale()
        self._modality_lut = _first_lut(ds, "ModalityLUTSequence", layout.signed)

    def shown(self, array: Array, window: Window | None) -> tuple[Bytes, Window | None]:
        """Eight bits per pixel, and the window that was applied."""
        voi = self._voi(array, window)
        if array.dtype.kind in "iu" and array.dtype.itemsize <= 2:
            # A table over the values that occur is quicker than arithmetic on every pixel.
            low, high = int(array.min()), int(array.max())
            table = self._grey(np.arange(low, high + 1, dtype=np.float64), voi)
            shown = table[array.astype(np.int32) - low]
        else:
            shown = self._grey(np.nan_to_num(array.astype(np.float64)), voi)
        return shown, voi.window

    def _grey(self, stored: tables.Values, voi: _Voi) -> Bytes:
        full = float((1 << self._layout.stored) - 1)
        grey = np.rint(voi.apply(self._modality(stored), full)).astype(np.uint8)
        shape = str(self._ds.get("PresentationLUTShape", "") or "").strip()
        if self._layout.photometric == "MONOCHROME1" or shape == "INVERSE":
            grey = 255 - grey
        return grey

    def _modality(self, stored: tables.Values) -> tables.Values:
        if self._modality_lut is not None:
            return self._modality_lut.apply(stored)
        return stored * self._slope + self._intercept

    def _voi(self, array: Array, window: Window | None) -> _Voi:
        windows, function = self._attributes.windows()
        if window is not None and tables.usable(window, function):
            return _Voi(window, function)
        for given in windows:
            if tables.usable(given, function):
                return _Voi(given, function)
        place = self._attributes.place("FrameVOILUTSequence", "VOILUTSequence")
        lut = _first_lut(place, "VOILUTSequence", self._intercept < 0 or self._layout.signed)
        if lut is not None:
            return _Voi(lut=lut)
        if self._is_for_display(array):
            return _Voi()
        return _Voi(tables.automatic(self._modality(self._without_padding(array))))

    def _is_for_display(self, array: Array) -> bool:
        """Eight bits or less without rescaling are grey levels already, as of a screen shot."""
        plain = self._modality_lut is None and (self._slope, self._intercept) == (1.0, 0.0)
        return plain and array.dtype.kind == "u" and self._layout.stored <= 8

    def _without_padding(self, array: Array) -> tables.Values:
        """Stored values that are no padding (PS3.3 C.7.5.1.1.2), all where nothing else is left."""
        array = array.ravel()[:: max(1, array.size >> 20)]
        limits = [self._padding(f"PixelPadding{tail}") for tail in ("Value", "RangeLimit")]
        value, limit = limits[0], limits[1] if limits[1] is not None else limits[0]
        if value is None or limit is None:
            return array.astype(np.float64)
        kept = array[(array < min(value, limit)) | (array > max(value, limit))]
        return (kept if kept.size else array).astype(np.float64)

    def _padding(self, keyword: str) -> int | None:
        if keyword not in self._ds or self._ds.get(keyword) in (None, ""):
            return None
        value = number(self._ds, keyword, 0)
        return value - 65536 if self._layout.signed and value > 32767 else value


def _first_lut(ds: Dataset, keyword: str, signed: bool) -> tables.Lut | None:
    sequence: Any = ds.get(keyword)
    return tables.lut_of(sequence[0], signed) if sequence else None


NO_IMAGES = {
    "1.2.840.10008.5.1.4.1.1.104.1": "an encapsulated PDF has no picture",
    "1.2.840.10008.5.1.4.1.1.104.2": "an encapsulated CDA document has no picture",
    "1.2.840.10008.1.3.10": "a DICOMDIR has no picture",
}
KINDS = {
    "1.2.840.10008.5.1.4.1.1.88.": "a structured report has no picture",
    "1.2.840.10008.5.1.4.1.1.9.": "a waveform has no picture",
    "1.2.840.10008.5.1.4.1.1.11.": "a presentation state has no picture",
}


def no_image(ds: Dataset) -> str:
    """Why an object without pixel data has no picture, by what kind of object it is."""
    meta = getattr(ds, "file_meta", None)
    stored = ds.get("SOPClassUID") or (meta and meta.get("MediaStorageSOPClassUID")) or ""
    uid = str(stored)
    if uid in NO_IMAGES:
        return NO_IMAGES[uid]
    for prefix, meaning in KINDS.items():
        if uid.startswith(prefix):
            return meaning
    name = UID(uid).name if uid else ""
    if not uid or name == uid or "Image" in name:
        return "it has no pixel data"
    return f"an object of class {name.removesuffix(' Storage')} has no picture"
