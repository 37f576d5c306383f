"""What is seen of a row table: lines made of the rows in sight, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.safe_text import safe_text
from tui.widgets.row_columns import Column, Tone, Widths, measure
from tui.widgets.row_paint import GUTTER, Layout, Palette, RowPainter
from tui.widgets.row_store import Key, RowStore

HEADER = 1
_SAMPLE_FIRST = 200
_SAMPLE_LATER = 20


class RowCanvas(ScrollView, can_focus=True):
    """Paints the rows of a :class:`RowStore` that are in sight, under a header that stays."""

    follow: reactive[bool] = reactive(False)
    """Keep the cursor on the last row while it stands there and rows come."""
    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-table--header",
        "row-table--cursor",
        "row-table--marked",
        "row-table--match",
        "row-table--empty",
        *(f"row-table--{tone.value}" for tone in Tone if tone.value),
    }
    DEFAULT_CSS = """
    RowCanvas {
        background: $surface;
        color: $foreground;
        scrollbar-gutter: stable;
        scrollbar-size: 1 1;
        & > .row-table--header { text-style: bold; color: $foreground; background: $panel; }
        & > .row-table--cursor { background: $block-cursor-blurred-background; text-style: bold; }
        &:focus > .row-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        & > .row-table--marked { color: $accent; text-style: bold; }
        & > .row-table--match { text-style: bold underline; }
        &:nocolor > .row-table--header { text-style: bold underline; }
        &:nocolor:focus > .row-table--cursor { text-style: reverse bold; }
        & > .row-table--empty { color: $text-muted; }
        & > .row-table--ok { color: $text-success; }
        & > .row-table--warning { color: $text-warning; }
        & > .row-table--error { color: $text-error; text-style: bold; }
        & > .row-table--muted { color: $text-muted; }
        & > .row-table--accent { color: $text-accent; }
    }
    """

    def __init__(
        self,
        columns: Sequence[Column],
        empty: str,
        id: str | None,  # noqa: A002  Textual's own name
        classes: str | None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.empty = empty
        self.columns = tuple(columns)
        self._store = RowStore([column for column in columns if not column.hidden])
        self._painter = RowPainter()
        self._palette: Palette | None = None
        self._content: Widths = {}
        self._sampled = 0
        self._cursor: Key = None
        self._chosen = False

    def say_empty(self, text: str) -> None:
        """Say this where there are no rows."""
        if text != self.empty:
            self.empty = text
            self.refresh()

    @property
    def _page(self) -> int:
        return max(1, self.scrollable_content_region.height - HEADER)

    def _counts(self) -> tuple[int, int]:
        """How many rows pass the filter, as far as they are read for it, of how many."""
        return self._store.placed_count, len(self._store)

    def _sample(self) -> None:
        """Widen columns to what some of the new rows need."""
        size = _SAMPLE_LATER if self._sampled else _SAMPLE_FIRST
        count = len(self._store)
        if count == self._sampled:
            return
        rows = self._store.newest(min(size, count - self._sampled) if self._sampled else size)
        self._sampled = count
        measure(self._store.columns, rows, self._content)

    def _arrange(self) -> None:
        width = self.scrollable_content_region.width
        content, by = self._content, self._store.sorted_by
        if by is not None:  # room for the arrow
            content = {**content, by.key: max(content.get(by.key, 0), cell_len(by.label) + 1)}
        layout = Layout.of(self._store.columns, content, width, chosen=self._chosen)
        self._painter.use(layout)
        size = Size(max(layout.total, 1), self._store.placed_count + HEADER)
        if size != self.virtual_size:
            self.virtual_size = size

    def notify_style_update(self) -> None:
        """Take the styles of the theme anew."""
        super().notify_style_update()
        self._palette = None

    def _take_palette(self) -> Palette:
        style = self.get_component_rich_style
        return Palette(
            base=self.rich_style,
            header=style("row-table--header"),
            cursor=style("row-table--cursor"),
            marked=style("row-table--marked"),
            match=style("row-table--match", partial=True),
            tones={t: style(f"row-table--{t.value}", partial=True) for t in Tone if t.value},
        )

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the header, a row, or nothing."""
        if self._palette is None:
            self._palette = self._painter.palette = self._take_palette()
        width = self.scrollable_content_region.width
        if y < HEADER:
            by, reverse = self._store.sorted_by, self._store.reverse
            line = self._painter.header(by, reverse, self.follow)
            return self._joined(line, width, self._painter.palette.header)
        index = self.scroll_offset.y + y - HEADER
        key = self._store.peek(index)
        if key is None:
            return self._blank_line(y, width)
        cursor, marked = key == self._cursor, key in self._store.marks
        line = self._painter.row(key, self._store.values(key), cursor, marked)
        return self._joined(line, width, self._painter.style_of(cursor, marked))

    def _joined(self, line: tuple[Strip, Strip], width: int, fill: Style) -> Strip:
        gutter, cells = line
        left = self.scroll_offset.x
        room = max(0, width - GUTTER)
        cells = cells.crop_extend(left, left + room, fill)
        return Strip.join([gutter, cells]).adjust_cell_length(width, fill)

    def _blank_line(self, y: int, width: int) -> Strip:
        text = ""
        if y == HEADER + 1 and self._store.placed_count == 0:
            text = "no row passes the filter" if self._counts()[1] else self.empty
        style = self.get_component_rich_style("row-table--empty") if text else self.rich_style
        shown = safe_text(text, max(1, width - GUTTER))
        return Strip([Segment("  " + shown, style)]).adjust_cell_length(width, self.rich_style)
