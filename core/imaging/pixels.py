"""Decoding one frame, with decoders chosen here and nowhere else.

Pillow, which term-image holds at a version with known faults, is never one of them.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import JPEGExtended12Bit

from core.errors import NoPreviewError
from core.imaging.files import UNDEFINED, ImageFile
from core.imaging.jpeg12 import decode_12_bit

Array = NDArray[Any]

PLUGINS = ("pyjpegls", "pylibjpeg", "gdcm", "pydicom")
MAX_FRAME_BYTES = 256 << 20
"""Bytes of one decoded frame above which nothing is decoded."""
GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


class Layout(Struct, frozen=True, kw_only=True):
    """What the Image Pixel module (PS3.3 C.7.6.3) says, with sane values for what it omits."""

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int
    frames: int
    is_float: bool = False

    @property
    def frame_bits(self) -> int:
        """Bits of one native frame."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.allocated

    def without_unused_bits(self, array: Array) -> Array:
        """Only the bits from High Bit down count, with their sign; overlays may sit in others."""
        if array.dtype.kind not in "iu" or self.stored == self.allocated:
            return array
        drop = self.allocated - 1 - self.high_bit
        if not 0 <= drop <= self.allocated - self.stored:
            drop = self.allocated - self.stored
        # Up against the top and down again: a signed type draws the sign along.
        kept: Array = (array << drop) >> (self.allocated - self.stored)
        return kept


def number(ds: Any, keyword: str, otherwise: int) -> int:
    """The first value of an attribute as a number, whatever stands there."""
    value = ds.get(keyword)
    if not isinstance(value, (str, int, float)) and hasattr(value, "__getitem__") and len(value):
        value = value[0]
    try:
        return otherwise if value is None or value == "" else int(value)
    except (TypeError, ValueError):
        return otherwise


def layout_of(image: ImageFile) -> Layout:
    """The layout of the pixel data; raises NoPreviewError where it must not be decoded."""
    ds = image.ds
    rows, columns = number(ds, "Rows", 0), number(ds, "Columns", 0)
    samples = number(ds, "SamplesPerPixel", 1)
    allocated = number(ds, "BitsAllocated", 0)
    if image.keyword != "PixelData":
        allocated = 32 if image.keyword == "FloatPixelData" else 64
    if rows < 1 or columns < 1 or samples not in (1, 3) or allocated not in (1, 8, 16, 32, 64):
        raise NoPreviewError(
            f"no preview: {columns} by {rows} pixels of {samples} samples and {allocated} bits"
        )
    if rows * columns * samples * max(8, allocated) // 8 > MAX_FRAME_BYTES:
        raise NoPreviewError(
            f"no preview: a frame of {columns} by {rows} pixels takes more than"
            f" {MAX_FRAME_BYTES >> 20} MiB"
        )
    stored = number(ds, "BitsStored", allocated)
    stored = stored if 0 < stored <= allocated else allocated
    layout = Layout(
        rows=rows,
        columns=columns,
        samples=samples,
        allocated=allocated,
        stored=stored,
        high_bit=number(ds, "HighBit", stored - 1),
        signed=number(ds, "PixelRepresentation", 0) == 1,
        photometric=_photometric(ds, samples),
        planar=number(ds, "PlanarConfiguration", 0),
        frames=max(1, number(ds, "NumberOfFrames", 1)),
        is_float=image.keyword != "PixelData",
    )
    return replace(layout, frames=min(layout.frames, _room(image, layout)))


