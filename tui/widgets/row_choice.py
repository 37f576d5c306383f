"""What a person chose of a table: marks, filter, order, columns; and what is read of its rows."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from textual.message import Message

from tui.widgets.row_columns import Column, Values
from tui.widgets.row_filter import RowFilter
from tui.widgets.row_store import Key
from tui.widgets.row_view import RowView


class TableState(Struct, frozen=True, kw_only=True):
    """What a person chose for a table, to be kept: columns in order, sort order, filter.

    No columns at all are those that the table comes with.
    """

    columns: tuple[str, ...] = ()
    sort: str = ""
    reverse: bool = False
    filter: str = ""


class RowChoice(RowView):
    """Reads rows, marks them, and chooses which are shown, in which order and columns."""

    class MarksChanged(Message):
        """Other rows are marked; `count` is how many in all, `hidden` those the filter hides."""

        def __init__(self, table: RowChoice, count: int, hidden: int) -> None:
            super().__init__()
            self.table = table
            self.count = count
            self.hidden = hidden

        @property
        def control(self) -> RowChoice:
            """The table it came from."""
            return self.table

    _range_from: Key = None

    # -- reading

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._store)

    @property
    def visible_count(self) -> int:
        """How many rows pass the filter."""
        self._settle()
        return self._store.shown_count

    @property
    def marked_keys(self) -> list[Key]:
        """Keys of the marked rows in display order; those the filter hides are among them."""
        self._settle()
        return self._store.marked()

    @property
    def visible_keys(self) -> list[Key]:
        """Keys of the rows shown, in display order."""
        self._settle()
        return self._store.keys_between(0, self._store.shown_count)

    def selected(self) -> list[Key]:
        """What a command is about: the marked rows, or else the one under the cursor."""
        marked = self.marked_keys
        if marked or self.cursor_key is None:
            return marked
        return [self.cursor_key]

    def values(self, key: Key) -> Values:
        """The values of a row, empty where there is no such row."""
        return self._store.values(key)

    def cells(self, key: Key) -> list[str]:
        """What a row shows in each column in full, not harmless, under the mask where it is on."""
        values = self._store.values(key)
        return [column.shown(values) for column in self._store.columns]

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """The columns in use, in order; a narrow table leaves some of them out."""
        return self._store.columns

    @property
    def columns_in_sight(self) -> tuple[Column, ...]:
        """Those of the columns in use that the table has room for."""
        return self._painter.layout.columns

    # -- marks

    def toggle_mark(self, key: Key) -> None:
        """Mark a row, or take its mark away; a range starts here."""
        self._store.marks.symmetric_difference_update([key])
        self._range_from = key
        self.marks_changed()

    def mark_range_to(self, key: Key) -> None:
        """Mark all rows shown from the one marked last, or from the first, to this one."""
        start, end = self._store.index_of(self._range_from), self._store.index_of(key)
        if end is None:
            return
        low, high = sorted((start or 0, end))
        self._store.marks.update(self._store.keys_between(low, high + 1))
        self._range_from = key
        self.marks_changed()

    def mark_all(self, which: str) -> None:
        """Mark `all` rows shown, `invert` their marks, or take all marks away, hidden ones too."""
        marks, shown = self._store.marks, self.visible_keys
        if which == "all":
            marks.update(shown)
        elif which == "invert":
            marks.symmetric_difference_update(shown)
        else:
            marks.clear()
        self.marks_changed()

    def marks_changed(self) -> None:
        """Show the marks, and tell of them."""
        self._settle()
        count = len(self._store.marks)
        self.post_message(self.MarksChanged(self, count, self._store.hidden_marks()))
        self.refresh()

    # -- filter, order, columns

    @property
    def filter_text(self) -> str:
        """What is filtered by: text, `~regex`, `!` before either for the rest."""
        return self._filter_text

    @filter_text.setter
    def filter_text(self, text: str) -> None:
        if text == self._filter_text:
            return
        self._filter_text = text
        wanted = RowFilter.parse(text)
        self._error = wanted.error
        self._note_change()
        if not wanted.error:
            self._painter.filter = wanted
            self._filter_by(wanted)

    def _filter_by(self, wanted: RowFilter) -> None:
        """Show the rows that pass; a table whose rows come in an order of their own chooses."""
        self._wanted = wanted

    @property
    def filter_error(self) -> str:
        """Why the filter cannot be used as it is, empty where it can; the one before stays."""
        return self._error

    def sort(self, key: str = "", reverse: bool = False) -> None:
        """Order rows by a shown column, or by arrival where `key` is empty or unknown."""
        column = next((c for c in self._store.columns if c.key == key), None)
        self._settle()
        self._note_change()
        self._store.sort(column, reverse)

    def show_columns(self, keys: Sequence[str]) -> None:
        """Show these columns in this order; unknown keys do not count, none at all shows the usual.

        Chosen ones are shown however narrow the table is.
        """
        by_key = {column.key: column for column in self.columns}
        chosen = [by_key[key] for key in dict.fromkeys(keys) if key in by_key]
        self._chosen = bool(chosen)
        chosen = chosen or [column for column in self.columns if not column.hidden]
        self._settle()
        self._note_change()
        self._sampled = 0
        self._store.set_columns(chosen)
        if self._store.sorted_by is not None and self._store.sorted_by not in chosen:
            self._store.sort(None)

    @property
    def state(self) -> TableState:
        """Columns, order and filter as they are, to be given to :meth:`restore` another time."""
        by = self._store.sorted_by
        return TableState(
            columns=tuple(c.key for c in self._store.columns) if self._chosen else (),
            sort=by.key if by else "",
            reverse=self._store.reverse,
            filter=self._filter_text,
        )

    def restore(self, state: TableState) -> None:
        """Choose columns, order and filter as kept; what no longer exists is left out."""
        self.show_columns(state.columns)
        self.sort(state.sort, state.reverse)
        self.filter_text = state.filter
