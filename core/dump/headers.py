"""The header of a data element: tag, VR and length, PS3.5 7.1."""

from __future__ import annotations

import struct
from functools import lru_cache

from pydicom.datadict import dictionary_has_tag, dictionary_VR, repeater_has_tag

from core.dump.source import KNOWN_VRS, LONG_VRS, Encoding


def vr_and_length(head: bytes, tag: int, encoding: Encoding) -> tuple[int, str, int | None, bool]:
    """(size of the header, VR, length, whether the VR is implicit); no length: it is cut short."""
    long_length: int = struct.unpack(encoding.order + "I", head[4:8])[0]
    if tag >> 16 == 0xFFFE:
        return 8, "", long_length, True
    letters = head[4:6]
    # Some writers put single elements in implicit VR into explicit sets: no letters, no VR.
    if encoding.implicit or not (letters.isalpha() and letters.isupper()):
        return 8, _dictionary_vr(tag), long_length, True
    vr = letters.decode("ascii")
    # An unknown VR has the long form, PS3.5 6.2; where its reserved bytes are used it cannot be.
    if letters in LONG_VRS or (letters not in KNOWN_VRS and head[6:8] == b"\0\0"):
        if len(head) < 12:
            return 12, vr, None, False
        return 12, vr, struct.unpack(encoding.order + "I", head[8:12])[0], False
    return 8, vr, struct.unpack(encoding.order + "H", head[6:8])[0], False


@lru_cache(maxsize=8192)
def is_known(tag: int) -> bool:
    """Whether the dictionary has the tag, or one for all of its group."""
    return tag & 0xFFFF == 0 or dictionary_has_tag(tag) or repeater_has_tag(tag)


@lru_cache(maxsize=8192)
def _dictionary_vr(tag: int) -> str:
    if tag & 0xFFFF == 0:
        return "UL"
    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    if not dictionary_has_tag(tag):
        return "UN"
    return dictionary_VR(tag)[:2]
