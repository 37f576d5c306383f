"""The rows of a document as an outline: folding, and a filter that keeps what rows stand under."""

from __future__ import annotations

from collections.abc import Sequence

from core.model import DocumentRow
from tui.document_lines import Line, lines, masked, row_text
from tui.widgets.parents import parents_of
from tui.widgets.row_filter import RowFilter


class DocumentOutline:
    """Which lines of a document are shown: all but what is folded, or what a filter finds."""

    def __init__(self, rows: Sequence[DocumentRow] = (), width: int = 80) -> None:
        self.rows = masked(rows)
        self._texts = [row_text(row).casefold() for row in self.rows]
        self._folded: set[int] = set()
        self._found: set[int] | None = None
        self._parents = parents_of(self.rows)
        self.wrap(width)

    def wrap(self, width: int) -> None:
        """Fit the lines into another width."""
        self.lines = lines(self.rows, width, sign=True)

    @property
    def found_count(self) -> int:
        """How many rows the filter found; all without a filter."""
        return len(self.rows) if self._found is None else len(self._found)

    def choose(self, wanted: RowFilter) -> None:
        """Look for rows with a text."""
        every = range(len(self.rows))
        self._found = set(wanted.select(every, self._texts)) if wanted.active else None

    def shown(self) -> list[int]:
        """Indices of the lines to show, in order."""
        rows = self._rows_shown()
        return [index for index, line in enumerate(self.lines) if line.row in rows]

    def text(self, line: Line) -> str:
        """A line with the sign of what is folded."""
        indent = len(line.text) - len(line.text.lstrip(" "))
        sign = "  "
        if line.is_first and self.has_children(line.row):
            sign = "▸ " if line.row in self._folded and self._found is None else "▾ "
        return f"{line.text[:indent]}{sign}{line.text[indent:]}"

    def parent(self, row: int) -> int | None:
        """The row that a row stands under."""
        return self._parents[row]

    def has_children(self, row: int) -> bool:
        """True where rows stand under it."""
        return row + 1 < len(self.rows) and self.rows[row + 1].depth > self.rows[row].depth

    def is_folded(self, row: int) -> bool:
        """True where the rows below are put away."""
        return row in self._folded

    def fold(self, row: int, folded: bool) -> bool:
        """Fold or unfold one row; False where that changes nothing."""
        if not self.has_children(row) or self.is_folded(row) == folded:
            return False
        (self._folded.add if folded else self._folded.discard)(row)
        return True

    def fold_all(self, folded: bool) -> None:
        """Fold or unfold everything."""
        every = range(len(self.rows)) if folded else ()
        self._folded = {row for row in every if self.has_children(row)}

    def _rows_shown(self) -> set[int]:
        if self._found is not None:
            return self._with_parents(self._found)
        shown: set[int] = set()
        hidden_below: int | None = None
        for index, row in enumerate(self.rows):
            if hidden_below is not None and row.depth > hidden_below:
                continue
            shown.add(index)
            hidden_below = row.depth if index in self._folded else None
        return shown

    def _with_parents(self, found: set[int]) -> set[int]:
        wanted: set[int] = set()
        for index in found:
            here: int | None = index
            while here is not None and here not in wanted:
                wanted.add(here)
                here = self._parents[here]
        return wanted
