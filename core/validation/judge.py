"""One pass over an object for its elements, then the rules that look at it as a whole."""

from __future__ import annotations

from pathlib import Path

from pydicom.uid import UID

from core.dump import values
from core.dump.rows import describe, effective_vr
from core.dump.source import opened
from core.dump.walker import Kind, Step, Walker
from core.model import Validation
from core.validation.attribute_rules import SOP_CLASS_UID, judge_attributes
from core.validation.element_rules import (
    SPECIFIC_CHARACTER_SET,
    judge_character_set,
    judge_place,
    judge_value,
    judge_vr,
)
from core.validation.meta_rules import judge_meta
from core.validation.pixel_rules import judge_pixels
from core.validation.report import Place, Report
from core.validation.tree import KEPT, Element, Item, Tree

MAX_ELEMENTS = 200_000
"""Elements and items that are judged."""
SOP_INSTANCE_UID = 0x00080018


def validate(path: Path) -> Validation:
    """Hold a file against PS3.3, 3.5, 3.6 and 3.10; raises NotDicomError."""
    report = Report()
    with opened(path) as source:
        walker = Walker(source)
        reader = _Reader(report)
        for step in walker.steps():
            reader.take(step)
            if reader.count >= MAX_ELEMENTS:
                report.unjudged.append(f"what follows the first {MAX_ELEMENTS:,} elements")
                break
        # A deflated data set is another source than the file, which the walker went over to.
        tree = Tree(
            source=walker.source,
            meta=reader.meta,
            root=reader.root,
            transfer_syntax=walker.transfer_syntax,
            is_implicit=walker.encoding.implicit,
            count=reader.count,
        )
        judge_meta(tree, source.start > 0, report)
        judge_pixels(tree, report)
        sop_class = tree.root.text(SOP_CLASS_UID)
        is_tabled = judge_attributes(tree.root, sop_class, report)
    return Validation(
        sop_class_uid=sop_class,
        sop_class=UID(sop_class).name if sop_class else "",
        sop_instance_uid=tree.root.text(SOP_INSTANCE_UID),
        transfer_syntax=UID(tree.transfer_syntax).name if tree.transfer_syntax else "",
        is_tabled=is_tabled,
        elements=tree.count,
        breaches=report.sorted(),
        unjudged=tuple(report.unjudged),
    )


class _Reader:
    """Puts the walker's steps into items, and judges each element as it comes."""

    def __init__(self, report: Report) -> None:
        self.meta, self.root = Item(""), Item("")
        self.count = 0
        self._report = report
        self._items = [self.root]
        self._sequences: list[Element] = []

    def take(self, step: Step) -> None:
        """Take what the step means."""
        if step.kind is Kind.WARNING:
            self._report.error("structure", step.text)
        elif step.kind is Kind.ITEM:
            self._enter()
        elif step.kind is Kind.ITEM_END:
            self._items.pop()
        elif step.kind is Kind.SEQUENCE_END:
            self._sequences.pop()
        elif step.kind in (Kind.ELEMENT, Kind.SEQUENCE):
            self._element(step)

    def _enter(self) -> None:
        self.count += 1
        sequence, outer = self._sequences[-1], self._items[-1]
        items = sequence.items if sequence.items is not None else []
        item = Item(f"{sequence.place.path}[{len(items)}]", character_set=outer.character_set)
        items.append(item)
        self._items.append(item)

    def _element(self, step: Step) -> None:
        self.count += 1
        is_meta = step.tag >> 16 == 2 and not self._sequences and len(self._items) == 1
        item = self.meta if is_meta else self._items[-1]
        element = _element_of(step, item)
        judge_place(element, item, self._report)
        judge_vr(element, step.implicit, self._report)
        if step.tag == SPECIFIC_CHARACTER_SET:
            judge_character_set(element, self._report)
            item.character_set = values.encodings(element.raw)
        judge_value(element, item.character_set, self._report)
        item.elements.setdefault(step.tag, element)
        if step.kind is Kind.SEQUENCE:
            self._sequences.append(element)


def _element_of(step: Step, item: Item) -> Element:
    keyword, _ = describe(step.tag, item.creators)
    label = keyword or f"[{step.tag >> 16:04X},{step.tag & 0xFFFF:04X}]"
    path = f"{item.path}.{label}" if item.path else label
    is_sequence = step.kind is Kind.SEQUENCE
    vr = "SQ" if is_sequence else step.vr
    raw = b""
    if step.source is not None and not is_sequence and step.length is not None:
        raw = step.source.at(step.offset, min(step.available, KEPT))
    if vr == "UN" or len(vr) != 2:
        vr = effective_vr(step, item.creators)
    return Element(
        tag=step.tag,
        vr=vr,
        order=step.order,
        length=step.length,
        available=step.available,
        offset=step.offset,
        raw=raw,
        place=Place(path=path, holder=item.path, tag=step.tag, vr=step.vr, keyword=keyword),
        source=step.source,
        items=[] if is_sequence else None,
    )
