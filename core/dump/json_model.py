"""The DICOM JSON model of a data set, PS3.18 annex F, without bulk data."""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from core.dump import values
from core.dump.rows import MAX_ROWS, SPECIFIC_CHARACTER_SET, effective_vr, is_creator
from core.dump.source import opened
from core.dump.walker import Kind, Step, Walker

MAX_INLINE = 1024
"""Bytes of binary data that go into the document; more is left out."""
MAX_TEXT_BYTES = 1 << 20
MAX_JSON_DEPTH = 100
"""Sequences within sequences that the document shows: JSON readers have limits too."""
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")

Document = dict[str, Any]


def dicom_json(source: Path | Dataset) -> Document:
    """The data set as PS3.18 F.2 has it, in Unicode; raises NotDicomError.

    The File Meta group, group lengths and binary values above `MAX_INLINE` bytes are left out.
    """
    document: Document = {}
    with opened(source) as bytes_of_it:
        builder = _Builder(document)
        for count, step in enumerate(Walker(bytes_of_it).steps()):
            builder.take(step)
            if count >= MAX_ROWS:
                break
    return document


class _Builder:
    """Fills the document from the walker's steps."""

    def __init__(self, document: Document) -> None:
        self._items = [document]
        self._names: list[tuple[str, ...]] = [(values.DEFAULT_ENCODING,)]
        self._creators: list[dict[int, str]] = [{}]
        self._sequences: list[list[Document]] = []

    def take(self, step: Step) -> None:
        """Add what the step means."""
        if step.kind is Kind.ITEM:
            item: Document = {}
            self._sequences[-1].append(item)
            self._items.append(item)
            self._names.append(self._names[-1])
            self._creators.append({})
        elif step.kind is Kind.ITEM_END:
            for stack in (self._items, self._names, self._creators):
                stack.pop()
        elif step.kind is Kind.SEQUENCE:
            self._sequence(step)
        elif step.kind is Kind.SEQUENCE_END:
            self._sequences.pop()
        elif step.kind is Kind.ELEMENT and step.tag >> 16 != 2 and step.tag & 0xFFFF:
            self._items[-1][f"{step.tag:08X}"] = self._element(step)

    def _sequence(self, step: Step) -> None:
        entry: Document = {"vr": "SQ"}
        content: list[Document] = []
        if len(self._sequences) < MAX_JSON_DEPTH:
            entry["Value"] = content
        self._items[-1][f"{step.tag:08X}"] = entry
        self._sequences.append(content)

    def _element(self, step: Step) -> Document:
        vr = effective_vr(step, self._creators[-1])
        if step.source is None or step.text or not step.available:
            return {"vr": vr}
        if vr not in values.TEXT and vr not in values.NUMBERS and vr != "AT":
            if step.available > MAX_INLINE:
                return {"vr": vr}
            raw = step.source.at(step.offset, step.available)
            return {"vr": vr, "InlineBinary": base64.b64encode(raw).decode("ascii")}
        raw = step.source.at(step.offset, min(step.available, MAX_TEXT_BYTES))
        if step.tag == SPECIFIC_CHARACTER_SET:
            self._names[-1] = values.encodings(raw)
            return {"vr": vr, "Value": ["ISO_IR 192"]}
        found = self._values(raw, vr, step.order)
        if is_creator(step.tag):
            self._creators[-1][step.tag >> 16 << 8 | step.tag & 0xFF] = str(found[0])
        return {"vr": vr, "Value": found} if found else {"vr": vr}

    def _values(self, raw: bytes, vr: str, order: str) -> list[Any]:
        if vr == "AT":
            return [str(tag)[1:5] + str(tag)[6:10] for tag in values.numbers(raw, vr, order)]
        if vr in values.NUMBERS:
            return [_number(item) for item in values.numbers(raw, vr, order)]
        text = values.as_text(raw, vr, order, self._names[-1])
        parts = [text] if vr in values.SINGLE_VALUED else [p.strip() for p in text.split("\\")]
        if not any(parts):
            return []
        return [_json_value(part, vr) if part else None for part in parts]


def _json_value(text: str, vr: str) -> Any:
    if vr == "PN":
        groups = zip(_GROUPS, text.split("="), strict=False)
        return {name: group for name, group in groups if group}
    if vr in ("DS", "IS"):
        try:
            return _number(int(text) if vr == "IS" else float(text))
        except ValueError:
            return text
    return text


def _number(value: float | str) -> float | str:
    """Numbers that JSON cannot write are given as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
