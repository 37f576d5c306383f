"""Colours brought to eight bits: those stored, and those of a palette (PS3.3 C.7.6.3.1.5)."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from core.errors import NoPreviewError
from core.imaging.grey import Bytes
from core.imaging.pixels import Array, Layout


def eight_bits(array: Array, layout: Layout) -> Bytes:
    """Colour samples of any width, brought to eight bits."""
    if layout.stored > 8:
        array = array >> (layout.stored - 8)
    elif 1 < layout.stored < 8:
        array = array * (255 / ((1 << layout.stored) - 1))
    return np.clip(array, 0, 255).astype(np.uint8)


def palette(array: Array, ds: Dataset) -> Bytes:
    """Palette colours, segmented ones too."""
    try:
        coloured: Array = apply_color_lut(array, ds)
    except Exception as fault:
        raise NoPreviewError(f"no preview: the palette cannot be used: {fault}") from fault
    # Some tables claim 16 bits and hold 8.
    if coloured.dtype.itemsize > 1 and coloured.max(initial=0) > 255:
        coloured = coloured >> 8
    return coloured[..., :3].astype(np.uint8)
