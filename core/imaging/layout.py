"""How the pixels of an object are laid out: the Image Pixel module (PS3.3 C.7.6.3), made sane."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from core.errors import NoPreviewError
from core.imaging.codestream import Claim, claim_of
from core.imaging.files import UNDEFINED, ImageFile

Array = NDArray[Any]

MAX_FRAME_BYTES = 256 << 20
"""Bytes of one decoded frame above which nothing is decoded."""
WHOLE = (8, 16, 32, 64)
"""Bits Allocated that are whole words; others are packed without gaps."""
GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_ALLOCATED = (*range(1, 33), 64)


class Layout(Struct, frozen=True, kw_only=True):
    """What the Image Pixel module says, with sane values for what it omits."""

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
        bits = array.dtype.itemsize * 8
        if array.dtype.kind not in "iu" or self.stored == bits:
            return array
        high = (
            self.high_bit if self.stored - 1 <= self.high_bit < self.allocated else self.stored - 1
        )
        # Up against the top and down again: a signed type draws the sign along.
        kept: Array = (array << (bits - 1 - high)) >> (bits - self.stored)
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


def layout_of(image: ImageFile, *, as_coded: bool = True) -> Layout:
    """The layout of the pixel data; raises NoPreviewError where it must not be decoded.

    With `as_coded` a compressed frame's own size counts where the header has none, or another one.
    """
    ds = image.ds
    claim = _claim(image) if as_coded else None
    rows, columns = number(ds, "Rows", 0), number(ds, "Columns", 0)
    if claim is not None:
        rows, columns = claim.rows, claim.columns
    samples = number(ds, "SamplesPerPixel", 1)
    photometric = str(ds.get("PhotometricInterpretation", "") or "").strip()
    if claim is not None and claim.samples in (1, 3) and claim.samples != samples:
        samples, photometric = claim.samples, ""
    elif claim is not None and claim.is_rgb:
        photometric = "RGB"
    allocated = _bits_allocated(image, claim, rows * columns * samples)
    _check(image, rows, columns, samples, allocated)
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
        photometric=_photometric(photometric, samples),
        planar=number(ds, "PlanarConfiguration", 0),
        frames=max(1, number(ds, "NumberOfFrames", 1)),
        is_float=image.keyword != "PixelData",
    )
    return replace(layout, frames=min(layout.frames, _room(image, layout)))


def _check(image: ImageFile, rows: int, columns: int, samples: int, allocated: int) -> None:
    for keyword, value in (("Rows", rows), ("Columns", columns)):
        if value < 1:
            there = "is missing" if keyword not in image.ds else f"is {value}"
            raise NoPreviewError(f"no preview: {keyword} {there}, so there are no pixels")
    is_packed = allocated not in WHOLE
    if samples not in (1, 3) or allocated not in _ALLOCATED or (is_packed and samples > 1):
        raise NoPreviewError(
            f"no preview: {columns} by {rows} pixels of {samples} samples and {allocated} bits"
        )
    if rows * columns * samples * max(8, allocated) // 8 > MAX_FRAME_BYTES:
        raise NoPreviewError(
            f"no preview: a frame of {columns} by {rows} pixels takes more than"
            f" {MAX_FRAME_BYTES >> 20} MiB"
        )


def _claim(image: ImageFile) -> Claim | None:
    """What the first frame says of itself, where it is compressed."""
    if image.length != UNDEFINED:
        return None
    try:
        return claim_of(image.first_coded_bytes())
    except NoPreviewError:
        return None


def _bits_allocated(image: ImageFile, claim: Claim | None, samples: int) -> int:
    """Bits Allocated, or where it is missing by how much there is."""
    if image.keyword != "PixelData":
        return 32 if image.keyword == "FloatPixelData" else 64
    said = number(image.ds, "BitsAllocated", 0)
    if claim is not None and (not said or (said > 8) != (claim.bits > 8)) and said != 1:
        return 16 if claim.bits > 8 else 8
    if said or samples < 1:
        return said
    frames = max(1, number(image.ds, "NumberOfFrames", 1))
    return image.available // (samples * frames) * 8


def _room(image: ImageFile, layout: Layout) -> int:
    """How many frames there can be at most, by the bytes that are there."""
    if image.length == UNDEFINED:
        # A frame has one fragment at least, and that has a header of 8 bytes.
        return max(1, image.available // 8)
    return max(1, -(-image.available * 8 // layout.frame_bits))


def _photometric(name: str, samples: int) -> str:
    name = name or ("MONOCHROME2" if samples == 1 else "RGB")
    allowed = (*GREY, "PALETTE COLOR") if samples == 1 else COLOUR
    if name not in allowed:
        raise NoPreviewError(f"no preview: pixels of {samples} samples as {name!r} are not shown")
    return name
