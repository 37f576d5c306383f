"""A data set as rows of a tree: one per element and one per sequence item."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace
from pydicom import datadict
from pydicom.dataset import Dataset

from core.dump import values
from core.dump.meanings import meaning
from core.dump.source import opened
from core.dump.walker import Kind, Step, Walker
from core.model import ElementRow, ValuePlace

MAX_ROWS = 100_000
MAX_TEXT = 1024
"""Characters of a value in a row."""
SPECIFIC_CHARACTER_SET = 0x00080005
WITH_MEANING = frozenset(("AS", "AT", "CS", "DA", "DT", "TM", "UI"))


class _Scope(Struct):
    """One data set or item: where it is, and what rules inside it."""

    path: str
    depth: int
    names: tuple[str, ...]
    creators: dict[int, str] = field(default_factory=dict)


class _OpenSequence(Struct):
    index: int
    path: str
    items: int = 0


def rows(source: Path | Dataset) -> Iterator[ElementRow]:
    """The File Meta group and the data set, sequences followed, bulk data left on the disk.

    What is wrong with the file is said in rows named "Warning", with no tag. Raises NotDicomError
    where there is no DICOM in it.
    """
    with opened(source) as bytes_of_it:
        builder = _Builder()
        for step in Walker(bytes_of_it).steps():
            builder.take(step)
            if len(builder.rows) >= MAX_ROWS:
                builder.warn(f"only the first {MAX_ROWS} elements are shown")
                break
    yield from builder.rows


class _Builder:
    """Turns the walker's steps into rows."""

    def __init__(self) -> None:
        self.rows: list[ElementRow] = []
        self._scopes = [_Scope("", 0, (values.DEFAULT_ENCODING,))]
        self._sequences: list[_OpenSequence] = []
        self._fragments = 0

    def take(self, step: Step) -> None:
        """Add what the step means."""
        if step.kind is Kind.WARNING:
            self.warn(step.text)
        elif step.kind is Kind.NOTE:
            self._say("Note", step.text)
        elif step.kind is Kind.FRAGMENT:
            self._fragment(step)
        elif step.kind is Kind.ITEM:
            self._item(step)
        elif step.kind is Kind.ITEM_END:
            self._scopes.pop()
        elif step.kind is Kind.SEQUENCE_END:
            self._end_sequence()
        else:
            self._element(step)

    def warn(self, text: str) -> None:
        """Add a row that belongs to no element."""
        self._say("Warning", text)

    def _say(self, name: str, text: str) -> None:
        row = ElementRow(depth=0, tag="", vr="", keyword="", name=name, value=text, path="")
        self.rows.append(row)

    def _item(self, step: Step) -> None:
        sequence, outer = self._sequences[-1], self._scopes[-1]
        path = f"{sequence.path}[{sequence.items}]"
        sequence.items += 1
        self._scopes.append(_Scope(path, outer.depth + 2, outer.names))
        self.rows.append(
            ElementRow(
                depth=outer.depth + 1,
                tag="(FFFE,E000)",
                vr="",
                keyword="",
                name=f"Item {sequence.items}",
                value="",
                path=path,
                length=step.length,
                is_item=True,
            )
        )

    def _end_sequence(self) -> None:
        sequence = self._sequences.pop()
        count = sequence.items
        text = f"{count} item" if count == 1 else f"{count} items"
        self.rows[sequence.index] = replace(self.rows[sequence.index], value=text, vm=count)

    def _element(self, step: Step) -> None:
        scope = self._scopes[-1]
        self._fragments = 0
        is_sequence = step.kind is Kind.SEQUENCE
        keyword, name = describe(step.tag, scope.creators)
        vr = effective_vr(step, scope.creators)
        label = keyword or f"[{step.tag >> 16:04X},{step.tag & 0xFFFF:04X}]"
        path = f"{scope.path}.{label}" if scope.path else label
        value, vm = ("", 0) if is_sequence else self._value(step, vr, scope)
        if is_sequence:
            self._sequences.append(_OpenSequence(len(self.rows), path))
        self.rows.append(
            ElementRow(
                depth=scope.depth,
                tag=f"({step.tag >> 16:04X},{step.tag & 0xFFFF:04X})",
                vr=step.vr,
                keyword=keyword,
                name=name,
                value=value,
                path=path,
                vm=vm,
                length=step.length,
                is_private=bool(step.tag >> 16 & 1),
                is_sequence=is_sequence,
                is_vr_implied=step.implicit,
                meaning=meaning(vr, keyword, value) if vr in WITH_MEANING else "",
                creator=creator_of(step.tag, scope.creators) if step.tag >> 16 & 1 else "",
                place=None if is_sequence else _place(step, vr, scope.names),
            )
        )

    def _fragment(self, step: Step) -> None:
        """An item of encapsulated pixel data: first the Basic Offset Table, PS3.5 A.4."""
        scope, number = self._scopes[-1], self._fragments
        self._fragments += 1
        keyword, _ = describe(step.holder, scope.creators)
        label = keyword or f"[{step.holder >> 16:04X},{step.holder & 0xFFFF:04X}]"
        path = f"{scope.path}.{label}" if scope.path else label
        length = step.length or 0
        self.rows.append(
            ElementRow(
                depth=scope.depth + 1,
                tag="(FFFE,E000)",
                vr="",
                keyword="",
                name=f"Fragment {number}" if number else "Basic Offset Table",
                value=_beginning(step) if number else _offsets(step),
                path=f"{path}[{number}]",
                length=length,
                is_item=True,
                place=_place(step, "OB" if number else "OL", ()),
            )
        )

    @staticmethod
    def _value(step: Step, vr: str, scope: _Scope) -> tuple[str, int]:
        if step.text or step.source is None:
            return step.text, 1
        is_binary = vr not in values.TEXT and vr not in values.NUMBERS and vr != "AT"
        wanted = values.BYTES_OF_A_ROW if is_binary else 4 * MAX_TEXT
        raw = step.source.at(step.offset, min(step.available, wanted))
        if step.tag == SPECIFIC_CHARACTER_SET:
            scope.names = values.encodings(raw)
        text = values.as_text(raw, vr, step.order, scope.names)
        if is_creator(step.tag):
            scope.creators[step.tag >> 16 << 8 | step.tag & 0xFF] = text
        if len(text) > MAX_TEXT or step.available > wanted:
            text = text[:MAX_TEXT] + "…"
        return text, values.multiplicity(raw, vr, step.length or 0)


