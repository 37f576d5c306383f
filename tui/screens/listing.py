"""The rows of one level, and the runs that bring them: one for each of those asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from core.model import Match, Outcome, OutcomeState
from tui.levels import Step


@dataclass(eq=False)
class Run:
    """One of those asked, and how its answers come; the own place has no name."""

    name: str = ""
    limit: int = 0
    """The most matches it was asked for; 0 is no limit."""
    cancel: threading.Event = field(default_factory=threading.Event)
    running: bool = True
    count: int = 0
    """Matches that came."""
    incomplete: bool = False
    """It did not match on all optional keys (0xFF01)."""
    silent: set[str] = field(default_factory=set)
    """Keywords it was to match on, and gave no value of: it may not have matched on them."""
    outcome: Outcome | None = None

    @property
    def capped(self) -> bool:
        """Whether as many came as were wanted, so that there may be more."""
        return 0 < self.limit <= self.count

    def end(self, outcome: Outcome | None = None) -> None:
        """Take note that nothing more comes."""
        self.running = False
        self.outcome = outcome or self.outcome
        if self.outcome is None and self.cancel.is_set():
            self.outcome = Outcome(state=OutcomeState.CANCELLED, meaning="cancelled")


@dataclass(eq=False)
class Listing:
    """The rows of one level by key, and the runs that bring them."""

    step: Step
    matches: dict[str, Match] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def add(self, matches: Iterable[Match], run: Run | None = None) -> list[tuple[str, Match]]:
        """Take more matches; returns them with their keys."""
        rows = [
            (self.step.row_key(match, number), match)
            for number, match in zip(self._numbers, matches, strict=False)
        ]
        self.matches.update(rows)
        if run:
            run.count += len(rows)
            for _, match in rows:
                if not run.silent:
                    break
                run.silent = {key for key in run.silent if not match.values.get(key)}
            run.incomplete = run.incomplete or any(m.incomplete for _, m in rows)
        return rows

    @property
    def running(self) -> bool:
        """Whether more may come."""
        return any(run.running for run in self.runs)

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, where one is asked only."""
        return self.runs[0].outcome if len(self.runs) == 1 else None

    @property
    def cancelling(self) -> bool:
        """Whether nobody is to send more, and somebody has not ended yet."""
        return self.running and all(run.cancel.is_set() for run in self.runs if run.running)

    def stop(self) -> None:
        """Ask all who have not ended to end."""
        for run in self.runs:
            if run.running:
                run.cancel.set()
