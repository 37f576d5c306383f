"""Transfers, and where they stand."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from core.model.outcome import Outcome


class JobKind(str, Enum):
    """What a job does."""

    MOVE = "move"
    GET = "get"
    SEND = "send"
    IMPORT = "import"
    EXPORT = "export"
    COMMIT = "commit"


class JobState(str, Enum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True once nothing more will happen."""
        return self not in (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)


class Failure(Struct, frozen=True, kw_only=True):
    """One thing a job could not do: an object or file by name, and why."""

    what: str
    why: str


class Job(Struct, frozen=True, kw_only=True):
    """A snapshot of one transfer.

    `promised` is what the peer (or our own count) says will come, None while unknown. `arrived`
    and `arrived_bytes` count what was seen with our own eyes: objects stored here for a move to
    ourselves, objects acknowledged for a send, files taken for an import. `completed`, `failed`,
    `warnings` and `remaining` are the peer's sub-operation counters, None while it gave none.
    `missing` is how many were promised and are not here, found by SOP Instance UID at the end.
    `attempt` counts from 1; each retry does what is left. A higher `priority` starts earlier.
    Times are seconds since the epoch, 0 while not reached.
    """

    id: int
    kind: JobKind
    title: str
    peer: str = ""
    destination: str = ""
    state: JobState = JobState.QUEUED
    promised: int | None = None
    arrived: int = 0
    arrived_bytes: int = 0
    skipped: int = 0
    completed: int | None = None
    failed: int = 0
    warnings: int = 0
    remaining: int | None = None
    missing: int = 0
    attempt: int = 1
    priority: int = 0
    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    note: str = ""
    outcome: Outcome | None = None
    failures: tuple[Failure, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it ran so far or in all, by the times it holds; 0 before the start."""
        return max(0.0, self.ended - self.started) if self.ended else 0.0
