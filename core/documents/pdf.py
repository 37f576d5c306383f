"""The text of a PDF, page by page: read, never run, and nothing in it is fetched."""

from __future__ import annotations

from io import BytesIO

from core.documents.outline import Outline
from core.documents.words import MAX_TEXT

MAX_PAGES = 500
"""Pages whose text is read."""


def fill(outline: Outline, content: bytes) -> None:
    """Append a heading for each page, and its text; where it has none, or is damaged, a word."""
    from pypdf import PdfReader  # late: most documents are no PDF
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            outline.note(0, "the PDF is locked by a password: its text cannot be read")
            return
        count = len(reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError) as fault:
        outline.note(0, f"the PDF is damaged: {str(fault)[:200] or type(fault).__name__}")
        return
    left = MAX_TEXT
    for number in range(min(count, MAX_PAGES)):
        outline.heading(0, f"Page {number + 1} of {count}")
        left -= _page(outline, reader, number, left)
        if left <= 0:
            outline.note(0, f"more than {MAX_TEXT:,} characters: the rest is left out")
            return
    if count > MAX_PAGES:
        outline.note(0, f"{count - MAX_PAGES:,} more pages are left out")


def _page(outline: Outline, reader: object, number: int, left: int) -> int:
    """Append the text of a page, and say how long it is."""
    try:
        text = reader.pages[number].extract_text().strip()  # type: ignore[attr-defined]
    except Exception as fault:  # a library of a foreign format raises anything
        outline.note(1, f"the page cannot be read: {str(fault)[:200] or type(fault).__name__}")
        return 0
    if not text:
        outline.note(1, "no text: the page may be a scan")
        return 0
    for line in text[:left].splitlines():
        if line.strip():
            outline.paragraph(1, line.rstrip())
    return len(text)
