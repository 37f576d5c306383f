"""Attributes of type 1 and 2 that the SOP class asks for, PS3.5 7.4 and PS3.3."""

from __future__ import annotations

from pydicom.uid import UID

from core.validation import table
from core.validation.report import Place, Report
from core.validation.tree import Item

SOP_CLASS_UID = 0x00080016
_ALWAYS = {
    SOP_CLASS_UID: "SOPClassUID",
    0x00080018: "SOPInstanceUID",
    0x0020000D: "StudyInstanceUID",
    0x0020000E: "SeriesInstanceUID",
}
"""What every composite instance has, whatever its SOP class, PS3.3 C.7 and C.12."""
_DISTINCT = {**_ALWAYS, 0x00200052: "FrameOfReferenceUID"}
PER_FRAME_GROUPS, NUMBER_OF_FRAMES = 0x52009230, 0x00280008
_DIRECTORY = "1.2.840.10008.1.3.10"
_NAMED = 6
"""Conditional attributes that are named when they are not judged."""


def judge_attributes(root: Item, sop_class_uid: str, report: Report) -> bool:
    """Judge what is missing or empty; False where nothing is known of the SOP class."""
    modules = table.modules_of(sop_class_uid)
    if not modules:
        _judge_unknown(root, sop_class_uid, report)
        return False
    open_ones: dict[str, None] = {}
    seen: set[tuple[str, str]] = set()
    for module in modules:
        _judge_scope(root, table.scope_of(module, sop_class_uid), module, report, seen, open_ones)
    _judge_frames(root, report)
    _judge_distinct(root, report)
    _name_open_ones(list(reversed(open_ones)), report)
    report.unjudged += [
        "modules that only some objects have, enumerated values, and what type 3 attributes say",
        *(["which functional groups there must be"] if _has_groups(modules) else []),
    ]
    return True


def _judge_unknown(root: Item, sop_class_uid: str, report: Report) -> None:
    if sop_class_uid == _DIRECTORY:
        report.unjudged.append("a DICOMDIR has records and no attributes of its own: only values")
        return
    for tag, keyword in _ALWAYS.items():
        _judge_one(root, table.Asked(tag, keyword, "1", {}), "", report)
    name = UID(sop_class_uid).name if sop_class_uid else "an object without SOP Class UID"
    report.unjudged.append(f"which attributes {name} must have: no table is known here")


def _judge_frames(root: Item, report: Report) -> None:
    """Whether there is an item of functional groups for each frame, PS3.3 C.7.6.16."""
    groups, frames = root.elements.get(PER_FRAME_GROUPS), root.number(NUMBER_OF_FRAMES)
    if groups is not None and groups.items and frames and len(groups.items) != frames:
        text = f"{len(groups.items):,} items for {frames:,} frames"
        report.error("functional groups", text, "PS3.3 C.7.6.16.1.1", at=groups.place)


def _judge_distinct(root: Item, report: Report) -> None:
    """Whether one UID stands for two things, PS3.5 9."""
    seen: dict[str, str] = {}
    for tag, keyword in _DISTINCT.items():
        uid = root.text(tag)
        if uid and uid in seen:
            text = f"is the same as {seen[uid]}"
            report.error("same uid", text, "PS3.5 9", at=root.elements[tag].place, value=uid)
        seen.setdefault(uid, keyword)


def _judge_scope(
    item: Item,
    scope: table.Scope,
    module: str,
    report: Report,
    seen: set[tuple[str, str]],
    open_ones: dict[str, None],
) -> None:
    for wanted in table.asked(scope):
        element = item.elements.get(wanted.tag)
        if wanted.kind in ("1C", "2C"):
            if element is None and not item.path:
                open_ones[wanted.keyword] = None
        elif (
            wanted.kind != "3"
            and (item.path, wanted.keyword) not in seen
            and not _judge_one(item, wanted, module, report)
        ):
            seen.add((item.path, wanted.keyword))
        if element is not None and element.items and wanted.below:
            for below in element.items:
                _judge_scope(below, wanted.below, module, report, seen, open_ones)


def _judge_one(item: Item, wanted: table.Asked, module: str, report: Report) -> bool:
    """Whether the attribute is as its type asks; a breach is told."""
    element = item.elements.get(wanted.tag)
    of = f", module {module.replace('-', ' ')}" if module else ""
    if element is None:
        place = Place(holder=item.path, tag=wanted.tag, keyword=wanted.keyword)
        inside = f", in {item.path}" if item.path else ""
        text = f"is missing: type {wanted.kind}{of}{inside}"
        report.error("missing", text, "PS3.5 7.4", at=place)
        return False
    if wanted.kind == "1" and element.is_empty:
        report.error("empty", f"is empty: type 1{of}", "PS3.5 7.4.1", at=element.place)
        return False
    return True


def _name_open_ones(keywords: list[str], report: Report) -> None:
    if not keywords:
        return
    names = ", ".join(keywords[:_NAMED])
    more = f" and {len(keywords) - _NAMED} more" if len(keywords) > _NAMED else ""
    report.unjudged.append(f"whether conditional attributes must be there: {names}{more}")


def _has_groups(modules: tuple[str, ...]) -> bool:
    return any(module.endswith("functional-groups") for module in modules)