def _place(step: Step, vr: str, names: tuple[str, ...]) -> ValuePlace | None:
    """Where the bytes of a value are, for whoever wants to read all of them."""
    if step.source is None or not step.available:
        return None
    return ValuePlace(
        offset=step.offset,
        size=step.available,
        vr=vr,
        big_endian=step.order == ">",
        deflated=step.source.is_inflated,
        character_set=names if vr in values.BY_CHARACTER_SET else (),
    )


def _beginning(step: Step) -> str:
    """The first bytes of a fragment."""
    if step.source is None:
        return ""
    raw = step.source.at(step.offset, min(step.available, values.BYTES_OF_A_ROW))
    return raw.hex(" ") + ("…" if step.available > len(raw) else "")


def _offsets(step: Step) -> str:
    """The offsets of a Basic Offset Table, PS3.5 A.4."""
    if step.source is None or not step.available:
        return "empty"
    raw = step.source.at(step.offset, min(step.available, values.BYTES_OF_A_ROW))
    text = "\\".join(str(offset) for offset in values.numbers(raw, "UL", step.order))
    return text + ("…" if step.available > len(raw) else "")


def is_creator(tag: int) -> bool:
    """Whether the element reserves a block of private elements, PS3.5 7.8.1."""
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def creator_of(tag: int, creators: dict[int, str]) -> str:
    """Who reserved the private element's block, empty where nobody did."""
    return creators.get(tag >> 16 << 8 | tag >> 8 & 0xFF, "")


def effective_vr(step: Step, creators: dict[int, str]) -> str:
    """The VR to read the value by: the dictionary's, where the file says only UN or nobody's."""
    known = step.vr in values.TEXT or step.vr in values.NUMBERS or step.vr[:1] == "O"
    if known or step.vr in ("AT", "SQ"):
        return step.vr
    try:
        if step.tag >> 16 & 1:
            found = datadict.private_dictionary_VR(step.tag, creator_of(step.tag, creators))
        else:
            found = datadict.dictionary_VR(step.tag)
    except KeyError:
        return "UN"
    return found[:2] if found[:2] != "SQ" else "UN"


def describe(tag: int, creators: dict[int, str]) -> tuple[str, str]:
    """(keyword, name) by the dictionaries; a private element's name says whose it is."""
    if tag & 0xFFFF == 0:
        return "", "Group Length"
    if tag >> 16 & 1:
        return "", _private_name(tag, creators)
    return _public_names(tag)


@lru_cache(maxsize=8192)
def _public_names(tag: int) -> tuple[str, str]:
    if not datadict.dictionary_has_tag(tag) and not datadict.repeater_has_tag(tag):
        return "", "Unknown"
    return datadict.keyword_for_tag(tag), datadict.dictionary_description(tag)


def _private_name(tag: int, creators: dict[int, str]) -> str:
    if is_creator(tag):
        return "Private Creator"
    creator = creator_of(tag, creators)
    if not creator:
        return "Private"
    try:
        name = datadict.private_dictionary_description(tag, creator)
    except KeyError:
        name = "Private"
    return f"{name} ({creator})"
