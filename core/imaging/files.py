"""Opening an object up to its pixel data, which stays on the disk (PS3.10 7, PS3.5 A.4, A.5)."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset, read_partial, read_preamble
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from core.errors import NoPreviewError
from core.imaging.fragments import Fragments
from core.imaging.groups import PER_FRAME, FrameGroups, UnreadableError

PIXEL_KEYWORDS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
_NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
MAX_INFLATED = 128 << 20
"""Bytes of a deflated data set above which it is not inflated further."""
_LARGE = 1 << 16
UNDEFINED = 0xFFFFFFFF


class _File(io.BufferedReader):
    """A file in which a length that goes beyond its end costs no memory."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._size = self.seek(0, io.SEEK_END)
        self.seek(0)

    def read(self, size: int | None = -1, /) -> bytes:
        """At most what is left."""
        if size is not None and size > _LARGE:
            size = max(0, min(size, self._size - self.tell()))
        return super().read(size)


class ImageFile:
    """An object's data set without its pixel data, and the open file positioned by offset to it.

    With `is_lazy` the data set is without its Per-Frame Functional Groups Sequence too, whose items
    are in `groups`; these are None where there are none, or none that could be set apart.
    """

    def __init__(self, path: Path, *, is_lazy: bool = False) -> None:
        self.file: BinaryIO = _File(path)
        self.groups: FrameGroups | None = None
        self._is_lazy = is_lazy
        self.size = path.stat().st_size
        self._fragments: tuple[int, Fragments] | None = None
        try:
            self.ds, self.transfer_syntax = self._read()
            self._locate()
        except BaseException:
            self.file.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    @property
    def is_encapsulated(self) -> bool:
        """Whether frames are coded, by a transfer syntax that may be unheard of, or wrong."""
        return self.transfer_syntax not in _NATIVE or self.length == UNDEFINED

    def fragments(self, frames: int) -> Fragments:
        """Where the coded frames lie; raises NoPreviewError where that cannot be told."""
        if self._fragments is None or self._fragments[0] != frames:
            tables = [self.ds.get(f"ExtendedOffsetTable{tail}") for tail in ("", "Lengths")]
            found = Fragments(self.file, self.offset, frames=frames, tables=tables)
            self._fragments = frames, found
        return self._fragments[1]

    def first_coded_bytes(self) -> bytes:
        """How the first frame begins, which is where it says what it is."""
        return self.fragments(1).head(1 << 20)

    def _read(self) -> tuple[Dataset, UID]:
        meta = _read_meta(self.file)
        syntax = UID(str(meta.get("TransferSyntaxUID", "")))
        if syntax == DeflatedExplicitVRLittleEndian:
            packed = self.file
            self.file = io.BytesIO(inflate(packed))
            packed.close()
            ds = read_dataset(self.file, False, True, stop_when=self._stop)
            self._read_on(ds, implicit=False, little=True)
            return ds, ExplicitVRLittleEndian
        self.file.seek(0)
        ds = read_partial(self.file, stop_when=self._stop, force=True)
        implicit, little = (bool(said) for said in ds.original_encoding)
        self._read_on(ds, implicit=implicit, little=little)
        if not syntax:
            explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
            syntax = ImplicitVRLittleEndian if implicit else explicit
        return ds, syntax

    def _stop(self, tag: Any, vr: str | None, length: int) -> bool:
        return (self._is_lazy and int(tag) == PER_FRAME) or _at_pixel_data(tag, vr, length)

    def _read_on(self, ds: Dataset, *, implicit: bool, little: bool) -> None:
        """Set the groups of frames apart where reading stopped at them, and read what follows."""
        here = self.file.tell()
        head = self.file.read(4)
        self.file.seek(here)
        if head != struct.pack("<HH" if little else ">HH", PER_FRAME >> 16, PER_FRAME & 0xFFFF):
            return
        try:
            self.groups = FrameGroups(self.file, implicit=implicit, little=little)
        except UnreadableError:
            self.file.seek(here)
        rest = read_dataset(self.file, implicit, little, stop_when=_at_pixel_data)
        for tag in rest.keys():  # noqa: SIM118  iterating a data set decodes its elements
            ds[tag] = rest.get_item(tag)

    def _locate(self) -> None:
        """Read the header of the pixel data element, at which reading stopped."""
        order = ">" if self.transfer_syntax == ExplicitVRBigEndian else "<"
        self.keyword, self.vr, self.length = "", "OW", 0
        head = self.file.read(12)
        if len(head) == 12:
            group, element = struct.unpack(order + "HH", head[:4])
            self.keyword = PIXEL_KEYWORDS.get(group << 16 | element, "")
        if not self.keyword:
            return
        if head[4:6] in (b"OB", b"OW", b"OF", b"OD", b"UN"):
            self.vr = head[4:6].decode("ascii")
            self.length = struct.unpack(order + "I", head[8:12])[0]
        else:
            self.length = struct.unpack(order + "I", head[4:8])[0]
            self.file.seek(-4, io.SEEK_CUR)
        self.offset = self.file.tell()
        end = self.file.seek(0, io.SEEK_END)
        self.available = max(0, end - self.offset)
        if self.length != UNDEFINED:
            self.available = min(self.length, self.available)


def _at_pixel_data(tag: Any, _vr: str | None, _length: int) -> bool:
    return int(tag) in PIXEL_KEYWORDS


def _read_meta(file: BinaryIO) -> FileMetaDataset | Dataset:
    """The File Meta group, empty where there is none; the file stands behind it."""
    if not read_preamble(file, force=True):
        file.seek(0)
    return read_dataset(
        file, False, True, stop_when=lambda tag, _vr, _length: int(tag) >> 16 != 0x0002
    )


def inflate(file: BinaryIO) -> bytes:
    """The rest of the file, inflated (PS3.5 A.5); raises NoPreviewError where it grows too big."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    clear = bytearray()
    while not inflater.eof and (packed := file.read(1 << 16)):
        while packed:
            clear += inflater.decompress(packed, 1 << 20)
            packed = inflater.unconsumed_tail
            if len(clear) > MAX_INFLATED:
                raise NoPreviewError(
                    f"no preview: the deflated data set inflates to more than"
                    f" {MAX_INFLATED >> 20} MiB"
                )
    return bytes(clear)
