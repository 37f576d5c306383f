"""A walk over an encoded data set: tags, VRs and where values lie (PS3.5 7).

Nothing is decoded and no value is read that was not asked for, so a 2 GB object costs as little as
a small one. Input is hostile: every length is checked against what is there, nesting is
followed without recursion, and the number of elements looked at is bounded.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN"))
_LONG_VRS |= frozenset((b"UR", b"UT", b"UV"))
_SHORT_VRS = frozenset((b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS"))
_SHORT_VRS |= frozenset((b"LO", b"LT", b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL"))
_SHORT_VRS |= frozenset((b"US",))
_MAX_ELEMENTS = 100_000
_INFLATE_LIMIT = 4 << 20

DEFLATED = "1.2.840.10008.1.2.1.99"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
# Called "implicit VR big endian": its pixels are, its data set is little endian.
_GE_PRIVATE = "1.2.840.113619.5.2"
_LITTLE = (
    struct.Struct("<HH2sH").unpack_from,
    struct.Struct("<L").unpack_from,
)
_BIG = (
    struct.Struct(">HH2sH").unpack_from,
    struct.Struct(">L").unpack_from,
)


Keep = Callable[[int, bytes], bool]
"""Is shown tag and value of an element, and may take it."""


def _keep_none(_tag: int, _value: bytes) -> bool:
    return False


class DamagedError(Exception):
    """The data set does not hold together from here on; says why."""


class MoreNeededError(Exception):
    """What comes next is not there yet."""


class Encoding(NamedTuple):
    """How a data set is encoded, PS3.5 annex A."""

    explicit: bool
    little: bool


_EXPLICIT_LITTLE = Encoding(explicit=True, little=True)
_EXPLICIT_BIG = Encoding(explicit=True, little=False)


class Element(NamedTuple):
    """One element: `at` is the offset of its value, `length` may be UNDEFINED."""

    tag: int
    vr: bytes
    length: int
    at: int


def encoding_of(transfer_syntax_uid: str) -> Encoding:
    """The encoding that a transfer syntax implies; explicit little endian for all but two."""
    if transfer_syntax_uid in (IMPLICIT_LITTLE, _GE_PRIVATE):
        return Encoding(explicit=False, little=True)
    return _EXPLICIT_BIG if transfer_syntax_uid == EXPLICIT_BIG else _EXPLICIT_LITTLE


class Source:
    """The bytes of a data set: its head at hand, the rest from a file, or by `read`, when asked."""

    def __init__(
        self,
        head: bytes,
        size: int,
        fd: int = -1,
        offset: int = 0,
        *,
        read: Callable[[int, int], bytes] | None = None,
    ) -> None:
        self.head = head
        self.head_size = min(len(head), size)
        self._read = read
        if fd >= 0:
            self._read = lambda at, end: os.pread(fd, max(0, end - at), offset + at)
        self.size = size
        self.partial = False
        """True where more follows than `size` says, and is left alone."""

    def take(self, at: int, length: int) -> bytes:
        """`length` bytes from `at`; fewer only at the end."""
        end = at + length
        if end <= self.head_size:
            return self.head[at:end]
        end = min(end, self.size)
        if end <= self.head_size or self._read is None:
            return self.head[at:end]
        return self._read(at, end)

    def reaches(self, end: int) -> bool:
        """Whether there are bytes up to this offset."""
        return end <= self.size

    def inflated(self) -> Source:
        """The first few MB of a deflated data set (PS3.5 A.5), however far it would inflate."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        out = bytearray()
        at = 0
        try:
            while at < self.size and len(out) < _INFLATE_LIMIT and not inflater.eof:
                chunk = inflater.unconsumed_tail or self.take(at, 65536)
                at += 0 if inflater.unconsumed_tail else len(chunk)
                out += inflater.decompress(chunk, _INFLATE_LIMIT - len(out))
        except zlib.error as error:
            if not out:
                raise DamagedError(f"the deflated data set does not inflate: {error}") from error
        source = Source(bytes(out), len(out))
        source.partial = not inflater.eof
        return source


class Beginning(Source):
    """The first bytes of a data set that is still coming; MoreNeededError for those behind."""

    def __init__(self, head: bytes) -> None:
        super().__init__(head, 1 << 62)
        self.head_size = len(head)

    def take(self, at: int, length: int) -> bytes:
        """`length` bytes from `at`."""
        self.reaches(at + length)
        return self.head[at : at + length]

    def reaches(self, end: int) -> bool:
        """True, where that is known."""
        if end > self.head_size:
            raise MoreNeededError
        return True


