"""A table of as many rows as there are: cursor, marks, order, filter, columns, keys and mouse."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.commands import Place, bindings
from tui.widgets.row_canvas import HEADER
from tui.widgets.row_choice import RowChoice, TableState
from tui.widgets.row_paint import GUTTER
from tui.widgets.row_store import Key

__all__ = ["RowTable", "TableState"]

_PAN = 8
RIGHT_BUTTON = 3


class RowTable(RowChoice):
    """A virtual table of rows `(key, values)`: values by column key.

    Keys are hashable and not None. Rows are added and changed on the screen's thread; reading
    answers at once, painting follows with the next frame. Values are shown harmless whatever they
    hold.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.TABLE)

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

    class ColumnsWanted(Message):
        """Somebody wants to choose the columns of `table`."""

        def __init__(self, table: RowTable) -> None:
            super().__init__()
            self.table = table

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
            self.toggle_mark(self.cursor_key)
            self.move_cursor(self.cursor_row + 1)

    def action_mark_and_go(self, step: int) -> None:
        """Mark the row under the cursor and the one that the cursor goes to."""
        if self.cursor_key is not None:
            self._range_from = self.cursor_key
            self.move_cursor(self.cursor_row + step)
            self.mark_range_to(self.cursor_key)

    def action_mark_range(self) -> None:
        """Mark all from the row marked last to the one under the cursor."""
        if self.cursor_key is not None:
            self.mark_range_to(self.cursor_key)

    def action_mark_all(self, which: str) -> None:
        """Mark all rows shown, invert their marks, or take all marks away, hidden ones too."""
        self.mark_all(which)

    def action_choose_columns(self) -> None:
        """Ask the screen for a dialog to choose columns in."""
        self.post_message(self.ColumnsWanted(self))

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

    # -- mouse

    def on_click(self, event: events.Click) -> None:
        """Move the cursor, open by a double click, mark in the gutter, sort in the header.

        With shift, mark up to the row. The right button on the header chooses columns.
        """
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < HEADER:
            if event.button == RIGHT_BUTTON:
                self.action_choose_columns()
            else:
                self._click_header(offset.x)
            return
        row = self.scroll_offset.y + offset.y - HEADER
        if row >= self.visible_count:
            return
        self.move_cursor(row)
        if event.shift:
            self.mark_range_to(self.cursor_key)
        elif offset.x < GUTTER:
            self.toggle_mark(self.cursor_key)
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
