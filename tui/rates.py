"""How fast a job goes, and how long it still takes, from the snapshots that pass."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from core.model import Job

SPAN = 8.0
"""Seconds that a rate is measured over."""


@dataclass(frozen=True)
class Pace:
    """Bytes and objects per second, and the seconds left; None where it cannot be said."""

    bytes_per_second: float | None = None
    per_second: float | None = None
    left: float | None = None


class Paces:
    """Keeps the last snapshots of each job that runs."""

    def __init__(self) -> None:
        self._seen: dict[int, deque[tuple[float, int, int]]] = {}

    def take(self, job: Job, now: float) -> None:
        """Remember where a job stands at `now`, in seconds of a clock that only goes forward."""
        if job.state.ended:
            self._seen.pop(job.id, None)
            return
        seen = self._seen.setdefault(job.id, deque())
        seen.append((now, job.arrived_bytes, _settled(job)))
        while len(seen) > 2 and now - seen[1][0] >= SPAN:
            seen.popleft()

    def pace(self, job: Job, now: float) -> Pace:
        """How fast the job goes; the average of its whole run once it has ended."""
        if job.state.ended:
            return _average(job)
        seen = self._seen.get(job.id)
        if not seen or now - seen[0][0] <= 0.2:
            return Pace()
        began, size, settled = seen[0]
        per_second = (_settled(job) - settled) / (now - began)
        left = None
        if job.promised is not None and per_second > 0:
            left = max(0.0, (job.promised - _settled(job)) / per_second)
        return Pace((job.arrived_bytes - size) / (now - began), per_second, left)


def _settled(job: Job) -> int:
    return job.arrived + job.failed + job.skipped


def _average(job: Job) -> Pace:
    if job.seconds <= 0:
        return Pace()
    return Pace(job.arrived_bytes / job.seconds, _settled(job) / job.seconds)


_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(done: int, total: int | None, width: int) -> str:
    """A bar of `width` cells, in eighths of a cell; dots where the total is not known."""
    if total is None:
        return "·" * width
    part = min(1.0, done / total) if total else 1.0
    eighths = int(part * width * 8)
    full, rest = divmod(eighths, 8)
    text = "█" * full + (_EIGHTHS[rest] if rest else "")
    return text.ljust(width, "░")
