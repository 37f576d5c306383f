"""Rows of a document as they are gathered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydicom.dataset import Dataset

from core.documents.words import SEPARATOR, Code, codes, items, name, references, text, vr
from core.model.documents import Attachment, DocumentRow, ObjectReference, Plot, RowKind

MAX_ROWS = 50_000
"""Rows that are shown of one document."""


class FullError(Exception):
    """There are as many rows as are shown."""


class Outline:
    """Gathers what a document consists of; rows up to :data:`MAX_ROWS`."""

    def __init__(self) -> None:
        self.title = ""
        self.rows: list[DocumentRow] = []
        self.plots: list[Plot] = []
        self.attachment: Attachment | None = None

    def end(self, words: str) -> None:
        """Append a last word of ours, however many rows there are."""
        self.rows.append(DocumentRow(depth=0, kind=RowKind.NOTE, value=words))

    def add(self, depth: int, label: str = "", value: str = "", **more: Any) -> None:
        """Append a row; raises FullError."""
        if len(self.rows) >= MAX_ROWS:
            raise FullError
        self.rows.append(DocumentRow(depth=depth, label=label, value=value, **more))

    def heading(self, depth: int, label: str, value: str = "") -> None:
        """Append a heading."""
        self.add(depth, label, value, kind=RowKind.HEADING)

    def note(self, depth: int, words: str) -> None:
        """Append a word of ours."""
        self.add(depth, "", words, kind=RowKind.NOTE)

    def paragraph(self, depth: int, words: str) -> None:
        """Append a paragraph of text from outside."""
        self.add(depth, "", words, kind=RowKind.TEXT)

    def attributes(self, depth: int, ds: Dataset, *keywords: str) -> None:
        """Append a row for each attribute that has a value; of sequences, their codes."""
        for keyword in keywords:
            found = codes(ds, keyword) if keyword.endswith("CodeSequence") else text(ds, keyword)
            if found:
                label = name(keyword).removesuffix(" Code Sequence")
                self.add(depth, label, found, keyword=keyword, vr=vr(keyword))

    def coded(self, depth: int, label: str, found: Code) -> None:
        """Append a row for a code, unless it is empty."""
        if found.words:
            self.add(depth, label, found.words, code=found.label)

    def table(
        self,
        depth: int,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        keywords: Sequence[str] = (),
        references: Sequence[ObjectReference | None] = (),
    ) -> None:
        """Append a table, unless it has no rows; columns without any value are left out."""
        cells = [tuple(row) for row in rows]
        used = [n for n in range(len(columns)) if any(row[n] for row in cells)]
        if not used:
            return
        self.add(
            depth,
            kind=RowKind.HEAD,
            cells=tuple(columns[n] for n in used),
            keywords=tuple(keywords[n] for n in used) if keywords else (),
        )
        for index, row in enumerate(cells):
            shown = tuple(row[n] for n in used)
            referred = references[index] if index < len(references) else None
            self.add(depth, kind=RowKind.CELLS, cells=shown, reference=referred)

    def refer(self, depth: int, label: str, referred: ObjectReference | None) -> None:
        """Append a row that points to an object."""
        if referred is not None:
            words = referred.sop_class or "object"
            value = f"{words}, {referred.part}" if referred.part else words
            self.add(depth, label, value, reference=referred)

    def refer_all(self, depth: int, heading: str, found: Iterable[ObjectReference]) -> None:
        """Append a heading and the objects pointed to, unless there are none."""
        listed = list(found)
        if listed:
            self.heading(depth, heading, f"{len(listed):,}")
            for referred in listed:
                self.refer(depth + 1, "", referred)

    def evidence(self, depth: int, heading: str, ds: Dataset, keyword: str) -> None:
        """Append the objects of a Hierarchical SOP Instance Reference (PS3.3 C.17.2.1)."""
        self.refer_all(depth, heading, hierarchical(ds, keyword))


def hierarchical(ds: Dataset, keyword: str) -> list[ObjectReference]:
    """The objects referred to by study and series (PS3.3 C.17.2.1)."""
    return [
        referred
        for study in items(ds, keyword)
        for series in items(study, "ReferencedSeriesSequence")
        for referred in references(
            [series],
            "ReferencedSOPSequence",
            study=text(study, "StudyInstanceUID"),
            series=text(series, "SeriesInstanceUID"),
        )
    ]


def joined(*parts: str, by: str = ", ") -> str:
    """Those of the parts that say something."""
    return by.join(part for part in parts if part)


def listed(value: str) -> str:
    """Several values of one attribute as a person writes them."""
    return value.replace(SEPARATOR, ", ")
