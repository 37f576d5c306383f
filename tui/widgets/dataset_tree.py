"""A data set as a tree: sequences and items to fold, tags to find, values to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message

from core.model import ElementRow
from tui.commands import Place, bindings
from tui.widgets.dataset_outline import Outline
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Kind, Tone
from tui.widgets.row_filter import RowFilter
from tui.widgets.row_store import Key
from tui.widgets.row_table import RowTable


def _tag_tone(tag: str) -> Tone:
    if not tag.startswith("("):
        return Tone.WARNING
    return Tone.ACCENT if tag[4:5] in set("13579BDF") else Tone.PLAIN


def _length(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


COLUMNS = (
    Column("tag", "Tag", width=11, tone=_tag_tone),
    Column("vr", "VR", width=2),
    Column("name", "Name", min_width=16, max_width=28, flex=1, priority=2),
    Column("value", "Value", min_width=12, max_width=60, flex=3, priority=2),
    Column("vm", "VM", Kind.NUMBER, min_width=2, max_width=7, optional=True, from_width=100),
    Column("length", "Length", Kind.NUMBER, min_width=6, show=_length, optional=True),
)


class DatasetTable(RowTable):
    """The table part of a :class:`DatasetTree`: rows come from an outline, in its order."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.TAGS)

    def __init__(self, id: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(COLUMNS, empty="no elements", id=id)
        self.outline = Outline()
        self._at: Key = None

    def show(self, rows: Sequence[ElementRow]) -> None:
        """Show another data set; cursor, filter and view stay as they are."""
        outline = Outline(rows, self.outline.keywords)
        outline.choose(self.outline.filter, self.outline.private_only)
        self.outline = outline
        self._show_outline()

    @property
    def current(self) -> ElementRow | None:
        """The row under the cursor."""
        index = self.outline.index.get(self.cursor_key)
        return None if index is None else self.outline.rows[index]

    def _filter_by(self, wanted: RowFilter) -> None:
        """Look for it in tag, keyword, name and value."""
        self.outline.choose(wanted, self.outline.private_only)
        self._show_outline()

    def move_cursor(self, row: int) -> None:
        """Put the cursor on a row, and remember it for when a filter ends."""
        super().move_cursor(row)
        self._at = self._cursor

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The order is the data set's own."""
        return action not in ("sort_next", "sort_turn", "follow", "choose_columns")

    def go_to(self, path: str) -> bool:
        """Put the cursor on a row, whatever filters and folds hid it; False where there is none."""
        index = self.outline.index.get(path)
        if index is None:
            return False
        self.filter_text = ""
        self.outline.choose(self.outline.filter, False)
        parent = self.outline.parents[index]
        while parent is not None:
            self.outline.fold(parent, False)
            parent = self.outline.parents[parent]
        self._show_outline()
        self.move_cursor(self._store.index_of(path) or 0)
        return True

    def action_fold(self, folded: bool) -> None:
        """Fold and go to the parent, or unfold and go to the first row below."""
        index = self.outline.index.get(self.cursor_key)
        if index is None:
            return
        if self.outline.fold(index, folded):
            self._show_outline()
            return
        parent = self.outline.parents[index]
        if not folded and self.outline.has_children(index):
            self.move_cursor(self.cursor_row + 1)
        elif folded and parent is not None:
            self.move_cursor(self._store.index_of(self.outline.keys[parent]) or 0)

    def action_fold_all(self, folded: bool) -> None:
        """Fold or unfold all sequences and items."""
        self.outline.fold_all(folded)
        self._show_outline()

    def action_open(self) -> None:
        """Fold or unfold what has rows below; open the value of anything else."""
        index = self.outline.index.get(self.cursor_key)
        if index is not None and self.outline.has_children(index):
            self.outline.fold(index, not self.outline.is_folded(index))
            self._show_outline()
        else:
            super().action_open()

    def action_private_only(self) -> None:
        """Show private elements only, or all."""
        self.outline.choose(self.outline.filter, not self.outline.private_only)
        self._show_outline()

    def action_keywords(self) -> None:
        """Show keywords in place of names, or names again."""
        self.outline.keywords = not self.outline.keywords
        self._show_outline()

    def _show_outline(self) -> None:
        outline = self.outline
        shown = outline.shown()
        at = outline.index.get(self._at)
        if at is not None:
            near = outline.nearest_shown(shown, at)
            self._home = None if near is None else outline.keys[near]
        self.set_rows([(outline.keys[index], outline.values(index)) for index in shown])

    def _counts(self) -> tuple[int, int]:
        return self.outline.found_count, len(self.outline.rows)

    def _click_header(self, x: int) -> None:
        """The order is the data set's own: nothing to choose."""


class DatasetTree(FilteredTable):
    """A data set to browse: `/` finds, left and right fold, `p` shows private elements only."""

    class ElementHighlighted(Message):
        """The cursor is on another row; None where there is none."""

        def __init__(self, tree: DatasetTree, row: ElementRow | None) -> None:
            super().__init__()
            self.tree = tree
            self.row = row

        @property
        def control(self) -> DatasetTree:
            """The tree it came from."""
            return self.tree

    class ElementOpened(Message):
        """Enter or a double click on an element."""

        def __init__(self, tree: DatasetTree, row: ElementRow) -> None:
            super().__init__()
            self.tree = tree
            self.row = row

        @property
        def control(self) -> DatasetTree:
            """The tree it came from."""
            return self.tree

    def __init__(self, id: str | None = None) -> None:  # noqa: A002  Textual's own name
        self.dataset_table = DatasetTable()
        super().__init__(self.dataset_table, id=id)

    def show(self, rows: Sequence[ElementRow]) -> None:
        """Show a data set; cursor, filter and view stay as they are."""
        self.dataset_table.show(rows)

    @property
    def current(self) -> ElementRow | None:
        """The row under the cursor, with its path and value in full."""
        return self.dataset_table.current

    @on(DatasetTable.RowHighlighted)
    def _highlighted(self, event: DatasetTable.RowHighlighted) -> None:
        event.stop()
        self.post_message(self.ElementHighlighted(self, self.current))

    @on(DatasetTable.RowOpened)
    def _opened(self, event: DatasetTable.RowOpened) -> None:
        event.stop()
        if self.current is not None:
            self.post_message(self.ElementOpened(self, self.current))
