"""Walking through the data elements of a file, PS3.5 7: headers only, no recursion."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace
from pydicom.datadict import dictionary_has_tag, dictionary_VR

from core.dump.headers import is_known, vr_and_length
from core.dump.source import DEFLATED, META, Encoding, Source

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
TRANSFER_SYNTAX_UID = 0x00020010
MAX_DEPTH = 1000
"""Sequences within sequences that are followed."""
MAX_FRAGMENTS = 20_000
"""Fragments of encapsulated pixel data that are listed one by one."""


class Kind(str, Enum):
    """What was met on the way."""

    ELEMENT = "element"
    SEQUENCE = "sequence"
    SEQUENCE_END = "sequence end"
    ITEM = "item"
    ITEM_END = "item end"
    FRAGMENT = "fragment"
    NOTE = "note"
    WARNING = "warning"


class Step(Struct, frozen=True, kw_only=True):
    """One thing met: an element, its value at `offset`; where a sequence or item begins or ends.

    `length` is the declared one, None where undefined; `available` the bytes really there. `text`
    is what is said of a warning, a note, or an encapsulated value, whose fragments follow. `start`
    is where its header begins. `implicit` says that the VR is not in the file. `holder` is the tag
    of the element that a fragment belongs to.
    """

    kind: Kind
    tag: int = 0
    vr: str = ""
    length: int | None = None
    offset: int = 0
    available: int = 0
    order: str = "<"
    text: str = ""
    source: Source | None = None
    start: int = 0
    implicit: bool = False
    holder: int = 0


class _Frame(Struct):
    """A data set, item or sequence being read; `end` is where it ends at the latest."""

    is_sequence: bool
    end: int
    encoding: Encoding
    is_root: bool = False


class Walker:
    """Yields the steps of a whole file: File Meta group, then the data set."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.position = source.start
        self._stack: list[_Frame] = []
        self._last = 0
        self.transfer_syntax = ""
        """As the File Meta Information says."""
        self.encoding = META
        """How the data set is encoded, once it has been looked at."""

    def steps(self) -> Iterator[Step]:
        """Everything that can be read, in order, with warnings where something cannot."""
        if any(preamble := self.source.preamble()):
            yield self._note(_about_preamble(preamble))
        yield from self._meta()
        if self.transfer_syntax in DEFLATED:
            self.source = self.source.inflated(self.position)
            self.position = 0
        self.encoding = encoding = self.source.encoding(self.position, self.transfer_syntax)
        if not self.transfer_syntax:
            yield self._note(f"no Transfer Syntax UID (0002,0010): read as {encoding}")
        if self.source.warning:
            yield self._warning(self.source.warning)
        self._stack = [_Frame(False, self.source.size, encoding, is_root=True)]
        while self._stack:
            yield from self._advance()

    def _meta(self) -> Iterator[Step]:
        while self.source.at(self.position, 2) == b"\x02\x00":
            step = self._header(META, self.source.size)
            if step is None:
                return
            yield step
            self.position = step.offset + step.available
            if step.tag == TRANSFER_SYNTAX_UID:
                value = self.source.at(step.offset, min(step.available, 64))
                self.transfer_syntax = value.decode("ascii", "replace").rstrip("\0 ")

    def _advance(self) -> Iterator[Step]:
        frame = self._stack[-1]
        if self.position >= frame.end:
            yield from self._leave()
        elif frame.is_sequence:
            yield from self._item(frame)
        else:
            yield from self._element(frame)

    def _leave(self) -> Iterator[Step]:
        frame = self._stack.pop()
        if not frame.is_root:
            yield Step(kind=Kind.SEQUENCE_END if frame.is_sequence else Kind.ITEM_END)

    def _item(self, frame: _Frame) -> Iterator[Step]:
        head = self.source.at(self.position, 8)
        if len(head) < 8:
            yield self._warning("the file ends inside a sequence")
            self.position = self.source.size
            return
        group, element, length = struct.unpack(frame.encoding.order + "HHI", head)
        tag = group << 16 | element
        if tag == ITEM:
            self.position += 8
            end = frame.end if length == UNDEFINED else min(self.position + length, frame.end)
            declared = None if length == UNDEFINED else length
            yield Step(kind=Kind.ITEM, tag=tag, length=declared, start=self.position - 8)
            if length != UNDEFINED and self.position + length > frame.end:
                yield self._warning("an item is longer than what holds it")
            self._stack.append(_Frame(False, end, frame.encoding))
            return
        if tag == SEQUENCE_END:
            self.position += 8
        else:
            yield self._warning(f"({group:04X},{element:04X}) stands where an item should")
            if frame.end < self.source.size:
                self.position = frame.end
        yield from self._leave()

    def _element(self, frame: _Frame) -> Iterator[Step]:
        step = self._header(frame.encoding, frame.end)
        if step is None:
            yield self._warning("the file ends inside a data element's header")
            self.position = self.source.size
            return
        if frame.is_root:
            if self._is_garbage(step):
                yield self._warning(
                    f"{self.source.size - self.position:,} bytes from offset {self.position:,} on"
                    " are no data elements"
                )
                self.position = self.source.size
                return
            self._last = step.tag
        if step.tag == ITEM_END and not frame.is_root:
            self.position = step.offset
            yield from self._leave()
        elif step.tag == SEQUENCE_END and not frame.is_root:
            self.position = step.offset - 8
            yield from self._leave()
        elif encoding := self._opens_sequence(step, frame):
            yield from self._enter(step, frame, encoding)
        elif step.length is None:
            yield from self._fragments(step, frame)
        else:
            yield step
            self.position = step.offset + step.available
            if step.available < step.length:
                yield self._warning(
                    f"({step.tag >> 16:04X},{step.tag & 0xFFFF:04X}) is cut short:"
                    f" {step.available} of {step.length} bytes"
                )

    def _is_garbage(self, step: Step) -> bool:
        """Whether what follows the last element only looks like one."""
        group = step.tag >> 16
        if group == 0 and self._last > 0xFFFF:
            return True
        strange = group == 0xFFFE or (step.implicit and not self.encoding.implicit)
        if strange or not (group & 1 or is_known(step.tag)):
            cut = step.length is not None and step.available < step.length
            return cut or step.tag < self._last
        return False

    def _opens_sequence(self, step: Step, frame: _Frame) -> Encoding | None:
        """How the items that follow are encoded, None where it is no sequence."""
        if step.vr == "SQ":
            return frame.encoding
        if step.vr != "UN":
            return None
        found = self.source.item_encoding(step.offset, frame.encoding)
        # A sequence of VR UN is in Implicit VR Little Endian, PS3.5 6.2.2.
        if step.length is None or (
            dictionary_has_tag(step.tag) and dictionary_VR(step.tag) == "SQ"
        ):
            return found or Encoding(implicit=True)
        return found if step.available >= 8 else None

    def _enter(self, step: Step, frame: _Frame, encoding: Encoding) -> Iterator[Step]:
        yield replace(step, kind=Kind.SEQUENCE)
        self.position = step.offset
        end = frame.end if step.length is None else step.offset + step.available
        if len(self._stack) > 2 * MAX_DEPTH:
            yield self._warning(f"sequences nested more than {MAX_DEPTH} deep are not followed")
            self.position = self.source.size if step.length is None else end
            yield Step(kind=Kind.SEQUENCE_END)
            return
        self._stack.append(_Frame(True, end, encoding))

    def _fragments(self, step: Step, frame: _Frame) -> Iterator[Step]:
        """An encapsulated value, PS3.5 A.4: counted and listed, not read."""
        position, count, total = step.offset, 0, 0
        listed: list[Step] = []
        while len(head := self.source.at(position, 8)) == 8:
            group, element, length = struct.unpack(frame.encoding.order + "HHI", head)
            if group << 16 | element != ITEM or position + 8 + length > self.source.size:
                break
            if count < MAX_FRAGMENTS:
                listed.append(
                    replace(
                        step,
                        kind=Kind.FRAGMENT,
                        tag=ITEM,
                        holder=step.tag,
                        length=length,
                        offset=position + 8,
                        available=length,
                        start=position,
                    )
                )
            position, count, total = position + 8 + length, count + 1, total + length
        ended = len(head) == 8 and head == struct.pack(
            frame.encoding.order + "HHI", 0xFFFE, 0xE0DD, 0
        )
        fragments = "1 fragment" if count == 2 else f"{max(0, count - 1):,} fragments"
        yield replace(step, text=f"{fragments}, {total:,} bytes", available=position - step.offset)
        yield from listed
        if count > len(listed):
            yield self._note(f"only the first {MAX_FRAGMENTS:,} fragments are listed")
        self.position = position + 8 if ended else self.source.size
        if not ended:
            yield self._warning(
                "the encapsulated value has no end: the file is cut short or damaged"
            )

    def _header(self, encoding: Encoding, end: int) -> Step | None:
        """The data element that begins at the position, None where no whole header is left."""
        head = self.source.at(self.position, 12)
        if len(head) < 8:
            return None
        group, element = struct.unpack(encoding.order + "HH", head[:4])
        tag = group << 16 | element
        size, vr, length, implicit = vr_and_length(head, tag, encoding)
        if length is None:
            return None
        offset = self.position + size
        return Step(
            kind=Kind.ELEMENT,
            tag=tag,
            vr=vr,
            length=None if length == UNDEFINED else length,
            offset=offset,
            available=max(0, min(length, end - offset, self.source.size - offset)),
            order=encoding.order,
            source=self.source,
            start=self.position,
            implicit=implicit,
        )

    def _note(self, text: str) -> Step:
        return Step(kind=Kind.NOTE, text=text, offset=self.position)

    def _warning(self, text: str) -> Step:
        return Step(kind=Kind.WARNING, text=text, offset=self.position)


def _about_preamble(preamble: bytes) -> str:
    """What stands in a preamble that is not empty, PS3.10 7.1."""
    if preamble[:4] in (b"II*\0", b"MM\0*"):
        return "the preamble is the head of a TIFF file"
    return f"the preamble is not empty: {preamble[:16].hex(' ')} …"
