"""Objects without pictures: a structured report and a PDF in an envelope."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ComprehensiveSRStorage, EncapsulatedPDFStorage

from core.demo.objects import Series, Study, code, private_block, reference


def report_of(study: Study, number: int, image: Dataset) -> Dataset:
    """A Comprehensive SR about one image of the study: findings, a measurement, a conclusion."""
    ds = Series(study, number, "SR", "Report").instance(ComprehensiveSRStorage)
    ds.ContentDate, ds.ContentTime = study.date, study.time
    ds.CompletionFlag, ds.VerificationFlag, ds.PreliminaryFlag = "COMPLETE", "UNVERIFIED", "FINAL"
    ds.ReferencedPerformedProcedureStepSequence = Sequence([])
    ds.PerformedProcedureCodeSequence = Sequence([code("24627-2", "LN", "Chest CT")])
    ds.CurrentRequestedProcedureEvidenceSequence = Sequence([_evidence(study, image)])
    _fill_content(ds, image)
    return ds


def _evidence(study: Study, image: Dataset) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = image.SeriesInstanceUID
    series.ReferencedSOPSequence = Sequence([reference(image)])
    item = Dataset()
    item.StudyInstanceUID = study.uid
    item.ReferencedSeriesSequence = Sequence([series])
    return item


def _fill_content(ds: Dataset, image: Dataset) -> None:
    """SR document content module, PS3.3 C.17.3."""
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = Sequence([code("18748-4", "LN", "Diagnostic imaging report")])
    observer = _content("HAS OBS CONTEXT", "PNAME", code("121008", "DCM", "Person Observer Name"))
    observer.PersonName = "Watson^John^^Dr"
    ds.ContentSequence = Sequence(
        [
            observer,
            _section("121070", "Findings", [_text("121071", "Finding", FINDING), _measured(image)]),
            _section("121076", "Conclusions", [_text("121077", "Conclusion", CONCLUSION)]),
        ]
    )


FINDING = (
    "A round nodule in the right upper lobe.\r\nHeart and great vessels of normal size."
    " No effusion. Bones without lesion."
)
CONCLUSION = "Solitary pulmonary nodule. Follow-up in three months."


def _content(relationship: str, value_type: str, concept: Dataset | None) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = relationship, value_type
    if concept is not None:
        item.ConceptNameCodeSequence = Sequence([concept])
    return item


def _section(value: str, meaning: str, content: list[Dataset]) -> Dataset:
    item = _content("CONTAINS", "CONTAINER", code(value, "DCM", meaning))
    item.ContinuityOfContent = "SEPARATE"
    item.ContentSequence = Sequence(content)
    return item


def _text(value: str, meaning: str, text: str) -> Dataset:
    item = _content("CONTAINS", "TEXT", code(value, "DCM", meaning))
    item.TextValue = text
    return item


def _measured(image: Dataset) -> Dataset:
    item = _content("CONTAINS", "NUM", code("81827009", "SCT", "Diameter"))
    measured = Dataset()
    measured.NumericValue = "13.5"
    measured.MeasurementUnitsCodeSequence = Sequence([code("mm", "UCUM", "millimeter")])
    item.MeasuredValueSequence = Sequence([measured])
    source = _content("INFERRED FROM", "IMAGE", None)
    source.ReferencedSOPSequence = Sequence([reference(image)])
    item.ContentSequence = Sequence([source])
    return item


def pdf_of(study: Study, number: int = 1) -> Dataset:
    """An encapsulated PDF, PS3.3 A.45.1: a letter of one page."""
    ds = Series(study, number, "DOC", "Discharge letter").instance(EncapsulatedPDFStorage)
    ds.ConversionType, ds.BurnedInAnnotation = "WSD", "YES"
    ds.ContentDate, ds.ContentTime = study.date, study.time
    ds.AcquisitionDateTime = study.date + study.time
    ds.DocumentTitle = "Discharge letter"
    ds.ConceptNameCodeSequence = Sequence([code("18842-5", "LN", "Discharge summary")])
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    letter = pdf(["Harbour General Hospital", "Discharge letter", "The patient may go home."])
    ds.EncapsulatedDocumentLength = len(letter)
    ds.EncapsulatedDocument = letter + b"\0" * (len(letter) % 2)
    private_block(ds, "scanner", [1.0])
    return ds


def pdf(lines: list[str]) -> bytes:
    """A PDF of one A4 page with a line of text each, written by hand."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    text = f"BT /F1 18 Tf 24 TL 72 760 Td {shown} ET".encode("ascii")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return made + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(parts) + 1, table, len(parts) + 1, len(made))
    )
