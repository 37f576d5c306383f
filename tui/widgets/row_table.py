"""A table of as many rows as there are: cursor, marks, order, filter, columns, keys and mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.widgets.row_canvas import HEADER
from tui.widgets.row_columns import Values
from tui.widgets.row_filter import RowFilter
from tui.widgets.row_paint import GUTTER
from tui.widgets.row_store import Key
from tui.widgets.row_view import RowView

_PAN = 8


class TableState(Struct, frozen=True, kw_only=True):
    """What a person chose for a table, to be kept: shown columns in order, sort order, filter."""

    columns: tuple[str, ...] = ()
    sort: str = ""
    reverse: bool = False
    filter: str = ""


class RowTable(RowView):
    """A virtual table of rows `(key, values)`: values by column key.

    Keys are hashable and not None. Rows are added and changed on the screen's thread; reading
    answers at once, painting follows with the next frame. Values are shown harmless whatever they
    hold.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor('up')", "Up", show=False, id="row_table.up"),
        Binding("down,j", "cursor('down')", "Down", show=False, id="row_table.down"),
        Binding("pageup", "cursor('page_up')", "Page up", show=False, id="row_table.page_up"),
        Binding(
            "pagedown", "cursor('page_down')", "Page down", show=False, id="row_table.page_down"
        ),
        Binding("ctrl+u", "cursor('half_up')", "Half up", show=False, id="row_table.half_up"),
        Binding("ctrl+d", "cursor('half_down')", "Half down", show=False, id="row_table.half_down"),
        Binding("home,g", "cursor('first')", "First", show=False, id="row_table.first"),
        Binding("end,G", "cursor('last')", "Last", show=False, id="row_table.last"),
        Binding("left", "pan(-1)", "Left", show=False, id="row_table.left"),
        Binding("right", "pan(1)", "Right", show=False, id="row_table.right"),
        Binding("enter", "open", "Open", show=False, id="row_table.open"),
        Binding("space", "mark", "Mark", show=False, id="row_table.mark"),
        Binding("asterisk", "mark_all('all')", "Mark all", show=False, id="row_table.mark_all"),
        Binding("tilde", "mark_all('invert')", "Invert marks", show=False, id="row_table.invert"),
        Binding("U", "mark_all('none')", "Unmark all", show=False, id="row_table.unmark"),
        Binding("o", "sort_next", "Sort", show=False, id="row_table.sort"),
        Binding("O", "sort_turn", "Turn order", show=False, id="row_table.reverse"),
        Binding("F", "follow", "Follow", show=False, id="row_table.follow"),
    ]

    class RowOpened(Message):
        """Enter or a double click on a row."""

        def __init__(self, table: RowTable, key: Key) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowTable:
            """The table it came from."""
            return self.table

    class MarksChanged(Message):
        """Other rows are marked; `count` is how many in all, `hidden` those the filter hides."""

        def __init__(self, table: RowTable, count: int, hidden: int) -> None:
            super().__init__()
            self.table = table
            self.count = count
            self.hidden = hidden

        @property
        def control(self) -> RowTable:
            """The table it came from."""
            return self.table

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
        """What a row shows in each column in full; not harmless: for exports and the clipboard."""
        values = self._store.values(key)
        return [column.text(values) for column in self._store.columns]

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
            self._wanted = self._painter.filter = wanted

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
        """Show these columns in this order; unknown keys do not count, none at all shows all."""
        by_key = {column.key: column for column in self.columns}
        chosen = [by_key[key] for key in dict.fromkeys(keys) if key in by_key]
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
            columns=tuple(column.key for column in self._store.columns),
            sort=by.key if by else "",
            reverse=self._store.reverse,
            filter=self._filter_text,
        )

    def restore(self, state: TableState) -> None:
        """Choose columns, order and filter as kept; what no longer exists is left out."""
        self.show_columns(state.columns)
        self.sort(state.sort, state.reverse)
        self.filter_text = state.filter

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where there is no row to open, the key goes on to the screen."""
        if action == "open":
            return self.cursor_key is not None
        return super().check_action(action, parameters)

    def action_cursor(self, where: str) -> None:
        """Move the cursor: up, down, page_up, page_down, half_up, half_down, first or last."""
        page = self._page
        steps = {
            "up": -1,
            "down": 1,
            "page_up": 1 - page,
            "page_down": page - 1,
            "half_up": -page // 2,
            "half_down": page // 2,
        }
        if where in steps:
            self.move_cursor(self.cursor_row + steps[where])
        else:
            self.move_cursor(0 if where == "first" else self.visible_count - 1)

    def action_pan(self, direction: int) -> None:
        """Scroll sideways, where the columns are wider than the table."""
        self.scroll_to(x=self.scroll_offset.x + direction * _PAN, animate=False)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self.cursor_key is not None:
            self.post_message(self.RowOpened(self, self.cursor_key))

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and go one down."""
        if self.cursor_key is not None:
            self._toggle(self.cursor_key)
            self.move_cursor(self.cursor_row + 1)

    def action_mark_all(self, which: str) -> None:
        """Mark all rows shown, invert their marks, or take all marks away, hidden ones too."""
        marks, shown = self._store.marks, self.visible_keys
        if which == "all":
            marks.update(shown)
        elif which == "invert":
            marks.symmetric_difference_update(shown)
        else:
            marks.clear()
        self._marks_changed()

    def action_sort_next(self) -> None:
        """Order by the next column, by arrival after the last."""
        columns = list(self._store.columns)
        by = self._store.sorted_by
        index = columns.index(by) + 1 if by in columns else 0
        self.sort(columns[index].key if index < len(columns) else "")

    def action_sort_turn(self) -> None:
        """Turn the order of the sorted column round."""
        by = self._store.sorted_by or next(iter(self._store.columns), None)
        if by is not None:
            self.sort(by.key, not self._store.reverse)

    def action_follow(self) -> None:
        """Go to the last row and stay there while rows come, or stop that."""
        self.follow = not self.follow
        if self.follow:
            self.action_cursor("last")

    # -- marks and mouse

    def _toggle(self, key: Key) -> None:
        self._store.marks.symmetric_difference_update([key])
        self._marks_changed()

    def _marks_changed(self) -> None:
        self._settle()
        count = len(self._store.marks)
        self.post_message(self.MarksChanged(self, count, self._store.hidden_marks()))
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor, open by a double click, mark in the gutter, sort in the header."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < HEADER:
            self._click_header(offset.x)
            return
        row = self.scroll_offset.y + offset.y - HEADER
        if row >= self.visible_count:
            return
        self.move_cursor(row)
        if offset.x < GUTTER:
            self._toggle(self.cursor_key)
        elif event.chain == 2:
            self.action_open()

    def _click_header(self, x: int) -> None:
        at = x if x < GUTTER else x + self.scroll_offset.x
        column = self._painter.layout.column_at(at)
        if column is None:
            return
        if column is not self._store.sorted_by:
            self.sort(column.key)
        elif not self._store.reverse:
            self.sort(column.key, reverse=True)
        else:
            self.sort()
