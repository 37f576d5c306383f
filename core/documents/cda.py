"""The readable part of an HL7 CDA document: its narrative blocks (HL7 CDA R2 4.3.5).

Entities are refused before any is expanded, and nothing outside of the text is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.parsers import expat

from core.documents.outline import Outline, joined

MAX_DEPTH = 200
"""Elements within elements; narrative has a dozen."""
_SPACE = re.compile(r"\s+")
_BLOCKS = ("paragraph", "item", "caption", "br")


class RefusedError(Exception):
    """The XML is more than text: entities, or a depth that nobody writes."""


def fill(outline: Outline, content: bytes) -> None:
    """Append title, people and sections; a word where it is no XML, or more than that."""
    try:
        root = _parsed(content)
    except RefusedError as fault:
        outline.note(0, f"the text is not shown: {fault}")
        return
    except (ParseError, expat.ExpatError, ValueError, LookupError) as fault:
        outline.note(0, f"the XML is damaged: {fault}")
        return
    if root.tag != "ClinicalDocument":
        outline.note(0, "the XML is no CDA document")
    title = _text(root.find("title"))
    outline.heading(0, title or "Letter")
    _people(outline, root)
    _sections(outline, root)


def _parsed(content: bytes) -> Element:
    """The elements without their name spaces; raises RefusedError, ExpatError."""
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise RefusedError("its elements are nested too deep")
        builder.start(tag.rpartition(" ")[2], attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rpartition(" ")[2])

    def refuse(*_: object) -> int:
        raise RefusedError("it declares entities or a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.Parse(content, True)
    return builder.close()


def _people(outline: Outline, root: Element) -> None:
    """Patient, authors and custodian by name."""
    for label, path, keyword in (
        ("Patient", "recordTarget/patientRole/patient/name", "PatientName"),
        ("Author", "author/assignedAuthor/assignedPerson/name", "PersonName"),
        ("Signed by", "legalAuthenticator/assignedEntity/assignedPerson/name", "PersonName"),
        ("Custodian", "custodian/assignedCustodian/representedCustodianOrganization/name", ""),
    ):
        for found in root.findall(path):
            outline.add(1, label, _text(found), keyword=keyword)
    when = root.find("effectiveTime")
    if when is not None and when.get("value"):
        outline.add(1, "Written", when.get("value", ""), vr="DT")


def _sections(outline: Outline, root: Element) -> None:
    body = root.find("component/structuredBody")
    if body is None:
        outline.note(1, "there is no text to read: the body is of another format")
        return
    waiting = [(section, 0) for section in reversed(body.findall("component/section"))]
    while waiting:
        section, depth = waiting.pop()
        outline.heading(depth, _text(section.find("title")) or "Section")
        narrative = section.find("text")
        if narrative is not None:
            _narrative(outline, narrative, depth + 1)
        below = section.findall("component/section")
        waiting.extend((one, depth + 1) for one in reversed(below))


def _narrative(outline: Outline, element: Element, depth: int) -> None:
    """Paragraphs, items of lists, tables; the text between them is a paragraph too."""
    loose: list[str] = [element.text or ""]

    def flush() -> None:
        words = _squeezed("".join(loose))
        loose.clear()
        if words:
            outline.paragraph(depth, words)

    for child in element:
        if child.tag == "table":
            flush()
            _table(outline, child, depth)
        elif child.tag == "list":
            flush()
            for item in child.findall("item"):
                _item(outline, item, depth)
        elif child.tag in _BLOCKS:
            flush()
            _block(outline, child, depth)
        else:
            loose.extend(child.itertext())
        loose.append(child.tail or "")
    flush()


def _block(outline: Outline, element: Element, depth: int) -> None:
    for part in _parts(element):
        outline.paragraph(depth, part)


def _item(outline: Outline, item: Element, depth: int) -> None:
    """An item of a list; lists and tables in it stand below."""
    if item.find("list") is not None or item.find("table") is not None:
        _narrative(outline, item, depth + 1)
        return
    for number, part in enumerate(_parts(item)):
        outline.paragraph(depth, f"{'  ' if number else '• '}{part}")


def _parts(element: Element) -> Iterator[str]:
    """The text of a block, parted where it breaks the line."""
    parts: list[str] = [""]
    _gather(element, parts)
    for part in parts:
        if words := _squeezed(part):
            yield words


def _gather(element: Element, parts: list[str]) -> None:
    parts[-1] += element.text or ""
    for child in element:
        if child.tag == "br":
            parts.append("")
        else:
            _gather(child, parts)
        parts[-1] += child.tail or ""


def _table(outline: Outline, table: Element, depth: int) -> None:
    caption = _text(table.find("caption"))
    if caption:
        outline.paragraph(depth, caption)
    rows = [[_text(cell) for cell in row if cell.tag in ("th", "td")] for row in table.iter("tr")]
    has_head = table.find("thead/tr") is not None
    widest = max((len(row) for row in rows), default=0)
    head = rows.pop(0) if has_head and rows else []
    padded = [row + [""] * (widest - len(row)) for row in rows]
    outline.table(depth, head + [""] * (widest - len(head)), padded)


def _text(element: Element | None) -> str:
    """All text in an element, in words one space apart."""
    if element is None:
        return ""
    return _squeezed(joined(*element.itertext(), by=" " if len(element) else ""))


def _squeezed(words: str) -> str:
    return _SPACE.sub(" ", words).strip()
