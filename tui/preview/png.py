"""Frames as PNG, by Pillow's encoder: grey stays grey, one byte per pixel."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image


def png(image: Image, level: int = 1) -> bytes:
    """The image as a PNG; `level` is zlib's, and 1 is three times as fast as 6 for a fifth more."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=level)
    return out.getvalue()
