"""A DICOMDIR as a tree of its records (PS3.3 F.3)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from core.documents.outline import Outline, joined, listed
from core.documents.words import class_name, items, several, text, whole
from core.model.documents import ObjectReference

_FIRST = "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity"
_NEXT = "OffsetOfTheNextDirectoryRecord"
_BELOW = "OffsetOfReferencedLowerLevelDirectoryEntity"
_WORDS = {
    "PATIENT": ("PatientName", "PatientID"),
    "STUDY": ("StudyDate", "StudyTime", "StudyDescription", "AccessionNumber"),
    "SERIES": ("Modality", "SeriesNumber", "SeriesDescription"),
}


def is_directory(ds: Dataset) -> bool:
    """Whether the data set is that of a DICOMDIR."""
    return "DirectoryRecordSequence" in ds


def fill(outline: Outline, ds: Dataset) -> None:
    """The name of the file-set, then the records as they stand below one another."""
    found = items(ds, "DirectoryRecordSequence")
    outline.title = text(ds, "FileSetID") or "DICOMDIR"
    outline.heading(0, "DICOMDIR", several(len(found), "record"))
    outline.attributes(1, ds, "FileSetID", "FileSetDescriptorFileID")
    by_offset = {getattr(record, "seq_item_tell", -1): record for record in found}
    seen: set[int] = set()
    waiting = [(whole(ds, _FIRST), 1)]
    while waiting:
        offset, depth = waiting.pop()
        if not offset:
            continue
        record = by_offset.get(offset)
        if record is None or offset in seen:
            wrong = "there is no record" if record is None else "a record that was there already"
            outline.note(depth, f"damaged: {wrong} at {offset}")
            continue
        seen.add(offset)
        _record(outline, record, depth)
        waiting += [(whole(record, _NEXT), depth), (whole(record, _BELOW), depth + 1)]
    if len(seen) < len(found):
        outline.note(1, f"{several(len(found) - len(seen), 'record')} that nothing leads to")


def _record(outline: Outline, record: Dataset, depth: int) -> None:
    kind = text(record, "DirectoryRecordType")
    is_inactive = "RecordInUseFlag" in record and not whole(record, "RecordInUseFlag")
    keywords = _WORDS.get(kind, ())
    file = listed(text(record, "ReferencedFileID")).replace(", ", "/")
    uid = text(record, "ReferencedSOPInstanceUIDInFile")
    sop_class = text(record, "ReferencedSOPClassUIDInFile")
    referred = None
    if uid:
        named = class_name(sop_class) if sop_class else ""
        referred = ObjectReference(
            sop_class_uid=sop_class, sop_class=named, sop_instance_uid=uid, part=file
        )
    number = text(record, "InstanceNumber")
    value = joined(f"number {number}" if number else "", file, "inactive" if is_inactive else "")
    label = kind.capitalize() or "Record"
    outline.add(depth, label, value, reference=referred)
    outline.attributes(depth + 1, record, *keywords)
