"""The answers to a query as the verbs use them: matches one by one, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import typer

from core.model import Match, Outcome
from tui import exits
from tui.output import outcome_text, print_fault


class Answers:
    """The matches of a stream, one after another; its last item, the outcome, is kept apart."""

    def __init__(self, stream: Iterator[Match | Outcome]) -> None:
        self._stream = stream
        self.outcome: Outcome | None = None

    def __iter__(self) -> Iterator[Match]:
        """Give the matches as they come."""
        for item in self._stream:
            if isinstance(item, Outcome):
                self.outcome = item
            else:
                yield item


def end(outcome: Outcome) -> NoReturn:
    """Say what went wrong, if anything did, and exit by it."""
    if not outcome.ok:
        print_fault(outcome_text(outcome), outcome.advice)
    raise typer.Exit(exits.of_outcome(outcome))
