"""A document to read: lines that fold and are found, references that can be opened.

What else a document has, such as plots, stands above the lines in :class:`DocumentView`.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message

from core.model import Document, DocumentRow, ObjectReference, RowKind
from tui.commands import Place, bindings
from tui.document_lines import Line
from tui.widgets.document_outline import DocumentOutline
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Tone
from tui.widgets.row_filter import RowFilter
from tui.widgets.row_table import RowTable

_TONES = {
    RowKind.HEADING: Tone.ACCENT,
    RowKind.HEAD: Tone.ACCENT,
    RowKind.NOTE: Tone.WARNING,
}
_WIDE = 10_000
_FOLDING = ("fold", "fold_all")
_NOT_HERE = (*("sort_next", "sort_turn", "follow", "choose_columns", "private_only", "keywords"),)


def _tone(line: Line) -> Tone:
    return _TONES.get(line.kind, Tone.PLAIN)


class DocumentTable(RowTable):
    """The lines of a document, in its own order, wrapped at the table's width."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.TAGS)

    def __init__(self) -> None:
        self.outline = DocumentOutline()
        # What the mask hides is hidden already: a line is more than one value.
        column = Column(
            "line",
            "Document",
            max_width=_WIDE,
            flex=1,
            secret=False,
            tone=_tone,
            show=lambda line: self.outline.text(line),
        )
        super().__init__((column,), empty="nothing to read")
        self._document: Document | None = None
        self._width = 0

    def show(self, document: Document | None) -> None:
        """Show another document from its beginning, or the same one as it may be seen now."""
        is_other = document is not self._document
        self._document = document
        self.outline = DocumentOutline(document.rows if document else (), self._room)
        self.outline.choose(RowFilter.parse(self._filter_text))
        if is_other:
            self.clear()
        self._show_lines()

    @property
    def current(self) -> DocumentRow | None:
        """The row under the cursor."""
        row = self._row
        return None if row is None else self.outline.rows[row]

    def _filter_by(self, wanted: RowFilter) -> None:
        """Look for it in labels and values."""
        self.outline.choose(wanted)
        self._show_lines()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The order is the document's own."""
        return action not in _NOT_HERE

    def on_resize(self) -> None:
        """Wrap at the new width."""
        if self._room != self._width:
            self._width = self._room
            self.outline.wrap(self._room)
            self._show_lines()
        super().on_resize()

    def action_fold(self, folded: bool) -> None:
        """Fold and go to the row above, or unfold and go to the first row below."""
        row = self._row
        if row is None:
            return
        if self.outline.fold(row, folded):
            self._show_lines()
        elif folded and (parent := self.outline.parent(row)) is not None:
            self._go_to(parent)
        elif not folded and self.outline.has_children(row):
            self._go_to(row + 1)

    def action_fold_all(self, folded: bool) -> None:
        """Fold or unfold everything."""
        self.outline.fold_all(folded)
        self._show_lines()

    def action_open(self) -> None:
        """Fold or unfold what has rows below it; open anything else."""
        row = self._row
        if row is None or self.outline.rows[row].reference or not self.outline.has_children(row):
            super().action_open()
            return
        self.outline.fold(row, not self.outline.is_folded(row))
        self._show_lines()

    @property
    def _room(self) -> int:
        # One cell at either side belongs to the table; before there is a size nobody reads it.
        return max(20, self.size.width - 3) if self.size.width else 80

    @property
    def _row(self) -> int | None:
        key = self.cursor_key
        return key[0] if isinstance(key, tuple) else None

    def _go_to(self, row: int) -> None:
        index = self._store.index_of((row, 0))
        if index is not None:
            self.move_cursor(index)

    def _show_lines(self) -> None:
        outline = self.outline
        rows, last, number = [], -1, 0
        for index in outline.shown():
            line = outline.lines[index]
            number = number + 1 if line.row == last else 0
            last = line.row
            rows.append(((line.row, number), {"line": line}))
        self.set_rows(rows)

    def _counts(self) -> tuple[int, int]:
        return self.outline.found_count, len(self.outline.rows)

    def _click_header(self, x: int) -> None:
        """The order is the document's own: nothing to choose."""


class DocumentView(FilteredTable):
    """A document to browse: `/` finds, left and right fold, enter opens what is referred to."""

    class ReferenceOpened(Message):
        """Enter on a row that points to an object."""

        def __init__(self, reference: ObjectReference) -> None:
            super().__init__()
            self.reference = reference

    class RowOpened(Message):
        """Enter on any other row."""

        def __init__(self, row: DocumentRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        self.document_table = DocumentTable()
        super().__init__(self.document_table)

    def show(self, document: Document | None) -> None:
        """Show a document, none, or the same one as it may be seen now."""
        self.document_table.show(document)

    @on(DocumentTable.RowOpened)
    def _opened(self, event: DocumentTable.RowOpened) -> None:
        event.stop()
        row = self.document_table.current
        if row is None:
            return
        if row.reference is not None:
            self.post_message(self.ReferenceOpened(row.reference))
        else:
            self.post_message(self.RowOpened(row))
