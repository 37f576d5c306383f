"""Lines of a row table, made of rows, widths and styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.safe_text import safe_text
from tui.widgets.row_columns import Column, Tone, Values, Widths, fit, wanted
from tui.widgets.row_filter import RowFilter

GUTTER = 2
FOLLOWS = "⇣ "
_SIGNS = {(False, False): "  ", (True, False): "> ", (False, True): "● ", (True, True): "◉ "}
_KEPT = 1000
_NO_STYLE = Style()


@dataclass(frozen=True)
class Layout:
    """Which columns stand where: widths in cells, `gap` cells between them."""

    columns: tuple[Column, ...] = ()
    widths: tuple[int, ...] = ()
    gap: int = 1

    @classmethod
    def of(
        cls, columns: Sequence[Column], content: Widths, available: int, *, chosen: bool = False
    ) -> Layout:
        """Fit `columns` into `available` cells beside the gutter, airy where there is room.

        Where a person has not `chosen` them, those for wider tables are left out.
        """
        room = available - GUTTER
        if not chosen:
            columns = [column for column in columns if column.from_width <= available]
        columns = [column for column in columns if not column.if_any or content.get(column.key)]
        columns = _affordable(columns, room)
        airy = sum(wanted(columns, content)) + 2 * (len(columns) - 1) <= room
        gap = 2 if airy else 1
        widths = fit(columns, content, room, gap)
        return cls(tuple(columns), tuple(widths), gap)

    @property
    def total(self) -> int:
        """Cells from the left edge of the gutter to the end of the last column."""
        return GUTTER + sum(self.widths) + self.gap * max(0, len(self.widths) - 1)

    def column_at(self, x: int) -> Column | None:
        """The column over the cell `x`, counted from the left edge of the gutter."""
        start = GUTTER
        for column, width in zip(self.columns, self.widths, strict=True):
            if start <= x < start + width + self.gap:
                return column
            start += width + self.gap
        return None


@dataclass(frozen=True)
class Palette:
    """The styles a line is made of."""

    base: Style = _NO_STYLE
    header: Style = _NO_STYLE
    cursor: Style = _NO_STYLE
    marked: Style = _NO_STYLE
    match: Style = _NO_STYLE
    tones: Mapping[Tone, Style] = field(default_factory=dict)


def _affordable(columns: Sequence[Column], room: int) -> list[Column]:
    """`columns` without the optional ones that even minimal widths leave no room for."""
    kept = list(columns)
    for column in sorted((c for c in columns if c.optional), key=lambda c: -c.priority):
        if sum(fit(kept, {}, 0)) + len(kept) - 1 <= room:
            break
        kept.remove(column)
    return kept


Cell = tuple[str, Tone]


class RowPainter:
    """Makes strips of the gutter and the cells of a row; keeps the cells of recent rows."""

    def __init__(self) -> None:
        self.layout = Layout()
        self.palette = Palette()
        self.filter = RowFilter()
        self._cells: dict[object, tuple[Values, list[Cell]]] = {}

    def use(self, layout: Layout) -> None:
        """Change the layout, and forget cells that were cut for another one."""
        if layout != self.layout:
            self.layout = layout
            self._cells.clear()

    def forget(self) -> None:
        """Make all cells anew: the same values are to be shown otherwise."""
        self._cells.clear()

    def header(
        self, sorted_by: Column | None, reverse: bool, follow: bool = False
    ) -> tuple[Strip, Strip]:
        """Gutter and labels, with an arrow at the column that orders the rows.

        The gutter says whether the cursor follows what comes in.
        """
        style = self.palette.header
        parts = []
        for column, width in zip(self.layout.columns, self.layout.widths, strict=True):
            arrow = ("▼" if reverse else "▲") if sorted_by and column.key == sorted_by.key else ""
            label = set_cell_size(column.label, min(cell_len(column.label), width - len(arrow)))
            label = safe_text(label) + arrow
            parts.append(_justify(label, width, column.at_right))
        text = (" " * self.layout.gap).join(parts)
        sign = FOLLOWS if follow else "  "
        return Strip([Segment(sign, style)]), Strip([Segment(text, style)])

    def row(self, key: object, values: Values, cursor: bool, marked: bool) -> tuple[Strip, Strip]:
        """Gutter and cells of one row."""
        palette = self.palette
        base = palette.cursor if cursor else palette.marked if marked else palette.base
        gap = " " * self.layout.gap
        runs: list[tuple[str, Style]] = []
        for index, (text, tone) in enumerate(self._row_cells(key, values)):
            if index:
                runs.append((gap, base))
            style = base if cursor else base + palette.tones.get(tone, _NO_STYLE)
            runs.extend(self._with_matches(text, style))
        return Strip([Segment(_SIGNS[cursor, marked], base)]), Strip(_merged(runs))

    def style_of(self, cursor: bool, marked: bool) -> Style:
        """What the line is filled up with behind its last cell."""
        return (
            self.palette.cursor if cursor else self.palette.marked if marked else self.palette.base
        )

    def _row_cells(self, key: object, values: Values) -> list[Cell]:
        known = self._cells.get(key)
        if known is not None and known[0] is values:
            return known[1]
        cells = [
            self._cell(column, width, values)
            for column, width in zip(self.layout.columns, self.layout.widths, strict=True)
        ]
        if len(self._cells) >= _KEPT:
            self._cells.clear()
        self._cells[key] = (values, cells)
        return cells

    def _cell(self, column: Column, width: int, values: Values) -> Cell:
        text = safe_text(column.shown(values), width)
        tone = column.tone(values.get(column.key)) if column.tone else Tone.PLAIN
        return _justify(text, width, column.at_right), tone

    def _with_matches(self, text: str, style: Style) -> list[tuple[str, Style]]:
        spans = self.filter.spans(text)
        if not spans:
            return [(text, style)]
        runs, end = [], 0
        for start, stop in spans:
            runs.append((text[end:start], style))
            runs.append((text[start:stop], style + self.palette.match))
            end = stop
        runs.append((text[end:], style))
        return runs


def _justify(text: str, width: int, right: bool) -> str:
    pad = " " * (width - cell_len(text))
    return pad + text if right else text + pad


def _merged(runs: list[tuple[str, Style]]) -> list[Segment]:
    """Neighbours of one style as one segment: fewer escape sequences on the line."""
    out: list[Segment] = []
    pending, style = "", _NO_STYLE
    for text, own in runs:
        if own is style or own == style:
            pending += text
            continue
        if pending:
            out.append(Segment(pending, style))
        pending, style = text, own
    if pending:
        out.append(Segment(pending, style))
    return out
