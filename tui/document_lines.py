"""A document as lines of a certain width: for the screen and for the command line alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len

from core.model import DocumentRow, RowKind
from tui import units
from tui.mask import MASK, is_sensitive
from tui.safe_text import cut_cells, safe_text

MAX_CELL = 40
"""Widest cell of a table."""
_DEEPEST_INDENT = 10
_LEAST = 20
"""Columns that text has, however deep it stands."""
_DATE_TIME = re.compile(r"(\d{8})(\d{2,6}(?:\.\d+)?)?([+-]\d{4})?", re.ASCII)
_BREAKS = re.compile(r"\r\n|[\r\n\f]")
_ORDINARY = ("", "CONTAINS", "HAS PROPERTIES", "HAS OBS CONTEXT", "HAS CONCEPT MOD")
"""Relationships that go without saying: a place in the tree says as much."""


@dataclass(frozen=True)
class Line:
    """One line, harmless to a terminal, and the row of the document that it is of."""

    row: int
    text: str
    kind: RowKind
    is_first: bool = True


def lines(rows: Sequence[DocumentRow], width: int, *, sign: bool = False) -> list[Line]:
    """All rows in lines of at most `width` cells; `sign` leaves room for one before each label."""
    tables = _tables(rows)
    return [
        Line(index, text, row.kind, number == 0)
        for index, row in enumerate(rows)
        for number, text in enumerate(_wrapped(row, tables.get(index), width, sign))
    ]


def row_text(row: DocumentRow) -> str:
    """A row on one line; not yet harmless."""
    if row.kind in (RowKind.HEAD, RowKind.CELLS):
        return "  ".join(cell for cell in row.cells if cell)
    value = _value(row)
    if row.kind is RowKind.NOTE:
        return f"! {value}"
    label = row.label or ("" if row.kind is RowKind.TEXT else row.type.lower())
    if row.kind is RowKind.HEADING:
        return f"{label}  {value}".rstrip()
    said = " ".join(part for part in (value, row.unit) if part)
    if row.target:
        said = f"see {said} {row.target}"
    text = f"{label}: {said}" if label and said else label or said
    return "  ".join(part for part in (text, *_remarks(row)) if part)


def _remarks(row: DocumentRow) -> Iterator[str]:
    """What stands behind a value: how it is related, which object it points to."""
    if row.relationship not in _ORDINARY:
        yield f"({row.relationship.lower()})"
    if row.reference is not None:
        yield row.reference.sop_instance_uid


def _value(row: DocumentRow) -> str:
    """The value as people write it, or what stands for it while the mask is on."""
    form = _FORMS.get(row.vr)
    parts = row.value.split("\\") if form else [row.value]
    value = ", ".join(map(form, parts)) if form else row.value
    free = row.kind is RowKind.TEXT
    return MASK.hide(value) if free or is_sensitive(row.keyword, row.vr) else value


def _moment(value: str) -> str:
    found = _DATE_TIME.fullmatch(value.strip())
    if not found:
        return value
    day, time, zone = found.groups("")
    return " ".join(part for part in (units.date(day), units.time(time), zone) if part)


_FORMS = {"DA": units.date, "TM": units.time, "DT": _moment, "PN": units.person_name}


def _wrapped(
    row: DocumentRow, widths: Sequence[int] | None, width: int, sign: bool
) -> Iterator[str]:
    indent = "  " * min(row.depth, _DEEPEST_INDENT)
    room = max(_LEAST, width - len(indent) - (2 if sign else 0))
    if widths is not None:
        yield indent + _cells(row, widths)
        return
    hang = ""
    for part in _BREAKS.split(row_text(row).rstrip()):
        text = safe_text(part)
        # Wide characters take two cells each; lines that hold any are cut as if all were wide.
        columns = room if cell_len(text) == len(text) else room // 2
        for line in wrap(text, columns, subsequent_indent="  ") or [""]:
            yield f"{indent}{hang}{line}"
        hang = "" if row.kind is RowKind.TEXT else "  "


def _cells(row: DocumentRow, widths: Sequence[int]) -> str:
    cells = [cut_cells(safe_text(cell, MAX_CELL), MAX_CELL) for cell in row.cells]
    if row.reference is not None:
        cells.append(safe_text(row.reference.sop_instance_uid))
    padded = (
        cell + " " * max(0, widths[n] - cell_len(cell)) if n < len(widths) else cell
        for n, cell in enumerate(cells)
    )
    return "  ".join(padded).rstrip()


def masked(rows: Sequence[DocumentRow]) -> list[DocumentRow]:
    """The rows with the cells of tables as they may be seen now: a head says what they are."""
    from msgspec.structs import replace

    head: dict[int, DocumentRow] = {}
    found = []
    for row in rows:
        if row.kind is RowKind.HEAD:
            head[row.depth] = row
        elif row.kind is RowKind.CELLS and MASK.on and row.depth in head:
            keywords = head[row.depth].keywords
            secret = [is_sensitive(keyword) if keyword else False for keyword in keywords]
            secret += [False] * (len(row.cells) - len(secret))
            hidden = (MASK.hide(c) if s else c for c, s in zip(row.cells, secret, strict=False))
            row = replace(row, cells=tuple(hidden))
        found.append(row)
    return found


def _tables(rows: Sequence[DocumentRow]) -> dict[int, list[int]]:
    """Index of each row of a table → widths of its columns."""
    found: dict[int, list[int]] = {}
    tables: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        if row.kind is RowKind.HEAD:
            tables[row.depth] = []
        elif row.kind is not RowKind.CELLS:
            continue
        widths = found[index] = tables.setdefault(row.depth, [])
        for place, cell in enumerate(row.cells):
            fitting = min(MAX_CELL, cell_len(safe_text(cell, MAX_CELL)))
            if place < len(widths):
                widths[place] = max(widths[place], fitting)
            else:
                widths.append(fitting)
    return found
