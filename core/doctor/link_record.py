"""What is known of one link: its last echoes, its last fault, and when the next echo is due."""

from __future__ import annotations

import random
import time
from collections import deque
from dataclasses import dataclass, field

from core.model import Beat, Modality, Outcome

KEPT = 240
"""C-ECHOs remembered of each link."""
LONGEST_BACK_OFF = 600.0
"""Seconds at most between two echoes to a peer that does not answer, unless more is configured."""
_JITTER = 0.1


@dataclass
class LinkRecord:
    """What is known of one link; changed under the lock of the pulse only."""

    peer: Modality
    beats: deque[Beat] = field(default_factory=lambda: deque(maxlen=KEPT))
    outcome: Outcome | None = None
    at: float = 0.0
    since: float = 0.0
    fault: Outcome | None = None
    fault_at: float = 0.0
    failures: int = 0
    base: float = 0.0
    """When the present wait began, by the monotonic clock."""
    jitter: float = 1.0
    first: float = 0.0
    """How long the first wait is, 0 once it is over."""

    def take(self, outcome: Outcome, at: float) -> None:
        """Note how an echo at `at` (seconds since the epoch) went, and begin to wait."""
        before = self.outcome
        if before is None or before.ok != outcome.ok:
            self.since = at
        self.outcome, self.at = outcome, at
        self.beats.append(Beat(time=at, seconds=outcome.seconds if outcome.ok else None))
        self.failures = 0 if outcome.ok else self.failures + 1
        if not outcome.ok:
            self.fault, self.fault_at = outcome, at
        self.rest()

    def rest(self) -> None:
        """Begin to wait for the next one."""
        self.base, self.first = time.monotonic(), 0.0
        self.jitter = random.uniform(1 - _JITTER, 1 + _JITTER)

    def due(self, interval: float, *, watched: bool) -> float:
        """When the next one is due, by the monotonic clock."""
        if self.first and not watched:
            return self.base + self.first
        wait = interval
        if self.failures and not watched:
            wait = min(interval * 2 ** min(self.failures, 16), max(interval, LONGEST_BACK_OFF))
        return self.base + wait * self.jitter
