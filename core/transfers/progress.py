"""The hold a running job has on its own snapshot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from core.model import Failure, Job, JobState, Outcome

MAX_FAILURES_KEPT = 1000

Apply = Callable[[Callable[[Job], Job]], None]


class Progress:
    """Counts, notes failures, ends; `stop` is set when the job is to be paused or cancelled.

    `done` are the objects (SOP Instance UIDs) or files (paths) that are through, over all attempts.
    """

    def __init__(
        self,
        snapshot: Callable[[], Job],
        apply: Apply,
        done: set[str],
        note_done: Callable[[str], None],
    ) -> None:
        self.stop = threading.Event()
        self.done = done
        self.former = snapshot().failures
        """What failed when it ran last, and why."""
        self._snapshot = snapshot
        self._apply = apply
        self._note_done = note_done
        self._lock = threading.Lock()
        self._stop_as = JobState.CANCELLED

    @property
    def job(self) -> Job:
        """The snapshot as it stands."""
        return self._snapshot()

    def stop_as(self, state: JobState) -> None:
        """Ask the job to end soon, in `state`: cancelled, paused, or queued for another day."""
        self._stop_as = state
        self.stop.set()

    @property
    def stopped_as(self) -> JobState | None:
        """What the job is asked to end as; None while it is to go on."""
        return self._stop_as if self.stop.is_set() else None

    def update(self, **changes: Any) -> None:
        """Replace fields of the snapshot and tell the subscribers."""
        self._apply(lambda job: replace(job, **changes))

    def arrived(self, what: str, size: int) -> None:
        """Count an object of `size` bytes that is now where it was to go; each counts once."""
        with self._lock:
            if what in self.done:
                return
            self.done.add(what)
        self._note_done(what)
        self._apply(
            lambda job: replace(
                job, arrived=job.arrived + 1, arrived_bytes=job.arrived_bytes + size
            )
        )

    def skipped(self) -> None:
        """Count one thing that was passed over."""
        self._apply(lambda job: replace(job, skipped=job.skipped + 1))

    def failed(self, what: str, why: str, count: int = 1) -> None:
        """Count failed objects and keep the reason; the list of reasons is bounded."""

        def note(job: Job) -> Job:
            kept = job.failures
            if len(kept) < MAX_FAILURES_KEPT:
                kept = (*kept, Failure(what=what, why=why))
            return replace(job, failed=job.failed + count, failures=kept)

        self._apply(note)

    def end(self, state: JobState, note: str = "", outcome: Outcome | None = None) -> None:
        """Say how it ended; a job that was asked to stop ends as it was asked to."""
        if self.stop.is_set():
            state = self._stop_as
            note = {JobState.CANCELLED: "cancelled", JobState.PAUSED: "paused"}.get(state, "")
        ended = time.time() if state.ended else 0.0
        self.update(state=state, note=note, outcome=outcome, ended=ended)

    def end_by_counts(self, nothing: str, outcome: Outcome | None = None, note: str = "") -> None:
        """End a job whose objects were counted one by one; `nothing` says why there were none."""
        job = self.job
        if not job.arrived and not job.failed:
            self.end(JobState.FAILED, nothing, outcome)
        elif job.failed:
            self.end(JobState.PARTIAL if job.arrived else JobState.FAILED, note, outcome)
        else:
            self.end(JobState.DONE, note, outcome)
