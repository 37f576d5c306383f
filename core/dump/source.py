"""Opening what shall be dumped: where the data set begins and how it is encoded, PS3.5 and 10."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct
from pydicom.datadict import dictionary_has_tag
from pydicom.dataset import Dataset

from core.errors import NotDicomError

DEFLATED = ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205")
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2"
PREAMBLE_SIZE = 128
MAX_INFLATED = 64 << 20
"""Bytes of a deflated data set that are looked at."""

LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
KNOWN_VRS = LONG_VRS | SHORT_VRS


class Encoding(Struct, frozen=True):
    """How data elements are written: PS3.5 7.1.2 and 7.1.3."""

    implicit: bool
    order: str = "<"
    """Byte order as struct names it."""

    def __str__(self) -> str:
        vr = "Implicit" if self.implicit else "Explicit"
        return f"{vr} VR {'Little' if self.order == '<' else 'Big'} Endian"


META = Encoding(implicit=False)
ITEM_TAG = (0xFFFE, 0xE000)


class Source:
    """Bytes to read from by offset, with nothing loaded that is not asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = file.seek(0, io.SEEK_END)
        self.start = self._start()
        self.warning = ""
        self.is_inflated = False

    def at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer at the end."""
        self.file.seek(offset)
        return self.file.read(size)

    def preamble(self) -> bytes:
        """The 128 bytes before the prefix, PS3.10 7.1; empty where there is no prefix."""
        return self.at(0, PREAMBLE_SIZE) if self.start else b""

    def _start(self) -> int:
        """Offset of the first data element: behind the preamble where there is one."""
        if self.at(PREAMBLE_SIZE, 4) == b"DICM":
            return PREAMBLE_SIZE + 4
        if self._plausible_encoding(0) is None:
            raise NotDicomError("not a DICOM object: no DICM prefix, and no data element either")
        return 0

    def encoding(self, offset: int, transfer_syntax: str) -> Encoding:
        """How the data set at `offset` is encoded; its bytes overrule what its meta group says."""
        declared = Encoding(
            implicit=transfer_syntax == IMPLICIT_LITTLE_ENDIAN,
            order=">" if transfer_syntax == EXPLICIT_BIG_ENDIAN else "<",
        )
        found = self._plausible_encoding(offset)
        return (
            declared
            if found is None or (transfer_syntax and not self._clash(declared, found))
            else found
        )

    def _clash(self, declared: Encoding, found: Encoding) -> bool:
        if declared == found:
            return False
        self.warning = "the data set is not encoded as its transfer syntax says"
        return True

    def _plausible_encoding(self, offset: int) -> Encoding | None:
        head = self.at(offset, 12)
        if len(head) < 8:
            return None
        if head[4:6] in KNOWN_VRS:
            for order in "<>":
                group = struct.unpack(order + "H", head[:2])[0]
                if 0 < group <= 0x0020:
                    return Encoding(implicit=False, order=order)
        group, element, length = struct.unpack("<HHI", head[:8])
        known = element == 0 or dictionary_has_tag(group << 16 | element)
        if group == 0:  # a command set begins with its length, PS3.7 6.3.1
            known = element == 0 and length == 4
        if group in (0x0000, 0x0002, 0x0004, 0x0008, 0x0010) and known:
            return Encoding(implicit=True) if offset + 8 + length <= self.size else None
        return None

    def inflated(self, offset: int) -> Source:
        """The deflated data set at `offset` in the clear, as far as it may be looked at."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        clear, warning = bytearray(), ""
        self.file.seek(offset)
        try:
            while len(clear) < MAX_INFLATED and not inflater.eof:
                packed = inflater.unconsumed_tail or self.file.read(1 << 16)
                if not packed:
                    warning = "the deflated data set is cut short"
                    break
                clear += inflater.decompress(packed, 1 << 20)
        except zlib.error as fault:
            warning = f"the deflated data set is damaged: {fault}"
        if len(clear) >= MAX_INFLATED:
            warning = f"the deflated data set is shown to {MAX_INFLATED >> 20} MiB only"
        return Inflated(bytes(clear), warning)

    def item_encoding(self, offset: int, outer: Encoding) -> Encoding | None:
        """How the items are encoded that a value of VR UN at `offset` holds, None for no items.

        PS3.5 6.2.2 says Implicit VR Little Endian; some writers leave them as the rest is.
        """
        head = self.at(offset, 16)
        if len(head) < 8:
            return None
        orders = [order for order in "<>" if struct.unpack(order + "HH", head[:4]) == ITEM_TAG]
        if not orders:
            return None
        if head[12:14] in KNOWN_VRS and not outer.implicit:
            return Encoding(implicit=False, order=orders[0])
        return Encoding(implicit=True, order=orders[0])


class Inflated(Source):
    """A data set in memory that had no preamble of its own."""

    def __init__(self, clear: bytes, warning: str) -> None:
        self.file = io.BytesIO(clear)
        self.size = len(clear)
        self.start = 0
        self.warning = warning
        self.is_inflated = True


@contextmanager
def opened(source: Path | Dataset) -> Iterator[Source]:
    """The source, open for reading; raises NotDicomError where it cannot be a DICOM object."""
    try:
        file = _encoded(source) if isinstance(source, Dataset) else _file(source)
    except (OSError, ValueError) as fault:
        raise NotDicomError(f"cannot read {str(source)!r}: {fault}") from fault
    with file:
        try:
            yield Source(file)
        except OSError as fault:
            raise NotDicomError(f"cannot read {str(source)!r}: {fault}") from fault


def _file(path: Path) -> BinaryIO:
    # Opening a pipe would wait for somebody to write into it.
    if path.exists() and not path.is_file():
        raise NotDicomError(f"cannot read {str(path)!r}: not a file")
    return path.open("rb")


def _encoded(ds: Dataset) -> BinaryIO:
    buffer = io.BytesIO()
    try:
        if getattr(ds, "file_meta", None) is not None and "TransferSyntaxUID" in ds.file_meta:
            ds.save_as(buffer, enforce_file_format=False)
        else:
            ds.save_as(buffer, implicit_vr=False, little_endian=True)
    except Exception as fault:
        raise NotDicomError(f"the data set cannot be encoded: {fault}") from fault
    return buffer
