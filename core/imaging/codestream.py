"""What a coded frame says of itself before it is decoded: JPEG (T.81), JPEG-LS, JPEG 2000."""

from __future__ import annotations

import struct

from msgspec import Struct
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    JPEG2000MC,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEG2000MCLossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

_SOFS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit)
_LOSSLESS = (JPEGLossless, JPEGLosslessSV1)
_LS = (JPEGLSLossless, JPEGLSNearLossless)
# One decoder does both, so that a name of the other is no reason to doubt.
_J2K_SYNTAXES = (JPEG2000, JPEG2000Lossless, JPEG2000MC, JPEG2000MCLossless)
_HTJ2K_SYNTAXES = (HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL)
_HEAD = 1 << 12
_HIGH_THROUGHPUT = 0x4000
"""In Rsiz: the frame is of part 15."""
_J2K, _JP2 = b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  "


class Claim(Struct, frozen=True):
    """What a coded frame is: its transfer syntaxes, size and depth, and in how many tiles it comes.

    The first of `syntaxes` is one to decode it by, the others are names for the like.
    """

    syntaxes: tuple[UID, ...]
    rows: int
    columns: int
    samples: int
    bits: int
    tiles: int = 1
    is_rgb: bool = False
    """Whether decoding gives RGB, since the frame has a colour transform of its own."""

    @property
    def size(self) -> int:
        """Bytes of the decoded frame."""
        return self.rows * self.columns * self.samples * (2 if self.bits > 8 else 1)


def claim_of(coded: bytes) -> Claim | None:
    """What a coded frame claims to be; None where that cannot be told, as of RLE."""
    if coded.startswith(_JP2):
        begin = coded.find(_J2K, 0, 1 << 16)
        return _jpeg_2000(coded[begin : begin + _HEAD]) if begin >= 0 else None
    if coded.startswith(_J2K):
        return _jpeg_2000(coded[:_HEAD])
    return _jpeg(coded) if coded.startswith(b"\xff\xd8") else None


def _jpeg_2000(head: bytes) -> Claim | None:
    """From the SIZ marker segment (T.800 A.5.1)."""
    if len(head) < 43:
        return None
    right, bottom, left, top, width, height, tile_left, tile_top = struct.unpack(">8I", head[8:40])
    samples = int.from_bytes(head[40:42], "big")
    columns, rows = right - left, bottom - top
    if columns <= 0 or rows <= 0 or not width or not height:
        return None
    tiles = -(-(right - tile_left) // width) * -(-(bottom - tile_top) // height)
    is_ht = int.from_bytes(head[6:8], "big") & _HIGH_THROUGHPUT
    syntaxes = _HTJ2K_SYNTAXES + _J2K_SYNTAXES if is_ht else _J2K_SYNTAXES + _HTJ2K_SYNTAXES
    return Claim(
        syntaxes, rows, columns, samples, (head[42] & 0x7F) + 1, tiles, _has_transform(head)
    )


def _has_transform(head: bytes) -> bool:
    """The multiple component transform of the COD marker segment (T.800 A.6.1)."""
    place = 2
    while place + 9 <= len(head) and head[place] == 0xFF:
        if head[place + 1] == 0x52:
            return head[place + 8] == 1
        place += 2 + int.from_bytes(head[place + 2 : place + 4], "big")
    return False


def _jpeg(coded: bytes) -> Claim | None:
    """From the frame header (T.81 B.2.2), which JPEG-LS shares."""
    place = 2
    while place + 4 <= len(coded):
        if coded[place] != 0xFF:
            return None
        marker = coded[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _WITHOUT_LENGTH:
            place += 2
        elif marker in _SOFS:
            head = coded[place + 4 : place + 10]
            if len(head) < 6:
                return None
            bits, rows, columns, samples = struct.unpack(">BHHB", head)
            syntaxes = _LS if marker == 0xF7 else _LOSSLESS if marker == 0xC3 else _LOSSY
            return Claim(syntaxes, rows, columns, samples, bits) if rows and columns else None
        else:
            place += 2 + int.from_bytes(coded[place + 2 : place + 4], "big")
    return None