def _room(image: ImageFile, layout: Layout) -> int:
    """How many frames there can be at most, by the bytes that are there."""
    if image.length == UNDEFINED:
        # A frame has one fragment at least, and that has a header of 8 bytes.
        return max(1, image.available // 8)
    return max(1, -(-image.available * 8 // layout.frame_bits))


def _photometric(ds: Any, samples: int) -> str:
    name = str(ds.get("PhotometricInterpretation", "") or "").strip()
    if not name:
        name = "MONOCHROME2" if samples == 1 else "RGB"
    allowed = (*GREY, "PALETTE COLOR") if samples == 1 else COLOUR
    if name not in allowed:
        raise NoPreviewError(f"no preview: pixels of {samples} samples as {name!r} are not shown")
    return name


def decode(image: ImageFile, layout: Layout, frame: int) -> Array:
    """One frame as rows by columns, or rows by columns by 3 in RGB, with its unused bits.

    Raises NoPreviewError where no decoder can do it.
    """
    if not 0 <= frame < layout.frames:
        raise NoPreviewError(f"no preview: frame {frame + 1} of {layout.frames} does not exist")
    try:
        decoder = get_decoder(image.transfer_syntax)
    except NotImplementedError as fault:
        name = image.transfer_syntax.name
        raise NoPreviewError(f"no preview: no decoder for transfer syntax {name!r}") from fault
    if not image.transfer_syntax.is_encapsulated:
        return _native(image, layout, frame, decoder)
    if image.length != UNDEFINED:
        raise NoPreviewError("no preview: the pixel data should be encapsulated and is not")
    return _encapsulated(image, layout, frame, decoder)


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
        # Unused bits are dealt with below, where High Bit counts too.
        "correct_unused_bits": False,
    }
    if layout.samples > 1:
        options["planar_configuration"] = layout.planar
    offsets = (image.ds.get(f"ExtendedOffsetTable{tail}") for tail in ("", "Lengths"))
    if all(found := tuple(offsets)):
        options["extended_offsets"] = found
    return options


def _native(image: ImageFile, layout: Layout, frame: int, decoder: Any) -> Array:
    if layout.allocated == 1:
        return _bits(image, layout, frame)
    options = options_of(image, layout)
    size = layout.frame_bits // 8
    if (frame + 1) * size <= image.available:
        image.file.seek(image.offset)
        return _array(decoder, image.file, frame, options)
    image.file.seek(image.offset + frame * size)
    part = image.file.read(max(0, image.available - frame * size))
    if not part:
        raise NoPreviewError(f"no preview: the pixel data ends before frame {frame + 1}")
    # Cut short: what is there is shown, the rest stays black.
    whole = io.BytesIO(part.ljust(size + 1, b"\0"))
    options["number_of_frames"] = 1
    return _array(decoder, whole, 0, options)


def _array(decoder: Any, file: BinaryIO, frame: int, options: dict[str, Any]) -> Array:
    array: Array = decoder.as_array(file, index=frame, **options)[0]
    return array


def _bits(image: ImageFile, layout: Layout, frame: int) -> Array:
    """One bit per pixel, frames packed without gaps (PS3.5 8.1.1)."""
    count = layout.rows * layout.columns * layout.samples
    first, shift = divmod(frame * count, 8)
    image.file.seek(image.offset + first)
    packed = image.file.read((count + shift + 7) // 8)
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")[shift:]
    if not len(bits):
        raise NoPreviewError(f"no preview: the pixel data ends before frame {frame + 1}")
    return np.resize(bits[:count], count).reshape(layout.rows, layout.columns)


def _encapsulated(image: ImageFile, layout: Layout, frame: int, decoder: Any) -> Array:
    faults: list[str] = []
    if image.transfer_syntax == JPEGExtended12Bit and layout.stored > 8 and layout.samples == 1:
        try:
            return decode_12_bit(image, layout.rows, layout.columns, layout.frames, frame)
        except Exception as fault:
            faults.append(first_line(fault))
    for plugin in PLUGINS:
        if plugin not in decoder.available_plugins:
            continue
        image.file.seek(image.offset)
        try:
            options = {**options_of(image, layout), "decoding_plugin": plugin}
            return _array(decoder, image.file, frame, options)
        except MemoryError as fault:
            raise NoPreviewError("no preview: decoding it takes too much memory") from fault
        except Exception as fault:
            faults.append(first_line(fault))
    why = faults[0] if faults else "no decoder for it is installed"
    name = image.transfer_syntax.name
    raise NoPreviewError(f"no preview: {name} pixel data cannot be decoded: {why}")


def first_line(fault: Exception) -> str:
    """The innermost reason: pydicom lists what each plugin said."""
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(fault).__name__
