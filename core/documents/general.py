"""Any other object that is no picture: what it is, and what it refers to."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from core.documents.outline import Outline, hierarchical
from core.documents.words import class_name, name, reference, text
from core.errors import NoDocumentError
from core.model.documents import ObjectReference

_HEAD = (
    *("ContentLabel", "ContentDescription", "ContentCreatorName", "InstanceCreationDate"),
    *("PresentationCreationDate", "PresentationCreationTime", "ContentDate", "ContentTime"),
    *("StructureSetLabel", "RTPlanLabel", "HangingProtocolName", "HangingProtocolDescription"),
    *("HangingProtocolLevel", "HangingProtocolCreator", "FrameOfReferenceUID"),
    *("Manufacturer", "ManufacturerModelName", "SeriesDescription", "ImageComments"),
)
MAX_ITEMS = 50_000
"""Items of sequences that are looked through for references."""


def fill(outline: Outline, ds: Dataset) -> None:
    """Label and description, then all objects that are referred to anywhere."""
    sop_class = text(ds, "SOPClassUID")
    if not sop_class:
        raise NoDocumentError("cannot be shown: the object does not say what it is")
    kind = class_name(sop_class)
    outline.title = text(ds, "ContentLabel") or kind
    outline.heading(0, "Object", kind)
    outline.attributes(1, ds, *_HEAD)
    refer(outline, ds)


def refer(outline: Outline, ds: Dataset) -> None:
    """Append the objects that a data set refers to, by the sequence that names them."""
    found: dict[str, dict[str, ObjectReference]] = {}
    for sequence, referred in _references(ds):
        found.setdefault(sequence, {})[referred.sop_instance_uid + referred.part] = referred
    for sequence, objects in found.items():
        outline.refer_all(0, name(sequence).removesuffix(" Sequence"), objects.values())


def _references(ds: Dataset) -> Iterator[tuple[str, ObjectReference]]:
    """All of them in order, without recursion, and the sequence each stands in."""
    for one in hierarchical(ds, "CurrentRequestedProcedureEvidenceSequence"):
        yield "CurrentRequestedProcedureEvidenceSequence", one
    waiting = [("", ds, "", "")]
    for _ in range(MAX_ITEMS):
        if not waiting:
            return
        sequence, item, study, series = waiting.pop()
        study = text(item, "StudyInstanceUID") or study if sequence else ""
        series = text(item, "SeriesInstanceUID") or series if sequence else ""
        referred = reference(item, study=study, series=series)
        if referred is not None and sequence:
            yield sequence, referred
        below = [
            (keyword, child, study, series)
            for keyword, children in _sequences(item)
            for child in children
        ]
        waiting.extend(reversed(below))


def _sequences(item: Dataset) -> Iterator[tuple[str, Sequence]]:
    for tag in sorted(item.keys()):
        try:
            element = item[tag]
        except Exception:  # noqa: S112  a damaged element refers to nothing
            continue
        if element.VR == "SQ" and element.keyword != "CurrentRequestedProcedureEvidenceSequence":
            yield element.keyword or str(element.tag), element.value
