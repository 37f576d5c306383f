"""Results as a table for people: medians, ranges, ratios, and whether we are behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.figures import OURS, Row, Target, Verdict, middle, ratio, verdicts
from benchmarks.results import Result

HEADINGS = ("", "median", "min – max", "ours ÷ it", "target", "")
BEHIND, MET = "behind", "met"


def cells(row: Row) -> Iterator[tuple[str, str, str, str, str, str]]:
    """One line for each contestant, with what HEADINGS names; we come first."""
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
    lines = [f"{result.name}: {result.title}, {result.rounds} rounds"]
    for row in result.rows:
        table = [(row.name, *HEADINGS[1:]), *cells(row)]
        lines += _aligned(table)
    return "\n".join(lines)


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        words = (word.ljust(width) for word, width in zip(line, widths, strict=True))
        yield ("  " + "  ".join(words)).rstrip()
