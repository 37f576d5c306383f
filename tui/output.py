"""What the command line prints: JSON for programs, aligned text for people, faults on stderr.

Nothing that came from outside reaches the terminal as it is: text goes through `safe_text`, and in
JSON the characters a terminal would obey are written as escapes, so that the value stays whole.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import chain, islice

import msgspec
from rich.cells import cell_len

from core.errors import ModalittyError
from core.model import Outcome
from tui.safe_text import safe_text

SAMPLE = 50
"""Rows that are looked at before the widths of a table's columns are settled."""
MAX_CELL = 48

# Whatever a terminal may obey or a reader overlook, beyond what JSON escapes of itself.
_UNSAFE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def to_json(value: object) -> str:
    """Write a value of the model as one line of JSON that no terminal obeys."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # a file name that is not UTF-8 has surrogates (PEP 383)
        text = json.dumps(msgspec.to_builtins(value), separators=(",", ":"))
    return _UNSAFE.sub(_escape, text)


def print_json(value: object) -> None:
    """Print one JSON document on one line, and flush: a reader may be waiting for it."""
    print(to_json(value), flush=True)


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Print rows in aligned columns as they come, and answer with how many there were."""
    stream = (tuple(safe_text(cell, MAX_CELL) for cell in row) for row in rows)
    sample = list(islice(stream, SAMPLE))
    if not sample:
        return 0
    widths = [max(map(cell_len, column)) for column in zip(headers, *sample, strict=True)]
    count = 0
    print(_line(headers, widths))
    for row in chain(sample, stream):
        print(_line(row, widths), flush=count >= SAMPLE)
        count += 1
    return count


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (c + " " * max(0, w - cell_len(c)) for c, w in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def print_fault(text: str, hint: str = "") -> None:
    """Say on stderr, in one line, what went wrong and what to do."""
    line = f"{text}: {hint}" if hint else text
    print(f"modalitty: {safe_text(line)}", file=sys.stderr)


def print_error(error: ModalittyError) -> None:
    """Say on stderr what was wrong with what was asked."""
    print_fault(error.message, error.hint)


def outcome_text(outcome: Outcome) -> str:
    """Put an outcome into one line: what it means, the code, and the peer's own words."""
    parts = [outcome.meaning]
    if outcome.status:
        parts.append(f"(0x{outcome.status:04X})")
    if outcome.comment:
        parts.append(f'- the peer says: "{outcome.comment}"')
    if outcome.offending:
        parts.append(f"- offending elements: {', '.join(outcome.offending)}")
    return " ".join(parts)


def progress_line(text: str) -> None:
    """Redraw a line of progress where stderr is a terminal; elsewhere say nothing."""
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{safe_text(text, 78)}", end="", file=sys.stderr, flush=True)


def end_progress() -> None:
    """Take the line of progress away."""
    if sys.stderr.isatty():
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
