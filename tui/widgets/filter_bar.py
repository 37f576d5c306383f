"""The line under a row table that says what it is filtered by, and takes it as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui.commands import Place, bindings
from tui.safe_text import safe_text
from tui.widgets.row_table import RowTable
from tui.widgets.row_view import RowView

if TYPE_CHECKING:
    from typing_extensions import Self


class FilterBar(Horizontal):
    """An input for a filter, and "12 of 400" beside it; hidden while there is no filter."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        display: none;
        background: $panel;
        & > #filter-sign { width: 2; color: $text-accent; text-style: bold; }
        & > Input { border: none; height: 1; padding: 0; width: 1fr; background: $panel; }
        & > #filter-count { width: auto; padding: 0 1; color: $text-muted; }
        & > #filter-count.-error { color: $text-error; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "end(True)", "Keep", show=False),
        Binding("escape", "end(False)", "Clear", show=False),
    ]

    class Changed(Message):
        """Another text stands in the line."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, table: RowTable) -> None:
        super().__init__()
        self._table = table
        # Made here, not when composed: a table has news before the line is on the screen.
        self._line = Input(placeholder="text  ~regex  !not", compact=True)
        self._count = Static("", id="filter-count")

    def compose(self) -> ComposeResult:
        """The sign, the line and the count."""
        yield Static("/", id="filter-sign")
        yield self._line
        yield self._count

    def open(self) -> None:
        """Show the line and let it have the keys."""
        self.display = True
        self.screen.set_focus(self._line)

    def show_text(self, text: str) -> None:
        """Take over what the table is filtered by, unless the person is typing."""
        if self.screen.focused is self._line:
            return
        if self._line.value != text:
            self._line.value = text
        self.display = bool(text)

    def show_count(self, shown: int, total: int, error: str = "") -> None:
        """Say how many rows pass, or why the filter cannot be used."""
        count = self._count
        count.set_class(bool(error), "-error")
        text = safe_text(error, max(16, self.app.size.width // 2)) or f"{shown:,} of {total:,}"
        count.update(Content(text))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.end(keep=True)

    def action_end(self, keep: bool) -> None:
        """Leave the line by a key."""
        self.end(keep)

    def end(self, keep: bool) -> None:
        """Leave the line for the table; without `keep` the filter is gone."""
        line = self._line
        if not keep:
            line.value = ""
        self.screen.set_focus(self._table)
        self.display = bool(line.value)


class FilteredTable(Vertical):
    """A row table with its filter line: `/` opens it, enter keeps the filter, escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.FILTER)

    def __init__(self, table: RowTable, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.table = table
        self._bar = FilterBar(table)

    def compose(self) -> ComposeResult:
        """The table, and the line under it."""
        yield self.table
        yield self._bar

    def on_mount(self) -> None:
        """Show the filter that the table came with."""
        self._bar.show_text(self.table.filter_text)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape is ours only while there is a filter to clear."""
        return action != "clear_filter" or bool(self.table.filter_text)

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to the table."""
        self.table.focus(scroll_visible)
        return self

    def open_filter(self) -> None:
        """Open the filter line and give it the keys."""
        self._bar.open()

    def action_filter(self) -> None:
        """Open the filter line."""
        self.open_filter()

    def action_clear_filter(self) -> None:
        """Show all rows again."""
        self._bar.end(keep=False)

    @on(FilterBar.Changed)
    def _apply(self, event: FilterBar.Changed) -> None:
        event.stop()
        self.table.filter_text = event.text

    @on(RowView.FilterChanged)
    def _count(self, event: RowView.FilterChanged) -> None:
        self._bar.show_text(self.table.filter_text)
        self._bar.show_count(event.shown, event.total, event.error)
