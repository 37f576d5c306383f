"""The rows of a table as a CSV or JSON file, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from pathlib import Path

from core.errors import UsageError
from tui.mask import MASK
from tui.safe_text import safe_text
from tui.widgets.row_columns import Column, Values

_FORMULA = ("=", "+", "-", "@")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


def suggested(place: str) -> str:
    """A file name to begin with: in the home folder, with place and time in it."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return f"~/modalitty-{_UNSAFE.sub('-', place)}-{stamp}.csv"


def file_fault(text: str) -> str:
    """Say what stands against writing this file, or answer with an empty string."""
    try:
        path = Path(text.strip()).expanduser()
        if path.suffix.lower() not in WRITERS:
            return "a name that ends in .csv or .json, please"
        if path.exists() or path.is_symlink():
            return "there is such a file already: nothing is overwritten"
        return "" if path.parent.is_dir() else "there is no such folder"
    except (OSError, RuntimeError, ValueError) as error:
        return f"not a path: {error}"


def write(text: str, columns: Sequence[Column], rows: Sequence[Values]) -> Path:
    """Write `rows` to a new file of the kind that its name says, for its owner only.

    Columns that are there only if any row has something in them are left out as on the screen.
    Raises UsageError where it is there already, or cannot be written.
    """
    path = Path(text.strip()).expanduser()
    columns = [column for column in columns if not column.if_any or _anywhere(column, rows)]
    content = WRITERS[path.suffix.lower()](columns, rows)
    try:
        # Never over another file, and never through a link that somebody has put there.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(content)
    except FileExistsError:
        raise UsageError(f"{path} is there already", "choose another name") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", "choose another place") from None
    return path


def _anywhere(column: Column, rows: Sequence[Values]) -> bool:
    return any(row.get(column.key) for row in rows)


def as_csv(columns: Sequence[Column], rows: Sequence[Values]) -> str:
    """Comma-separated values with a head; the mark in front tells spreadsheets that it is UTF-8."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([column.label for column in columns])
    writer.writerows([_cell(value) for value in _row(columns, row)] for row in rows)
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + out.getvalue()


def as_tsv(columns: Sequence[Column], rows: Sequence[Values]) -> str:
    """Lines of cells parted by tabs, for the clipboard: spreadsheets take them as CSV."""

    def line(row: Values) -> str:
        return "\t".join(str(_cell(safe_text(column.shown(row)))) for column in columns)

    return "\n".join(map(line, rows))


def as_json(columns: Sequence[Column], rows: Sequence[Values]) -> str:
    """A list of objects, by the keys of the columns."""
    keys = [column.key for column in columns]
    listed = [dict(zip(keys, _row(columns, row), strict=True)) for row in rows]
    return json.dumps(listed, ensure_ascii=False, indent=1) + "\n"


WRITERS: dict[str, Callable[[Sequence[Column], Sequence[Values]], str]] = {
    ".csv": as_csv,
    ".json": as_json,
}


def _row(columns: Sequence[Column], values: Values) -> Iterator[int | float | str | None]:
    """Numbers as they are, everything else as it is shown and made harmless, under the mask."""
    for column in columns:
        value = values.get(column.key)
        if value is None or (isinstance(value, int | float) and not (MASK.on and column.is_secret)):
            yield value
        else:
            yield safe_text(column.shown(values))


def _cell(value: float | str | None) -> float | str:
    """A value that no spreadsheet takes for a formula, even where a peer has sent one."""
    if isinstance(value, str) and value.lstrip().startswith(_FORMULA):
        return value if _NUMBER.fullmatch(value) else f"'{value}"
    return "" if value is None else value
