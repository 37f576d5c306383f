"""Documents of other formats embedded in an object: PDF, CDA, models to print (PS3.3 C.24.2)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from core.documents import cda, pdf
from core.documents.outline import Outline, joined
from core.documents.words import MAX_TEXT, code, references, text, value_of, whole
from core.errors import NoDocumentError
from core.model.documents import Attachment

_BY_CLASS = {
    "1.2.840.10008.5.1.4.1.1.104.1": (".pdf", "PDF"),
    "1.2.840.10008.5.1.4.1.1.104.2": (".xml", "CDA document"),
    "1.2.840.10008.5.1.4.1.1.104.3": (".stl", "STL model"),
    "1.2.840.10008.5.1.4.1.1.104.4": (".obj", "OBJ model"),
    "1.2.840.10008.5.1.4.1.1.104.5": (".mtl", "MTL material of a model"),
}
_BY_TYPE = {
    "application/pdf": (".pdf", "PDF"),
    "text/xml": (".xml", "XML document"),
    "text/plain": (".txt", "text"),
}
_OTHER = (".bin", "document of an unknown format")


def content_of(ds: Dataset) -> bytes:
    """The embedded document without its padding; raises NoDocumentError where there is none."""
    found = value_of(ds, "EncapsulatedDocument")
    if not isinstance(found, bytes) or not found:
        raise NoDocumentError("no document is embedded in the object")
    length = whole(ds, "EncapsulatedDocumentLength")
    if 0 < length <= len(found):
        return found[:length]
    # Without its length one null may be padding, which neither text nor PDF ends with.
    return found[:-1] if found.endswith(b"\0") and len(found) % 2 == 0 else found


def fill(outline: Outline, ds: Dataset) -> None:
    """What the object says of the document, then what the document says where it can be read."""
    extension, kind = _format(ds)
    content = content_of(ds)
    mime = text(ds, "MIMETypeOfEncapsulatedDocument")
    outline.attachment = Attachment(mime=mime, extension=extension, size=len(content))
    outline.title = text(ds, "DocumentTitle") or code(ds, "ConceptNameCodeSequence").words or kind
    outline.heading(0, "Document", joined(kind, f"{len(content):,} bytes"))
    outline.attributes(
        1,
        ds,
        *("DocumentTitle", "ConceptNameCodeSequence", "MIMETypeOfEncapsulatedDocument"),
        *("ContentDate", "ContentTime", "AcquisitionDateTime", "VerificationFlag"),
        *("BurnedInAnnotation", "HL7InstanceIdentifier", "ListOfMIMETypes"),
    )
    outline.refer_all(1, "Made from", references([ds], "SourceInstanceSequence"))
    if extension == ".pdf":
        pdf.fill(outline, content)
    elif extension == ".xml":
        cda.fill(outline, content)
    elif extension == ".txt":
        for line in content.decode("utf-8", "replace")[:MAX_TEXT].splitlines():
            outline.paragraph(1, line)
    else:
        outline.note(1, "it cannot be shown as text, but written to a file")


def _format(ds: Dataset) -> tuple[str, str]:
    """The usual extension, and the format in words."""
    mime = text(ds, "MIMETypeOfEncapsulatedDocument").strip().casefold()
    return _BY_CLASS.get(text(ds, "SOPClassUID")) or _BY_TYPE.get(mime) or _OTHER
