"""Rows on their way into a table: changes collected for a frame, the cursor kept on its row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic

from textual.geometry import Region
from textual.message import Message

from tui.widgets.row_canvas import HEADER, RowCanvas
from tui.widgets.row_columns import Column, Values
from tui.widgets.row_filter import RowFilter
from tui.widgets.row_store import Key

_FRAME = 1 / 20
_INDEX_SLICE = 0.01
_INDEX_PAUSE = 0.002
_NOTHING_TOLD: tuple[Key, int, int, str, str] = (None, 0, 0, "", "")


class RowView(RowCanvas):
    """Takes rows and keeps the cursor on its one; changes are painted together, once per frame."""

    class RowHighlighted(Message):
        """The cursor is on another row; `key` is None where there is no row."""

        def __init__(self, table: RowView, key: Key) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowView:
            """The table it came from."""
            return self.table

        def can_replace(self, message: Message) -> bool:
            """Only the latest row counts."""
            return isinstance(message, RowView.RowHighlighted) and message.table is self.table

    class FilterChanged(Message):
        """Other rows are shown: how many of how many; `error` where the filter cannot be used."""

        def __init__(self, table: RowView, shown: int, total: int, error: str) -> None:
            super().__init__()
            self.table = table
            self.shown = shown
            self.total = total
            self.error = error

        @property
        def control(self) -> RowView:
            """The table it came from."""
            return self.table

        def can_replace(self, message: Message) -> bool:
            """Only the latest counts matter."""
            return isinstance(message, RowView.FilterChanged) and message.table is self.table

    def __init__(
        self,
        columns: Sequence[Column] = (),
        *,
        empty: str = "nothing here",
        id: str | None = None,  # noqa: A002  Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(columns, empty, id, classes)
        self._home: Key = None
        self._index = 0
        self._wanted: RowFilter | None = None
        self._filter_text = ""
        self._error = ""
        self._anchor: tuple[Key, int] | None = None
        self._waiting = False
        self._reading = False
        self._last_frame = 0.0
        self._told = _NOTHING_TOLD

    # -- rows

    def set_rows(self, rows: Iterable[tuple[Key, Values]]) -> None:
        """Show these rows and no others; cursor and marks stay with the keys that remain."""
        marks = set(self._store.marks)
        self._note_change()
        self._store.clear()
        self._sampled = 0
        self._store.add(rows)
        self._store.marks.update(key for key in marks if key in self._store)

    def add_rows(self, rows: Iterable[tuple[Key, Values]]) -> None:
        """Append rows; one whose key is known already replaces that row in its place."""
        self._note_change()
        self._store.add(rows)

    def update_row(self, key: Key, values: Values) -> bool:
        """Change some values of a row; False where there is no such row."""
        self._note_change()
        return self._store.update(key, values)

    def remove_row(self, key: Key) -> bool:
        """Take a row away; False where there is no such row."""
        self._note_change()
        return self._store.remove(key)

    def clear(self) -> None:
        """Take all rows and marks away; columns, order and filter stay."""
        self._note_change()
        self._store.clear()
        self._sampled = 0
        self._content = {}
        self._cursor = self._home = None

    def show_again(self) -> None:
        """Show the same rows anew: what may be seen of them has changed."""
        self._painter.forget()
        self._content.clear()
        self._sampled = 0
        self._told = _NOTHING_TOLD
        self._note_change()

    # -- cursor

    @property
    def cursor_key(self) -> Key:
        """Key of the row under the cursor, None where no row is shown."""
        self._settle()
        return self._cursor

    @property
    def cursor_row(self) -> int:
        """Index of the cursor among the rows shown."""
        self._settle()
        return self._index

    def move_cursor(self, row: int) -> None:
        """Put the cursor on the row at an index, the nearest where there is none, into sight."""
        self._settle()
        count = self._store.shown_count
        if not count:
            return
        self._refresh_row(self._index)
        self._index = max(0, min(row, count - 1))
        self._cursor = self._home = self._store.key_at(self._index)
        self._refresh_row(self._index)
        self._into_sight()
        self._tell()

    @property
    def idle(self) -> bool:
        """True where all changes are painted and read for the filter."""
        return not self._waiting and not self._reading

    # -- what follows from a change

    def _note_change(self) -> None:
        """Take note that the store changes now; it is shown with the next frame."""
        if self._anchor is None:
            self._anchor = self._find_anchor()
        if self._waiting or not self.is_mounted:
            return
        self._waiting = True
        wait = self._last_frame + _FRAME - monotonic()
        if wait > 0:
            self.set_timer(wait, self._show_changes)
        else:
            self.call_later(self._show_changes)

    def _find_anchor(self) -> tuple[Key, int]:
        """The row that stays where it is on the screen, and on which line."""
        top = self.scroll_offset.y
        if top <= self._index < top + self._page:
            return self._cursor, self._index - top
        return self._store.peek(top), 0

    def _settle(self) -> None:
        """Let all changes so far take effect, without painting."""
        self._store.index_if_filtered()
        self._take_effect()

    def _take_effect(self) -> None:
        """Let changes take effect, but for rows that an active filter has still to read."""
        if self._wanted is not None:
            self._store.set_filter(self._wanted)
            self._wanted = None
        at_end = self._index >= self._store.placed_count - 1
        if self._store.settle() or self._anchor is not None:
            self._keep_cursor(self.follow and at_end)

    def _keep_cursor(self, to_end: bool) -> None:
        count = self._store.placed_count
        if not count:
            self._cursor, self._index = None, 0
            return
        index = None if self._home is None else self._store.nearest(self._home)
        if index is None:
            index = max(0, min(self._index, count - 1))
            self._home = self._store.key_at(index)
        if to_end:
            index = count - 1
            self._home = self._store.key_at(index)
        self._index, self._cursor = index, self._store.key_at(index)

    def _show_changes(self) -> None:
        """Paint what changed since the last frame."""
        self._waiting = False
        self._last_frame = monotonic()
        if self._read_text():
            self._take_effect()
        self._sample()
        self._arrange()
        self._back_to_anchor()
        self.refresh()
        self._tell()

    def _read_text(self) -> bool:
        """Read what the filter looks at, a slice at a time; False where a filter must wait."""
        if self._reading:
            return self._wanted is None
        done = self._store.index(_INDEX_SLICE)
        if not done:
            self._reading = True
            self.set_timer(_INDEX_PAUSE, self._read_on)
        return done or self._wanted is None

    def _read_on(self) -> None:
        self._reading = False
        self._read_text()
        if self._wanted is not None or self._store.filter.active:
            self._note_change()

    def _back_to_anchor(self) -> None:
        anchor, self._anchor = self._anchor, None
        if anchor is None or anchor[0] is None:
            return
        key, line = anchor
        index = self._index if key == self._cursor else self._store.nearest(key)
        top = self.scroll_offset.y
        if index is None or (top == 0 and index < self._page):
            return
        if self.follow and self._index == self._store.placed_count - 1:
            self._into_sight()
        else:
            self.scroll_to(y=max(0, index - line), animate=False, force=True)

    def _tell(self) -> None:
        """Post what others want to know, where it is news."""
        shown, total = self._counts()
        news = (self._cursor, shown, total, self._error, self._filter_text)
        told, self._told = self._told, news
        if news[0] != told[0]:
            self.post_message(self.RowHighlighted(self, self._cursor))
        if news[1:] != told[1:]:
            self.post_message(self.FilterChanged(self, shown, total, self._error))

    # -- sight

    def _into_sight(self) -> None:
        top, page = self.scroll_offset.y, self._page
        if self._index < top:
            self.scroll_to(y=self._index, animate=False, force=True)
        elif self._index >= top + page:
            self.scroll_to(y=self._index - page + 1, animate=False, force=True)

    def _refresh_row(self, index: int) -> None:
        y = index - self.scroll_offset.y + HEADER
        self.refresh(Region(0, y, self.size.width, 1))

    def on_mount(self) -> None:
        """Show what came before there was a screen."""
        self._note_change()

    def on_resize(self) -> None:
        """Fit the columns into the new width, and keep the cursor in sight."""
        self._arrange()
        self._into_sight()
        self.refresh()
