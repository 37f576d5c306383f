"""Writes the results into docs/performance.md, between two marks; the rest of it is by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.figures import verdicts
from benchmarks.results import Result, Results
from benchmarks.servers import SETTINGS

BEGIN = "<!-- written by: python -m benchmarks --write -->"
END = "<!-- end of what is written -->"
_BUSY = 2.5
"""A load average that the scenario before may leave behind, with nobody else at work."""


class NoMarksError(Exception):
    """The page has no place for results."""


def write(page: Path, results: Results, order: Iterable[str]) -> None:
    """Put results into a page, scenarios in `order`; raises NoMarksError."""
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise NoMarksError(f"{page} has no lines {BEGIN!r} and {END!r}")
    chosen = [results[name] for name in order if name in results]
    lines = "\n".join([BEGIN, "", *_all(chosen), END])
    page.write_text(before + lines + after)


def _all(results: Sequence[Result]) -> Iterator[str]:
    yield from _summary(results)
    yield from _circumstances(results)
    for result in results:
        yield from (f"### {result.name}", "", f"{result.title}. {_when(result)}", "")
        for headings, *lines in report.tables(result.rows):
            yield from (_line(*headings), _rule(headings))
            yield from (_line(*cells) for cells in lines)
            yield ""


def _summary(results: Sequence[Result]) -> Iterator[str]:
    judged = [
        (result, row, found) for result in results for row in result.rows for found in verdicts(row)
    ]
    missed = sum(not found.met for _, _, found in judged)
    yield f"**{len(judged) - missed} of {len(judged)} targets are met; we are behind in {missed}.**"
    yield ""
    busiest = max((result.load for result in results), default=0.0)
    if busiest > _BUSY:
        yield (
            f"Other work ran on the machine meanwhile (load up to {busiest:.1f}): times are longer"
            " and ratios rougher than on one that does nothing else."
        )
        yield ""
    headings = ("scenario", "row", "against", "found", "target", "")
    yield from (_line(*headings), _rule(headings))
    for result, row, found in judged:
        unit = "" if found.target.peer else f" {row.unit}"
        yield _line(
            result.name,
            row.name,
            found.target.peer or "–",
            f"{report.number(found.found)}{unit or ' ×'}",
            report.limit(found.target, row.unit),
            report.judgement(found) if found.met else f"**{report.judgement(found)}**",
        )
    yield ""


def _circumstances(results: Sequence[Result]) -> Iterator[str]:
    for machine in {tuple(result.machine.items()): result.machine for result in results}.values():
        yield "Measured on: " + "; ".join(f"{what} {value}" for what, value in machine.items())
        yield ""
    yield from (_line("contestant", "as it ran"), _rule(("", "")))
    yield from (_line(name, how) for name, how in _took_part(results).items())
    yield ""


def _took_part(results: Sequence[Result]) -> Mapping[str, str]:
    names = {name for result in results for row in result.rows for name in row.values}
    return {name: how for name, how in SETTINGS.items() if name in names}


def _when(result: Result) -> str:
    return (
        f"Rounds: {result.rounds}, at {result.at}, commit {result.commit or 'unknown'};"
        f" load of the machine before them: {result.load:.1f}."
    )


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(cells: Sequence[str]) -> str:
    return "|" + "---|" * len(cells)
