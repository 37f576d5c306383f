"""From an open object to a picture of eight bits, and to what one pixel of it says."""

from __future__ import annotations

import math

import numpy as np

from core.errors import NoPreviewError
from core.imaging import overlays, segments
from core.imaging.frame import FrameAttributes
from core.imaging.geometry import orientation, position
from core.imaging.grey import Bytes, GreyPipeline, Padding
from core.imaging.layout import Array, Layout, number
from core.imaging.meaning import Meaning
from core.imaging.opened import OpenedImage
from core.imaging.scaling import shrunk, thinned
from core.imaging.suv import suv_factor
from core.model import Picture, PixelMode, PixelValue, Rendering, Window


def render(image: OpenedImage, frame: int, rendering: Rendering) -> Picture:
    """One frame of an opened object, ready to show; raises NoPreviewError."""
    layout, attributes = image.layout, image.attributes(frame)
    meaning = Meaning(attributes, signed=layout.signed)
    array = image.stored(frame)
    is_grey = layout.samples == 1 and layout.photometric != "PALETTE COLOR"
    planes = list(overlays.planes(image, frame))
    small = array if planes else thinned(array, rendering.edge)
    shown, applied = _shown(image, attributes, meaning, small, rendering)
    if rendering.overlays:
        shown = overlays.drawn(shown, planes)
    if rendering.invert:
        shown = 255 - shown
    shown = shrunk(shown, rendering.edge)
    return Picture(
        width=shown.shape[1],
        height=shown.shape[0],
        mode=PixelMode.GREY if shown.ndim == 2 else PixelMode.COLOUR,
        pixels=np.ascontiguousarray(shown).tobytes(),
        columns=layout.columns,
        rows=layout.rows,
        aspect=attributes.aspect() * _distortion(shown, layout),
        frame=frame,
        frames=layout.frames,
        frames_per_second=attributes.frames_per_second(),
        window=applied,
        windows=attributes.windows()[0] if is_grey else (),
        orientation=orientation(attributes),
        position=position(attributes),
        unit=meaning.unit() if is_grey else "",
        suv_factor=suv_factor(image.ds) if is_grey else 0.0,
        modality=attributes.text("", "Modality"),
        overlays=len(planes),
        caption=_caption(image, segments.described(attributes, array)),
    )


def _shown(
    image: OpenedImage,
    attributes: FrameAttributes,
    meaning: Meaning,
    array: Array,
    rendering: Rendering,
) -> tuple[Bytes, Window | None]:
    """Grey levels or colours of eight bits, and the window that was applied."""
    layout = image.layout
    if layout.samples > 1:
        return _eight_bits(array, layout), None
    if layout.photometric == "PALETTE COLOR":
        if image.palette is None:
            raise NoPreviewError("no preview: the palette is missing")
        return image.palette.apply(array), None
    if segments.is_label_map(image.ds):
        return segments.coloured(image.ds, array), None
    grey, window = GreyPipeline(attributes, layout, meaning).shown(array, rendering)
    if attributes.has_supplemental_palette() and image.palette is not None:
        # Values from the palette's first on are colours, those below are grey (PS3.3 C.7.6.19).
        covered = image.palette.covers(array)[..., None]
        return np.where(covered, image.palette.apply(array), grey[..., None]), window
    return grey, window


def _eight_bits(array: Array, layout: Layout) -> Bytes:
    """Colour samples of any width, brought to eight bits."""
    if layout.stored > 8:
        array = array >> (layout.stored - 8)
    elif 1 < layout.stored < 8:
        array = array * (255 / ((1 << layout.stored) - 1))
    return np.clip(array, 0, 255).astype(np.uint8)


def pixel_value(image: OpenedImage, frame: int, column: int, row: int) -> PixelValue:
    """What stands at one place; raises NoPreviewError where the frame does not have it."""
    layout = image.layout
    if not (0 <= column < layout.columns and 0 <= row < layout.rows):
        raise NoPreviewError(f"no preview: there is no pixel at column {column}, row {row}")
    array = image.stored(frame)[row, column]
    stored = tuple(float(sample) for sample in np.atleast_1d(array))
    if layout.samples > 1 or layout.photometric == "PALETTE COLOR":
        return PixelValue(column=column, row=row, stored=stored)
    meaning = Meaning(image.attributes(frame), signed=layout.signed)
    padding = Padding(image.ds, layout).of(np.asarray(array))
    if (padding is not None and padding.any()) or not math.isfinite(stored[0]):
        unit = meaning.unit()
        return PixelValue(column=column, row=row, stored=stored, unit=unit, is_padding=True)
    value = float(meaning.apply(np.array(stored, np.float64))[0])
    factor = suv_factor(image.ds)
    suv = value * factor if factor else None
    real = meaning.real_world(stored[0]) or (value, meaning.unit())
    return PixelValue(column=column, row=row, stored=stored, value=real[0], unit=real[1], suv=suv)


def _distortion(shown: Bytes, layout: Layout) -> float:
    """How much more a picture was shrunk in height than in width."""
    height, width = shown.shape[0], shown.shape[1]
    return float(layout.rows * width / (height * layout.columns))


def _caption(image: OpenedImage, said: str) -> str:
    layout = image.layout
    size = f"{layout.columns} by {layout.rows}, {layout.stored} bit {layout.photometric}"
    words = [said, _of_video(image), size, image.file.transfer_syntax.name]
    return ", ".join(word for word in words if word)


def _of_video(image: OpenedImage) -> str:
    said = number(image.ds, "NumberOfFrames", 1)
    shown = image.layout.frames
    return f"the first {shown} of {said} frames" if image.video and said > shown else ""
