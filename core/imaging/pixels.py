"""Decoding one frame, with decoders chosen here and nowhere else.

Pillow, which term-image holds at a version with known faults, is never one of them.
"""

from __future__ import annotations

import io
import zlib
from typing import Any, BinaryIO

import numpy as np
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGExtended12Bit

from core.errors import NoPreviewError
from core.imaging.codestream import Claim, claim_of
from core.imaging.files import UNDEFINED, ImageFile
from core.imaging.fragments import encapsulated
from core.imaging.jpeg12 import decode_12_bit
from core.imaging.layout import MAX_FRAME_BYTES, WHOLE, Array, Layout
from core.imaging.patience import PATIENCE

PLUGINS = ("pyjpegls", "pylibjpeg", "gdcm", "pydicom")
ENCAPSULATED_UNCOMPRESSED = UID("1.2.840.10008.1.2.1.98")
DEFLATED_FRAMES = UID("1.2.840.10008.1.2.8.1")
_LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit)
MAX_TILES = 65535
"""Tiles of a JPEG 2000 frame; each costs memory before anything is decoded."""


def decode(image: ImageFile, layout: Layout, frame: int) -> Array:
    """One frame as rows by columns, or rows by columns by 3 in RGB, with its unused bits.

    Raises NoPreviewError where no decoder can do it.
    """
    if not 0 <= frame < layout.frames:
        raise NoPreviewError(f"no preview: frame {frame + 1} of {layout.frames} does not exist")
    if not image.is_encapsulated:
        PATIENCE.extend(layout.frame_bits // 8)
        return _native(image, layout, frame)
    if image.length != UNDEFINED:
        raise NoPreviewError("no preview: the pixel data should be encapsulated and is not")
    coded = image.fragments(layout.frames).coded(frame)
    PATIENCE.extend(len(coded))
    if image.transfer_syntax in (ENCAPSULATED_UNCOMPRESSED, DEFLATED_FRAMES):
        return _uncompressed(image, layout, coded)
    claim = claim_of(coded)
    if claim is not None:
        _check(claim, layout)
    return _decoded(image, layout, coded, claim)


def options_of(image: ImageFile, layout: Layout) -> dict[str, Any]:
    """What pydicom's decoders want to know, in our own reading of the object."""
    options: dict[str, Any] = {
        "transfer_syntax_uid": image.transfer_syntax,
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples,
        "number_of_frames": layout.frames,
        "photometric_interpretation": layout.photometric,
        "bits_allocated": layout.allocated,
        "bits_stored": layout.stored,
        "pixel_representation": int(layout.signed),
        "pixel_keyword": image.keyword,
        "pixel_vr": image.vr,
        # Unused bits are dealt with elsewhere, where High Bit counts too.
        "correct_unused_bits": False,
    }
    if layout.samples > 1:
        options["planar_configuration"] = layout.planar
    return options


def _native(image: ImageFile, layout: Layout, frame: int) -> Array:
    if layout.allocated not in WHOLE:
        return _packed(image, layout, frame)
    size, options = layout.frame_bits // 8, options_of(image, layout)
    if (frame + 1) * size <= image.available:
        image.file.seek(image.offset)
        return _array(get_decoder(image.transfer_syntax), image.file, options, frame)
    image.file.seek(image.offset + frame * size)
    part = image.file.read(max(0, image.available - frame * size))
    if not part:
        raise NoPreviewError(f"no preview: the pixel data ends before frame {frame + 1}")
    return _plain(part, layout, options)


def _plain(part: bytes, layout: Layout, options: dict[str, Any]) -> Array:
    """One native frame; where it is cut short what is there is shown, the rest stays black."""
    size = layout.frame_bits // 8
    whole = io.BytesIO(part.ljust(size + size % 2, b"\0"))
    decoder = get_decoder(options["transfer_syntax_uid"])
    return _array(decoder, whole, {**options, "number_of_frames": 1})


def _array(decoder: Any, file: BinaryIO, options: dict[str, Any], frame: int = 0) -> Array:
    array: Array = decoder.as_array(file, index=frame, **options)[0]
    return array


def _packed(image: ImageFile, layout: Layout, frame: int) -> Array:
    """One bit per pixel, or twelve as in days of old, without gaps between frames (PS3.5 8.1.1)."""
    count = layout.frame_bits
    first, shift = divmod(frame * count, 8)
    image.file.seek(image.offset + first)
    packed = image.file.read(max(0, min((count + shift + 7) // 8, image.available - first)))
    return _unpacked(packed, shift, layout, frame)


def _unpacked(packed: bytes, shift: int, layout: Layout, frame: int = 0) -> Array:
    count = layout.frame_bits
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
    bits = bits[shift : shift + count]
    if not len(bits):
        raise NoPreviewError(f"no preview: the pixel data ends before frame {frame + 1}")
    bits = np.pad(bits, (0, count - len(bits)))
    if layout.allocated > 1:
        kind = np.dtype(f"{'i' if layout.signed else 'u'}{2 if layout.allocated <= 16 else 4}")
        cells = bits.reshape(-1, layout.allocated)
        whole = np.zeros(len(cells), kind)
        for place in range(layout.allocated):
            whole |= cells[:, place].astype(kind) << place
        bits = whole
    return bits.reshape(layout.rows, layout.columns)


def _uncompressed(image: ImageFile, layout: Layout, coded: bytes) -> Array:
    """A frame that is encapsulated as it is, or deflated (PS3.5 A.4.11, A.4.13)."""
    if image.transfer_syntax == DEFLATED_FRAMES:
        try:
            coded = zlib.decompressobj(-zlib.MAX_WBITS).decompress(
                coded, max(1, layout.frame_bits // 8 + 1)
            )
        except zlib.error as fault:
            raise NoPreviewError(f"no preview: the frame cannot be inflated: {fault}") from fault
    if layout.allocated not in WHOLE:
        return _unpacked(coded, 0, layout)
    options = {**options_of(image, layout), "transfer_syntax_uid": ExplicitVRLittleEndian}
    return _plain(coded, layout, options)


def _check(claim: Claim, layout: Layout) -> None:
    """Raise NoPreviewError where a frame claims to be what must not be decoded."""
    if claim.size > MAX_FRAME_BYTES or claim.tiles > MAX_TILES:
        raise NoPreviewError(
            f"no preview: the coded frame claims {claim.columns} by {claim.rows} pixels"
            f" of {claim.samples} samples in {claim.tiles} tiles"
        )
    found = claim.columns, claim.rows, claim.samples
    if found != (layout.columns, layout.rows, layout.samples):
        raise NoPreviewError(
            "no preview: the coded frame has {} by {} pixels of {} samples".format(*found)
            + f" and not {layout.columns} by {layout.rows} of {layout.samples}"
        )


def _decoded(image: ImageFile, layout: Layout, coded: bytes, claim: Claim | None) -> Array:
    """One compressed frame; raises NoPreviewError where no decoder can do it."""
    syntax, faults = image.transfer_syntax, list[str]()
    if claim is not None and syntax not in claim.syntaxes:
        syntax = claim.syntaxes[0]  # it is what it is, whatever the File Meta Information says
    if claim is not None and syntax in _LOSSY and claim.bits > 8 and claim.samples == 1:
        try:
            return decode_12_bit(coded, layout.rows, layout.columns)
        except Exception as fault:
            faults.append(first_line(fault))
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as fault:
        raise NoPreviewError(
            f"no preview: no decoder for transfer syntax {syntax.name!r}"
        ) from fault
    options = options_of(image, layout)
    options.update(number_of_frames=1, transfer_syntax_uid=syntax)
    for plugin in (name for name in PLUGINS if name in decoder.available_plugins):
        file = io.BytesIO(encapsulated(coded))
        try:
            return _array(decoder, file, {**options, "decoding_plugin": plugin})
        except MemoryError as fault:
            raise NoPreviewError("no preview: decoding it takes too much memory") from fault
        except Exception as fault:
            faults.append(first_line(fault))
    why = faults[0] if faults else "no decoder for it is installed"
    raise NoPreviewError(f"no preview: {syntax.name} pixel data cannot be decoded: {why}")


def first_line(fault: Exception) -> str:
    """The innermost reason: pydicom lists what each plugin said."""
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(fault).__name__
