"""Conversions, in the process apart: rewriting native data sets, decompressing the others.

Pixel data passes through frame by frame. Nothing is lost but what a lossy compression has lost
before: LossyImageCompression (0028,2110) then stays or becomes 01 (PS3.3 C.7.6.1.1.5).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
)

from core.errors import ConversionError, ModalittyError
from core.imaging.elements import UNDEFINED, Changes, Form, Writer, swapped, write_header
from core.imaging.files import ImageFile
from core.imaging.jpeg12 import decode_12_bit
from core.imaging.layout import Array, Layout, layout_of, number
from core.imaging.pixels import PLUGINS, first_line, options_of
from core.imaging.protocol import Conversion, Converted
from core.imaging.worker import run

MAX_PIXELS = 2 << 30
"""Bytes of decompressed pixel data above which an object is not decompressed."""
_PIECE = 1 << 20  # whole words of every size
_PIXEL_DATA = 0x7FE00010
_TAGS = {"PixelData": _PIXEL_DATA, "FloatPixelData": 0x7FE00008, "DoubleFloatPixelData": 0x7FE00009}
_FLOATS = {"FloatPixelData": "OF", "DoubleFloatPixelData": "OD"}
_OFFSET_TABLES = (0x7FE00001, 0x7FE00002)
_ICON = 0x00880200
_LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit)
_FORMS = {
    ImplicitVRLittleEndian: Form(True, True),
    ExplicitVRLittleEndian: Form(False, True),
    ExplicitVRBigEndian: Form(False, False),
}


def convert(request: Conversion) -> None:
    """Write the data set asked for; raises ConversionError."""
    image = ImageFile(Path(request.path))
    try:
        with Path(request.output).open("wb") as out:
            _Converting(image, out, _FORMS[UID(request.target)]).convert()
    finally:
        image.close()


class _Converting:
    def __init__(self, image: ImageFile, out: BinaryIO, form: Form) -> None:
        self.image = image
        self.out = out
        self.form = form
        self.little = image.transfer_syntax != ExplicitVRBigEndian
        self.writer = Writer(out, form, little=self.little)

    def convert(self) -> None:
        ds, image = self.image.ds, self.image
        if not image.keyword:
            self.writer.write(ds, {})
            return
        if not image.transfer_syntax.is_encapsulated:
            self.writer.write(ds, {})
            self._native()
            end = image.offset + image.length
        else:
            self._decompressed(_copy(ds))
            end = _end_of_items(image)
        image.file.seek(end)
        self.writer.write(self._rest(), {})

    def _rest(self) -> Dataset:
        """What comes behind the pixel data."""
        implicit = self.image.transfer_syntax == ImplicitVRLittleEndian
        return read_dataset(self.image.file, implicit, self.little)

    def _native(self) -> None:
        image = self.image
        if image.length == UNDEFINED or image.available < image.length:
            raise ConversionError("the pixel data ends before its time")
        vr = self._pixel_vr(number(image.ds, "BitsAllocated", 16))
        write_header(self.out, self.form, _TAGS[image.keyword], vr, image.length + image.length % 2)
        image.file.seek(image.offset)
        left = image.length
        while left:
            piece = image.file.read(min(left, _PIECE))
            if not piece:
                raise ConversionError("the pixel data ends before its time")
            left -= len(piece)
            self.out.write(piece if self.little == self.form.little else swapped(piece, vr))
        if image.length % 2:
            self.out.write(b"\0")

    def _pixel_vr(self, allocated: int) -> str:
        image = self.image
        if image.keyword in _FLOATS:
            return _FLOATS[image.keyword]
        explicit = image.transfer_syntax != ImplicitVRLittleEndian and image.vr in ("OB", "OW")
        return image.vr if explicit else "OB" if allocated <= 8 else "OW"

    # -- decompression

    def _decompressed(self, ds: Dataset) -> None:
        layout = layout_of(self.image, as_coded=False)
        frames = number(self.image.ds, "NumberOfFrames", 1)
        if layout.frames < frames:
            raise ConversionError("there are fewer frames than it says")
        decoded = _frames(self.image, layout)
        first, properties = next(decoded)
        bits = first.dtype.itemsize * 8
        size = first.nbytes * layout.frames
        if size > MAX_PIXELS:
            raise ConversionError(f"decompressed it has more than {MAX_PIXELS >> 20} MiB")
        for tag in (*_OFFSET_TABLES, _ICON):
            if tag in ds and (tag != _ICON or _has_encapsulated(ds[tag].value)):
                del ds[tag]
        self.writer.write(ds, _changes(self.image, layout, properties, bits))
        vr = "OB" if bits <= 8 else "OW"
        write_header(self.out, self.form, _PIXEL_DATA, vr, size + size % 2)
        shape, count = first.shape, 0
        for array, _ in chain([(first, properties)], decoded):
            count += 1
            if array.shape != shape or count > layout.frames:
                raise ConversionError("its frames do not fit what it says of them")
            raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
            self.out.write(raw if self.form.little else swapped(raw, vr))
        if count < layout.frames:
            raise ConversionError("there are fewer frames than it says")
        if size % 2:
            self.out.write(b"\0")


def _copy(ds: Dataset) -> Dataset:
    """The elements as they are, which reading values of the original leaves alone."""
    copied = Dataset()
    for tag in ds.keys():  # noqa: SIM118  iterating a data set decodes its elements
        copied[tag] = ds.get_item(tag)
    return copied


def _changes(image: ImageFile, layout: Layout, properties: dict[str, Any], bits: int) -> Changes:
    """What decompression makes of the Image Pixel module (PS3.3 C.7.6.3)."""
    photometric = str(properties.get("photometric_interpretation", layout.photometric))
    if photometric.startswith("YBR_FULL"):
        photometric = "YBR_FULL"  # not subsampled any more
    changes: dict[int, tuple[str, bytes]] = {
        0x00280004: ("CS", photometric.encode()),
        0x00280100: ("US", struct.pack("<H", bits)),
    }
    if bits != layout.allocated:
        changes[0x00280102] = ("US", struct.pack("<H", layout.stored - 1))
    if layout.samples > 1:
        changes[0x00280006] = ("US", struct.pack("<H", 0))
    if image.transfer_syntax in _LOSSY:
        changes[0x00282110] = ("CS", b"01")
    return changes


def _frames(image: ImageFile, layout: Layout) -> Iterator[tuple[Array, dict[str, Any]]]:
    """Each frame, by the first decoder that can do the first; what follows must go by it too."""
    faults: list[str] = []
    if image.transfer_syntax == JPEGExtended12Bit and layout.stored > 8 and layout.samples == 1:
        for frame in range(layout.frames):
            coded = image.fragments(layout.frames).coded(frame)
            yield decode_12_bit(coded, layout.rows, layout.columns), {}
        return
    decoder = get_decoder(image.transfer_syntax)
    # The colours of lossy JPEG are made RGB, as everybody does; all else stays exactly as it is.
    raw = not (image.transfer_syntax in _LOSSY and layout.photometric.startswith("YBR_FULL"))
    options = options_of(image, layout)
    offsets = tuple(image.ds.get(f"ExtendedOffsetTable{tail}") for tail in ("", "Lengths"))
    if all(offsets):
        options["extended_offsets"] = offsets
    for plugin in (name for name in PLUGINS if name in decoder.available_plugins):
        begun = False
        image.file.seek(image.offset)
        try:
            for array, properties in decoder.iter_array(
                image.file, raw=raw, decoding_plugin=plugin, **options
            ):
                begun = True
                yield array, dict(properties)
        except MemoryError:
            raise
        except Exception as fault:
            faults.append(first_line(fault))
            if begun:
                break
            continue
        return
    raise ConversionError(f"its pixel data cannot be decoded: {(faults or ['no decoder'])[0]}")


def _has_encapsulated(items: Any) -> bool:
    return any(
        getattr(item.get_item(_PIXEL_DATA), "length", 0) == UNDEFINED
        or getattr(item.get_item(_PIXEL_DATA), "is_undefined_length", False)
        for item in items
        if _PIXEL_DATA in item
    )


def _end_of_items(image: ImageFile) -> int:
    """Where the encapsulated pixel data ends, behind its delimiter (PS3.5 A.4)."""
    if image.length != UNDEFINED:
        raise ConversionError("the pixel data should be encapsulated and is not")
    image.file.seek(image.offset)
    while len(head := image.file.read(8)) == 8:
        tag, length = struct.unpack("<II", head)
        if tag != 0xE000FFFE or length == UNDEFINED:
            break
        image.file.seek(length, 1)
    return image.file.tell()


def main() -> None:
    """Convert."""

    def answer(message: bytearray) -> Converted:
        try:
            convert(msgspec.msgpack.decode(message, type=Conversion))
        except ModalittyError as fault:
            return Converted(fault=fault.message.removeprefix("no preview: "))
        except OSError as fault:
            return Converted(fault=fault.strerror or str(fault))
        except MemoryError:
            return Converted(fault="it takes too much memory")
        except Exception as fault:
            # pydicom and the decoders raise whatever their parsing ran into.
            return Converted(fault=f"it cannot be read: {first_line(fault)}")
        return Converted()

    run(answer)
