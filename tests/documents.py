"""Objects that are no pictures, made for tests: reports, letters in PDF and CDA, traps."""

from __future__ import annotations

from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

PDF = "1.2.840.10008.5.1.4.1.1.104.1"
CDA = "1.2.840.10008.5.1.4.1.1.104.2"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"

LETTER = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3">
 <title>Discharge letter</title>
 <recordTarget><patientRole><patient><name><given>Ann</given><family>Doe</family></name></patient>
 </patientRole></recordTarget>
 <component><structuredBody>
  <component><section><title>History</title><text><paragraph>Seen for a <content>cough</content>.
  </paragraph><list><item>since May</item><item>dry</item></list></text></section></component>
  <component><section><title>Measurements</title><text><table>
   <thead><tr><th>What</th><th>Value</th></tr></thead>
   <tbody><tr><td>Peak flow</td><td>410 l/min</td></tr></tbody></table></text></section></component>
 </structuredBody></component>
</ClinicalDocument>"""


def document_object(sop_class: str, seed: str = "") -> Dataset:
    """An object without content, of which all UIDs follow from class and seed."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    uids = [generate_uid(entropy_srcs=[sop_class, seed, part]) for part in ("1", "2", "3")]
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID = uids
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Doe^Ann", "42", "19700131"
    ds.StudyDate, ds.StudyTime, ds.StudyID = "20240131", "120000", "1"
    ds.PatientSex = ds.AccessionNumber = ds.ReferringPhysicianName = ""
    ds.Modality = "SR" if ".88." in sop_class else "DOC"
    ds.SeriesNumber = ds.InstanceNumber = 1
    return ds


def code(value: str, meaning: str, scheme: str = "99TEST") -> Dataset:
    """A code sequence's item."""
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = value, scheme, meaning
    return ds


def content(kind: str, concept: str = "", relationship: str = "CONTAINS") -> Dataset:
    """A content item without a value."""
    ds = Dataset()
    ds.RelationshipType, ds.ValueType = relationship, kind
    if concept:
        ds.ConceptNameCodeSequence = [code("1", concept)]
    return ds


def refer(sop_class: str, uid: str) -> Dataset:
    """An item that names an object."""
    ds = Dataset()
    ds.ReferencedSOPClassUID, ds.ReferencedSOPInstanceUID = sop_class, uid
    return ds


def report(*items: Dataset, sop_class: str = COMPREHENSIVE_SR, seed: str = "") -> Dataset:
    """A structured report of these content items."""
    ds = document_object(sop_class, seed)
    ds.ContentDate, ds.ContentTime = "20240131", "121314"
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    ds.ReferencedPerformedProcedureStepSequence = ds.PerformedProcedureCodeSequence = []
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = [code("18748-4", "Diagnostic imaging report", "LN")]
    ds.ContentSequence = list(items)
    return ds


def report_on(image: Dataset) -> Dataset:
    """A report that points to an image, and to one that nobody has."""
    found = []
    for concept, uid in (("Key image", image.SOPInstanceUID), ("Elsewhere", "1.2.3.4.5.6")):
        item = content("IMAGE", concept)
        item.ReferencedSOPSequence = [refer(image.SOPClassUID, uid)]
        found.append(item)
    return report(*found)


def embedded_object(sop_class: str, mime: str, body: bytes) -> Dataset:
    """An object with a document in it."""
    ds = document_object(sop_class)
    ds.DocumentTitle, ds.MIMETypeOfEncapsulatedDocument = "Letter", mime
    ds.BurnedInAnnotation, ds.ConceptNameCodeSequence = "YES", []
    ds.EncapsulatedDocumentLength = len(body)
    ds.EncapsulatedDocument = body + b"\0" * (len(body) % 2)
    return ds


def cda_object(body: str = LETTER) -> Dataset:
    """A letter in HL7's Clinical Document Architecture."""
    return embedded_object(CDA, "text/xml", body.encode())


def pdf_object(*pages: str) -> Dataset:
    """A PDF with a line of text on each page."""
    return embedded_object(PDF, "application/pdf", pdf(*pages))


def pdf(*pages: str) -> bytes:
    """A PDF written by hand: Helvetica, a line of text on each page (ISO 32000-1)."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * n} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        bodies.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out, places = BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, 2)
    for number, body in enumerate(bodies, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(bodies) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()
