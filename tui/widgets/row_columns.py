"""Columns of a row table: how a value is read, shown, ordered and fitted into a width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, partial
from math import inf, isfinite, isnan
from typing import Any

from rich.cells import cell_len

from tui import units
from tui.mask import MASK, is_sensitive
from tui.safe_text import safe_text

Values = Mapping[str, object]
Widths = dict[str, int]

_PLAIN = (str, int, float)
_LAST_TEXT = "\U0010ffff"


class Kind(str, Enum):
    """What a column's values are; decides how they are shown, aligned and sorted."""

    TEXT = "text"
    NUMBER = "number"
    SIZE = "size"
    DURATION = "duration"
    DATE = "date"
    TIME = "time"
    NAME = "name"

    @property
    def numeric(self) -> bool:
        """True where values are compared as numbers and stand at the right."""
        return self in (Kind.NUMBER, Kind.SIZE, Kind.DURATION)


class Tone(str, Enum):
    """What a value's colour says; the value is the ending of the component class."""

    PLAIN = ""
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    MUTED = "muted"
    ACCENT = "accent"


@dataclass(frozen=True)
class Column:
    """One column: what it takes from a row's values, and how it shows that.

    Widths are in terminal cells. `width` fixes the column; otherwise it fits its content between
    `min_width` and `max_width`. Width left over goes to columns with a `flex` share. Where there
    is too little, the columns with the highest `priority` number give way first, down to
    `min_width`; `optional` ones are left out before the table scrolls sideways, and all of them
    where the table has less than `from_width` cells, unless a person has chosen them. One that is
    `if_any` is left out while no row has anything there. `show` turns
    a value into text (made harmless later), `tone` chooses its colour, `sort_key` gives what is
    compared, all of one type. `secret` says that the mask hides it, or does not; left out, the
    attribute that `key` names decides.
    """

    key: str
    label: str
    kind: Kind = Kind.TEXT
    width: int | None = None
    min_width: int = 4
    max_width: int = 40
    flex: int = 0
    priority: int = 1
    right: bool | None = None
    hidden: bool = False
    optional: bool = False
    from_width: int = 0
    if_any: bool = False
    secret: bool | None = None
    show: Callable[[Any], str] | None = None
    tone: Callable[[Any], Tone] | None = None
    sort_key: Callable[[Any], Any] | None = None

    @property
    def at_right(self) -> bool:
        """True where values stand at the right end of the column."""
        return self.kind.numeric if self.right is None else self.right

    @property
    def show_value(self) -> Callable[[Any], str] | None:
        """What turns a value into text, None where the value's own text is shown."""
        return self.show or _SHOW.get(self.kind)

    @cached_property
    def is_secret(self) -> bool:
        """True where the mask hides what stands here."""
        return is_sensitive(self.key) if self.secret is None else self.secret

    def shown(self, values: Values) -> str:
        """What a person may see of a row here, not yet harmless: while the mask is on, less."""
        text = self.text(values)
        return MASK.stand_in(text) if MASK.on and self.is_secret else text

    def text(self, values: Values) -> str:
        """What stands in this column for a row, not yet harmless, whether masked or not."""
        value = values.get(self.key)
        if value is None:
            return ""
        show = self.show_value
        return show(value) if show else str(value)

    def sort_value(self, values: Values, reverse: bool) -> Any:
        """What a row is ordered by; missing and odd values come last in both directions."""
        return self.sort_reader(reverse)(values.get(self.key))

    def sort_reader(self, reverse: bool) -> Callable[[Any], Any]:
        """What turns this column's values into those that rows are ordered by."""
        if self.sort_key:
            return self.sort_key
        if self.kind.numeric:
            return partial(_number, missing=-inf if reverse else inf)
        last = "" if reverse else _LAST_TEXT

        def text(value: object) -> str:
            return ("" if value is None else str(value).casefold()) or last

        return text


def _number(value: object, missing: float) -> float:
    try:
        number = float(value if isinstance(value, _PLAIN) else str(value))
    except (ValueError, OverflowError):
        return missing
    return missing if isnan(number) else number


def _numeric(form: Callable[[float], str]) -> Callable[[object], str]:
    def show(value: object) -> str:
        number = _number(value, inf)
        return form(number) if isfinite(number) else str(value)

    return show


def _textual(form: Callable[[str], str]) -> Callable[[object], str]:
    known = units.remembered(form)
    return lambda value: known(value if isinstance(value, str) else str(value))


_SHOW: dict[Kind, Callable[[object], str]] = {
    Kind.SIZE: _numeric(units.size),
    Kind.DURATION: _numeric(units.duration),
    Kind.DATE: _textual(units.date),
    Kind.TIME: _textual(units.time),
    Kind.NAME: _textual(units.person_name),
}


def measure(columns: Sequence[Column], rows: Iterable[Values], widths: Widths) -> bool:
    """Widen `widths` to what `rows` need in each column; True where anything grew."""
    grew = False
    free = [column for column in columns if column.width is None]
    for values in rows:
        for column in free:
            wide = cell_len(safe_text(column.shown(values), column.max_width))
            if wide > widths.get(column.key, 0):
                widths[column.key] = wide
                grew = True
    return grew


def fit(columns: Sequence[Column], content: Widths, available: int, gap: int = 1) -> list[int]:
    """Widths of `columns` in cells, for `available` cells with `gap` of them between columns.

    The sum may be wider than what is available, where all columns are at their minimum.
    """
    widths = wanted(columns, content)
    spare = available - sum(widths) - gap * max(0, len(columns) - 1)
    if spare < 0:
        _shrink(columns, widths, -spare)
    elif spare > 0:
        _grow(columns, widths, spare)
    return widths


def wanted(columns: Sequence[Column], content: Widths) -> list[int]:
    """Widths at which nothing that was measured need be cut."""
    return [_wanted(column, content) for column in columns]


def _wanted(column: Column, content: Widths) -> int:
    if column.width is not None:
        return max(1, column.width)
    need = max(cell_len(column.label), content.get(column.key, 0), column.min_width)
    return max(1, min(need, max(column.max_width, column.min_width)))


def _shrink(columns: Sequence[Column], widths: list[int], missing: int) -> None:
    """Least important columns first; among equals the widest gives way cell by cell."""
    for priority in sorted({column.priority for column in columns}, reverse=True):
        group = [i for i, c in enumerate(columns) if c.priority == priority and c.width is None]
        while missing > 0:
            can = [i for i in group if widths[i] > max(1, columns[i].min_width)]
            if not can:
                break
            widths[max(can, key=lambda i: widths[i])] -= 1
            missing -= 1


def _grow(columns: Sequence[Column], widths: list[int], spare: int) -> None:
    shares = [column.flex if column.width is None else 0 for column in columns]
    total = sum(shares)
    for index, share in enumerate(shares):
        if share:
            part = spare * share // total
            widths[index] += part
            spare -= part
            total -= share
