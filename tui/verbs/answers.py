"""The answers to a query as the verbs use them: matches one by one, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NoReturn

import typer

from core.model import Match, Outcome
from tui import exits
from tui.output import outcome_text, print_fault, print_json, print_table
from tui.verbs.keys import row_of


class Answers:
    """The matches of a stream, one after another; its last item, the outcome, is kept apart."""

    def __init__(self, stream: Iterator[Match] | Iterator[Match | Outcome]) -> None:
        self._stream = stream
        self._count = 0
        self._outcome: Outcome | None = None

    def __iter__(self) -> Iterator[Match]:
        """Give the matches as they come."""
        for item in self._stream:
            if isinstance(item, Outcome):
                self._outcome = item
            else:
                self._count += 1
                yield item

    def end(self, nothing: str, *, json: bool) -> None:
        """Say how it ended where it did not end well, `nothing` where there was none; and exit."""
        if self._outcome and not self._outcome.ok:
            if json:
                print_json({"outcome": self._outcome})
            end(self._outcome)
        if not self._count:
            print_fault(nothing)
            raise typer.Exit(exits.Exit.FAILED)


def show(
    answers: Answers, columns: Sequence[str], headers: Sequence[str] = (), *, json: bool
) -> None:
    """Print matches as they come: as JSON, or as a table with a column for each keyword."""
    if json:
        for match in answers:
            print_json(match)
    else:
        print_table(headers or columns, (row_of(match, columns) for match in answers))


def end(outcome: Outcome) -> NoReturn:
    """Say what went wrong, if anything did, and exit by it."""
    if not outcome.ok:
        print_fault(outcome_text(outcome), outcome.advice)
    raise typer.Exit(exits.of_outcome(outcome))
