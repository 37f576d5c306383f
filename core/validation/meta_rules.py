"""File Meta Information, and whether it fits the data set, PS3.10 7.1."""

from __future__ import annotations

from pydicom._uid_dict import UID_dictionary
from pydicom.uid import UID

from core.validation.report import Place, Report
from core.validation.tree import Tree

GROUP_LENGTH, VERSION = 0x00020000, 0x00020001
SOP_CLASS, SOP_INSTANCE, TRANSFER_SYNTAX = 0x00020002, 0x00020003, 0x00020010
IMPLEMENTATION = 0x00020012
_NEEDED = {
    VERSION: "FileMetaInformationVersion",
    SOP_CLASS: "MediaStorageSOPClassUID",
    SOP_INSTANCE: "MediaStorageSOPInstanceUID",
    TRANSFER_SYNTAX: "TransferSyntaxUID",
    IMPLEMENTATION: "ImplementationClassUID",
}
_SAME = ((SOP_CLASS, 0x00080016, "SOP Class UID"), (SOP_INSTANCE, 0x00080018, "SOP Instance UID"))
_SECTION = "PS3.10 7.1"


def judge_meta(tree: Tree, has_prefix: bool, report: Report) -> None:
    """Judge what stands before the data set."""
    if not has_prefix:
        text = "no preamble and no DICM prefix: a data set, but not a DICOM file"
        report.error("prefix", text, _SECTION)
    if not tree.meta.elements:
        report.error("file meta", "no File Meta Information", _SECTION)
        return
    for tag, keyword in _NEEDED.items():
        element = tree.meta.elements.get(tag)
        if element is None or element.is_empty:
            word = "is missing" if element is None else "is empty"
            path = "" if element is None else keyword
            place = Place(path=path, tag=tag, keyword=keyword)
            report.error("file meta", f"{word}; type 1", _SECTION, at=place)
    _judge_length(tree, report)
    _judge_same(tree, report)
    _judge_syntax(tree, report)


def _judge_length(tree: Tree, report: Report) -> None:
    element = tree.meta.elements.get(GROUP_LENGTH)
    if element is None:
        place = Place(tag=GROUP_LENGTH)
        report.error("file meta", "the group length is missing; type 1", _SECTION, at=place)
        return
    others = [e for e in tree.meta.elements.values() if e.tag != GROUP_LENGTH]
    end = max((e.offset + e.available for e in others), default=0)
    real = end - element.offset - element.available
    if others and element.number != real:
        text = f"says {element.text} bytes, and there are {real}"
        report.error("group length", text, _SECTION, at=element.place)


def _judge_same(tree: Tree, report: Report) -> None:
    for in_meta, in_set, name in _SAME:
        said, there = tree.meta.text(in_meta), tree.root.text(in_set)
        if said and there and said != there:
            report.error(
                "file meta",
                f"is not the {name} of the data set, {there}",
                _SECTION,
                at=tree.meta.elements[in_meta].place,
                value=said,
            )


def _judge_syntax(tree: Tree, report: Report) -> None:
    element = tree.meta.elements.get(TRANSFER_SYNTAX)
    if element is None or element.is_empty:
        return
    uid = element.text
    entry = UID_dictionary.get(uid)
    if entry is None:
        report.unjudged.append(f"transfer syntax {uid} is unknown: coded pixel data are not judged")
        text = "no transfer syntax of PS3.6: perhaps a private one"
        report.warning("transfer syntax", text, "PS3.6 A", at=element.place, value=uid)
    elif entry[1] != "Transfer Syntax":
        text = f"{UID(uid).name} is no transfer syntax"
        report.error("transfer syntax", text, "PS3.6 A", at=element.place, value=uid)
    elif entry[3] == "Retired":
        text = f"{UID(uid).name} is retired"
        report.note("transfer syntax", text, "PS3.6 A", at=element.place)
