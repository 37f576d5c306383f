"""Results as a table for people: medians, ranges, ratios, and whether we are behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.figures import OURS, Row, Target, Verdict, middle, ratio, verdicts
from benchmarks.results import Result

Cells = tuple[str, ...]
BEHIND, MET = "behind", "met"
_SHARED = ("median", "min – max", "ours ÷ it", "target", "")
_ALONE = ("median", "min – max", "target", "")


def tables(rows: Sequence[Row]) -> Iterator[list[Cells]]:
    """A table with its headings for each row; rows in which we are alone share one."""
    alone = [row for row in rows if set(row.values) <= {OURS}]
    for row in rows:
        if row not in alone:
            yield [(row.name, *_SHARED), *_contest(row)]
    if alone:
        lines = [line for row in alone for line in _contest(row)]
        named = zip([row.name for row in alone if row.values], lines, strict=True)
        yield [
            (OURS, *_ALONE),
            *((name, *line[1:3], *line[4:]) for name, line in named),
        ]


def _contest(row: Row) -> Iterator[Cells]:
    """One line for each contestant; we come first."""
    found = {verdict.target.peer: verdict for verdict in verdicts(row)}
    for contestant, values in row.values.items():
        against = "" if contestant == OURS else contestant
        verdict = found.get(against)
        compared = against and row.values.get(OURS)
        yield (
            contestant,
            f"{number(middle(row, contestant))} {row.unit}",
            f"{number(min(values))} – {number(max(values))}",
            f"{ratio(row, contestant):.2f}" if compared else "",
            limit(verdict.target, row.unit) if verdict else "",
            judgement(verdict) if verdict else "",
        )


def behind(result: Result) -> list[tuple[Row, Verdict]]:
    """The targets that were missed."""
    return [(row, found) for row in result.rows for found in verdicts(row) if not found.met]


def limit(target: Target, unit: str) -> str:
    """A target in words."""
    return f"≤ {target.limit:g}" + ("" if target.peer else f" {unit}")


def judgement(verdict: Verdict) -> str:
    """Say plainly how we stand."""
    return MET if verdict.met else BEHIND


def number(value: float) -> str:
    """Three digits that matter."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def text(result: Result) -> str:
    """A result for the terminal."""
    lines = [f"{result.name}: {result.title}; rounds: {result.rounds}"]
    for table in tables(result.rows):
        lines += _aligned(table)
    missed = behind(result)
    lines += [f"  {BEHIND}: {row.name}, {_stand(row, found)}" for row, found in missed]
    return "\n".join(lines)


def _stand(row: Row, verdict: Verdict) -> str:
    if verdict.target.peer:
        return f"{verdict.found:.2f} × {verdict.target.peer}, not {limit(verdict.target, '')}"
    return f"{number(verdict.found)} {row.unit}, not {limit(verdict.target, row.unit)}"


def _aligned(table: Sequence[Cells]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        words = (word.ljust(width) for word, width in zip(line, widths, strict=True))
        yield ("  " + "  ".join(words)).rstrip()
