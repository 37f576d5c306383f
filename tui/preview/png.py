"""Frames as PNG, by Pillow's encoder: grey stays grey, one byte per pixel."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image


_ASPECT_UNITS = 10_000
_AFTER_HEADER = 8 + 25
"""Bytes of the signature and of IHDR, behind which pHYs may stand."""


def png(image: Image, level: int = 1, aspect: float = 1.0) -> bytes:
    """The image as a PNG; `level` is zlib's, and 1 is three times as fast as 6 for a fifth more.

    `aspect` is the height of a pixel by its width: viewers that know `pHYs` stretch by it.
    """
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=level)
    data = out.getvalue()
    if aspect == 1.0:
        return data
    # Pillow writes it with a unit, and then it would say how large the picture is.
    return data[:_AFTER_HEADER] + _aspect_chunk(aspect) + data[_AFTER_HEADER:]


def _aspect_chunk(aspect: float) -> bytes:
    """Pixels per unit across and down, without a unit: only their ratio says anything."""
    body = b"pHYs" + struct.pack(">IIB", round(_ASPECT_UNITS * aspect), _ASPECT_UNITS, 0)
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
