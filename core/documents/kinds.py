"""Which reader reads an object: by its SOP class, then by what it holds.

A reader is a module with a function `fill`, which gathers what an object says; for certain SOP
classes it stands in :data:`READERS`. Damaged values are no reason to raise: what is in
:mod:`core.documents.words` gives them as they are written, or empty.
"""

from __future__ import annotations

from collections.abc import Callable

from pydicom import uid
from pydicom.dataset import Dataset

from core.documents import (
    directory,
    doses,
    embedded,
    general,
    planning,
    presentation,
    report,
    segments,
    structures,
    waveform,
)
from core.documents.outline import MAX_ROWS, FullError, Outline
from core.documents.words import class_name, text
from core.errors import NoDocumentError
from core.model.documents import Document

Fill = Callable[[Outline, Dataset], None]
"""Gathers title, rows, plots and attachment of a data set, which is without its pixel data."""

READERS: dict[str, Fill] = {
    **dict.fromkeys(presentation.CLASSES, presentation.fill),
    uid.SegmentationStorage: segments.fill_segments,
    uid.SurfaceSegmentationStorage: segments.fill_segments,
    uid.SpatialRegistrationStorage: segments.fill_registration,
    uid.DeformableSpatialRegistrationStorage: segments.fill_registration,
    uid.RTStructureSetStorage: structures.fill,
    uid.RTPlanStorage: planning.fill,
    uid.RTIonPlanStorage: planning.fill,
    uid.RTDoseStorage: doses.fill_dose,
    uid.RTBeamsTreatmentRecordStorage: doses.fill_record,
    uid.RTIonBeamsTreatmentRecordStorage: doses.fill_record,
    uid.RTBrachyTreatmentRecordStorage: doses.fill_record,
    uid.RTTreatmentSummaryRecordStorage: doses.fill_record,
}
"""SOP class UID → reader; reports, curves and embedded documents are known by what they hold."""


def document_of(ds: Dataset, *, is_image: bool) -> Document:
    """What a data set says; raises NoDocumentError where there is nothing but a picture."""
    sop_class = text(ds, "SOPClassUID")
    outline = Outline()
    try:
        _reader(ds, sop_class, is_image)(outline, ds)
    except FullError:
        outline.end(f"more than {MAX_ROWS:,} rows: the rest is left out")
    if not (outline.rows or outline.plots):
        raise NoDocumentError("cannot be shown: it holds nothing to read")
    return Document(
        sop_class_uid=sop_class,
        sop_class=class_name(sop_class) if sop_class else "",
        title=outline.title,
        rows=tuple(outline.rows),
        attachment=outline.attachment,
        plots=tuple(outline.plots),
    )


def _reader(ds: Dataset, sop_class: str, is_image: bool) -> Fill:
    if sop_class in READERS:
        return READERS[sop_class]
    if is_image:
        raise NoDocumentError("nothing to read: the object is a picture")
    if directory.is_directory(ds):
        return directory.fill
    if report.is_report(ds):
        return report.fill
    if "WaveformSequence" in ds:
        return waveform.fill
    if "EncapsulatedDocument" in ds:
        return embedded.fill
    return general.fill