class Walk:
    """Reads elements one after the other, within a budget of elements for the whole object."""

    def __init__(self, source: Source, budget: int = _MAX_ELEMENTS) -> None:
        self.source = source
        self.reached = 0
        """The last element of which bytes are there, in a walk that is told what is wanted."""
        self._budget = budget

    def pass_over(
        self, at: int, encoding: Encoding, wanted: Container[int], keep: Keep = _keep_none
    ) -> int:
        """The offset of the next element that is wanted or takes more than a look.

        For the short elements of an explicit little endian data set that lie in memory: most of
        a header, and most of the time. Those that `keep` takes are passed over too.
        """
        if encoding is not _EXPLICIT_LITTLE:
            return at
        head, last = self.source.head, self.source.head_size - 12
        unpack = _LITTLE[0]
        while at <= last:
            group, number, vr, length = unpack(head, at)
            if vr not in _SHORT_VRS or at + length > last:
                break
            value, tag = at + 8, group << 16 | number
            if tag in wanted and not keep(tag, head[value : value + length]):
                break
            at = value + length
            self._budget -= 1
        return at

    def elements(
        self,
        at: int,
        end: int,
        encoding: Encoding,
        wanted: Container[int] | None = None,
        keep: Keep = _keep_none,
    ) -> Iterator[Element]:
        """The elements between two offsets, sequences skipped over; DamagedError where they break.

        Ends at an item delimiter too. With `wanted`, some of the others may be left out, and those
        that `keep` takes.
        """
        while at < end:
            if wanted is not None:
                at = self.pass_over(at, encoding, wanted, keep)
                if at < self.source.head_size:
                    self.reached = at
            element = self._header(at, encoding)
            if element.tag in (_ITEM_END, _SEQUENCE_END):
                return
            yield element
            if element.length == UNDEFINED:
                at = self._skip(element, encoding)
                continue
            at = element.at + element.length
            if at > self.source.size:
                raise DamagedError(
                    f"({element.tag >> 16:04X},{element.tag & 0xFFFF:04X}) claims"
                    f" {element.length} bytes, {max(0, self.source.size - element.at)} are there"
                )

    def items(self, sequence: Element, encoding: Encoding) -> Iterator[tuple[int, int]]:
        """Start and end of the contents of each item of a sequence; its end where undefined."""
        at = sequence.at
        end = self.source.size if sequence.length == UNDEFINED else at + sequence.length
        while at < min(end, self.source.size):
            item = self._header(at, encoding)
            if item.tag != _ITEM:
                return
            if item.length == UNDEFINED:
                yield item.at, end
                at = self._skip(item, encoding)
            else:
                yield item.at, item.at + item.length
                at = item.at + item.length

    def _header(self, at: int, encoding: Encoding) -> Element:
        self._budget -= 1
        if self._budget < 0:
            raise DamagedError("too many elements to look at")
        raw = self.source.take(at, 12)
        if len(raw) < 8:
            raise DamagedError(f"the data set ends within an element, at byte {at}")
        explicit, number_at = _LITTLE if encoding.little else _BIG
        group, number, vr, short = explicit(raw)
        tag = group << 16 | number
        if group == 0xFFFE or not encoding.explicit:
            return Element(tag, b"", number_at(raw, 4)[0], at + 8)
        if vr in _SHORT_VRS:
            return Element(tag, vr, short, at + 8)
        if vr in _LONG_VRS or (vr.isalpha() and vr.isupper()):
            # VRs that are yet to come have the long form (PS3.5 7.1.2).
            if len(raw) < 12:
                raise DamagedError(f"the data set ends within an element, at byte {at}")
            return Element(tag, vr, number_at(raw, 8)[0], at + 12)
        # Seen in the field: single elements in implicit VR amid an explicit data set.
        return Element(tag, b"", number_at(raw, 4)[0], at + 8)

    def _skip(self, element: Element, encoding: Encoding) -> int:
        """The offset behind an element or item of undefined length."""
        open_ends = [self._inner(element, encoding)]
        at = element.at
        while open_ends:
            inner = self._header(at, open_ends[-1])
            at = inner.at
            if inner.tag in (_ITEM_END, _SEQUENCE_END):
                open_ends.pop()
            elif inner.length == UNDEFINED:
                open_ends.append(self._inner(inner, open_ends[-1]))
            else:
                at += inner.length
            if at > self.source.size:
                raise DamagedError(
                    f"a sequence at byte {element.at} goes on beyond the data set's end"
                )
        return at

    @staticmethod
    def _inner(element: Element, encoding: Encoding) -> Encoding:
        # UN of undefined length holds implicit little endian (PS3.5 6.2.2).
        return Encoding(explicit=False, little=True) if element.vr == b"UN" else encoding
