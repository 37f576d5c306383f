"""Letters in PDF and CDA, other formats, and what comes out when a document is taken out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from core.documents import DocumentReader
from core.errors import NoDocumentError
from core.model import Document, RowKind
from tests.documents import (
    LETTER,
    cda_object,
    document_object,
    embedded_object,
    pdf,
    pdf_object,
)


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    with DocumentReader() as reader:
        yield reader


def read(reader: DocumentReader, ds: Dataset, folder: Path) -> Document:
    ds.save_as(folder / "object.dcm", enforce_file_format=True)
    return reader.document(folder / "object.dcm")


def said(document: Document, kind: RowKind) -> list[str]:
    return [row.label or row.value for row in document.rows if row.kind is kind]


def test_a_pdf_is_read_page_by_page(reader: DocumentReader, tmp_path: Path) -> None:
    document = read(reader, pdf_object("Findings: none", "Page the second"), tmp_path)
    assert said(document, RowKind.HEADING) == ["Document", "Page 1 of 2", "Page 2 of 2"]
    assert said(document, RowKind.TEXT) == ["Findings: none", "Page the second"]
    assert document.attachment is not None
    assert document.attachment.extension == ".pdf"


def test_a_scan_and_a_damaged_pdf_say_so(reader: DocumentReader, tmp_path: Path) -> None:
    scan = read(reader, pdf_object(""), tmp_path)
    assert said(scan, RowKind.NOTE) == ["no text: the page may be a scan"]
    broken = embedded_object(pdf_object("x").SOPClassUID, "application/pdf", b"%PDF-1.4 nothing")
    assert "the PDF is damaged" in said(read(reader, broken, tmp_path), RowKind.NOTE)[0]


def test_what_is_taken_out_has_every_byte_and_no_padding(
    reader: DocumentReader, tmp_path: Path
) -> None:
    body = pdf("odd") + b"%"
    body += b"\n" * ((len(body) + 1) % 2)
    assert len(body) % 2
    ds = embedded_object(pdf_object("x").SOPClassUID, "application/pdf", body)
    ds.save_as(tmp_path / "object.dcm", enforce_file_format=True)
    assert reader.embedded(tmp_path / "object.dcm") == body
    del ds.EncapsulatedDocumentLength
    ds.save_as(tmp_path / "object.dcm", enforce_file_format=True)
    assert reader.embedded(tmp_path / "object.dcm") == body


def test_nothing_is_taken_out_of_what_holds_nothing(reader: DocumentReader, tmp_path: Path) -> None:
    ds = document_object("1.2.840.10008.5.1.4.1.1.66")
    ds.save_as(tmp_path / "object.dcm", enforce_file_format=True)
    with pytest.raises(NoDocumentError, match="no document is embedded"):
        reader.embedded(tmp_path / "object.dcm")


def test_a_letter_has_headings_paragraphs_lists_and_tables(
    reader: DocumentReader, tmp_path: Path
) -> None:
    document = read(reader, cda_object(), tmp_path)
    assert said(document, RowKind.HEADING) == [
        *("Document", "Discharge letter", "History", "Measurements"),
    ]
    assert said(document, RowKind.TEXT) == ["Seen for a cough.", "• since May", "• dry"]
    cells = [row.cells for row in document.rows if row.cells]
    assert cells == [("What", "Value"), ("Peak flow", "410 l/min")]
    patient = next(row for row in document.rows if row.label == "Patient")
    assert (patient.value, patient.keyword) == ("Ann Doe", "PatientName")


_LAUGHS = "".join(
    f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' if n else '<!ENTITY l1 "lol">' for n in range(9)
)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (f"<!DOCTYPE a [{_LAUGHS}]><a>&l9;</a>", "it declares entities or a document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "it declares entities"),
        ("<a>" * 5000, "nested too deep"),
        ("<a><b></a>", "the XML is damaged"),
        (LETTER.replace("UTF-8", "x-none"), "the XML is damaged"),
    ],
)
def test_xml_that_is_more_than_text_is_refused(
    reader: DocumentReader, tmp_path: Path, body: str, why: str
) -> None:
    document = read(reader, cda_object(body), tmp_path)
    assert why in said(document, RowKind.NOTE)[0]
    assert document.attachment is not None


def test_a_model_is_named_with_its_size(reader: DocumentReader, tmp_path: Path) -> None:
    ds = embedded_object("1.2.840.10008.5.1.4.1.1.104.3", "model/stl", b"solid x\nendsolid x\n")
    document = read(reader, ds, tmp_path)
    assert document.rows[0].value == "STL model, 19 bytes"
    assert document.attachment is not None
    assert document.attachment.extension == ".stl"
