"""The queue of jobs: starts them in order, keeps their snapshots, cancels and waits."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from core.errors import ModalittyError, UsageError
from core.events import EventBus, JobChanged
from core.model import Failure, Job, JobState, Outcome

log = logging.getLogger(__name__)

MAX_FAILURES_KEPT = 1000
MAX_JOBS_KEPT = 1000

Work = Callable[["Progress"], None]


class Progress:
    """The hold a running job has on its own snapshot: count, note failures, end."""

    def __init__(self, queue: JobQueue, job_id: int) -> None:
        self._queue = queue
        self.job_id = job_id
        self.cancelled = threading.Event()

    @property
    def job(self) -> Job:
        """The snapshot as it stands."""
        return self._queue.job(self.job_id)

    def update(self, **changes: Any) -> None:
        """Replace fields of the snapshot and tell the subscribers."""
        self._queue.apply(self.job_id, lambda job: replace(job, **changes))

    def arrived(self, size: int) -> None:
        """Count one object of `size` bytes that is now where it was to go."""
        self._queue.apply(
            self.job_id,
            lambda job: replace(
                job, arrived=job.arrived + 1, arrived_bytes=job.arrived_bytes + size
            ),
        )

    def skipped(self) -> None:
        """Count one thing that was passed over."""
        self._queue.apply(self.job_id, lambda job: replace(job, skipped=job.skipped + 1))

    def failed(self, what: str, why: str, count: int = 1) -> None:
        """Count failed objects and keep the reason; the list of reasons is bounded."""

        def note(job: Job) -> Job:
            kept = job.failures
            if len(kept) < MAX_FAILURES_KEPT:
                kept = (*kept, Failure(what=what, why=why))
            return replace(job, failed=job.failed + count, failures=kept)

        self._queue.apply(self.job_id, note)

    def end(self, state: JobState, note: str = "", outcome: Outcome | None = None) -> None:
        """Say how it ended; what ended stays ended."""
        self.update(state=state, note=note, outcome=outcome, ended=time.time())

    def end_by_counts(self, nothing: str, outcome: Outcome | None = None) -> None:
        """End a job whose objects were counted one by one; `nothing` says why there were none."""
        job = self.job
        if self.cancelled.is_set():
            self.end(JobState.CANCELLED, "cancelled", outcome)
        elif not job.arrived and not job.failed:
            self.end(JobState.FAILED, nothing, outcome)
        elif job.failed:
            self.end(JobState.PARTIAL if job.arrived else JobState.FAILED, "", outcome)
        else:
            self.end(JobState.DONE, "", outcome)


class JobQueue:
    """Runs at most `limit()` jobs at once, each in a thread of its own, oldest first."""

    def __init__(self, events: EventBus, limit: Callable[[], int]) -> None:
        self._events = events
        self._limit = limit
        self._ids = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._waiting: deque[tuple[Progress, Work]] = deque()
        self._progress: dict[int, Progress] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._changed = threading.Condition(threading.RLock())
        self._closing = False

    def start(self, job: Job, work: Work) -> Job:
        """Queue `work`; `job` describes it, and its id is given here. Returns at once."""
        with self._changed:
            if self._closing:
                raise UsageError("the station is closing", "start it again")
            job = replace(job, id=next(self._ids), created=time.time())
            self._jobs[job.id] = job
            self._forget_oldest()
            progress = self._progress[job.id] = Progress(self, job.id)
            self._waiting.append((progress, work))
        self._events.publish(JobChanged(job=job))
        self._dispatch()
        return self.job(job.id)

    def jobs(self) -> tuple[Job, ...]:
        """Every job's snapshot, newest first."""
        with self._changed:
            return tuple(reversed(self._jobs.values()))

    def job(self, job_id: int) -> Job:
        """Answer with one job's snapshot; raises UsageError where there is none."""
        try:
            return self._jobs[job_id]
        except KeyError:
            raise UsageError(f"there is no job {job_id}", "list the jobs") from None

    def cancel(self, job_id: int) -> bool:
        """Ask a job to end; False where it has ended already."""
        with self._changed:
            progress = self._progress.get(job_id)
            if progress is None:
                return False
            progress.cancelled.set()
            waiting = [entry for entry in self._waiting if entry[0] is progress]
            for entry in waiting:
                self._waiting.remove(entry)
                del self._progress[job_id]
        if waiting:
            progress.end(JobState.CANCELLED, "cancelled before it began")
        return True

    def wait(self, job_id: int, timeout: float | None = None) -> Job:
        """Wait until the job has ended, `timeout` seconds at most; answer with its snapshot."""
        with self._changed:
            self._changed.wait_for(lambda: self.job(job_id).state.ended, timeout)
            return self.job(job_id)

    def close(self, timeout: float = 10.0) -> None:
        """Cancel everything and wait for the threads, `timeout` seconds in all."""
        with self._changed:
            self._closing = True
            ids = list(self._progress)
            threads = list(self._threads.values())
        for job_id in ids:
            self.cancel(job_id)
        deadline = time.monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def apply(self, job_id: int, change: Callable[[Job], Job]) -> None:
        """Replace a snapshot by `change(snapshot)`, unless it has ended, and publish it."""
        with self._changed:
            before = self._jobs[job_id]
            if before.state.ended:
                return
            job = self._jobs[job_id] = change(before)
            if job.state.ended:
                self._changed.notify_all()
        self._events.publish(JobChanged(job=job))

    def _dispatch(self) -> None:
        with self._changed:
            while self._waiting and len(self._threads) < self._limit():
                progress, work = self._waiting.popleft()
                thread = threading.Thread(
                    target=self._run,
                    args=(progress, work),
                    name=f"job-{progress.job_id}",
                    daemon=True,
                )
                self._threads[progress.job_id] = thread
                thread.start()

    def _run(self, progress: Progress, work: Work) -> None:
        progress.update(state=JobState.RUNNING, started=time.time())
        try:
            work(progress)
        except ModalittyError as exc:
            progress.end(JobState.FAILED, str(exc))
        except Exception as exc:
            log.exception("job %d failed", progress.job_id)
            progress.end(JobState.FAILED, f"internal fault: {type(exc).__name__}: {exc}")
        finally:
            with self._changed:
                self._threads.pop(progress.job_id, None)
                self._progress.pop(progress.job_id, None)
            self._dispatch()

    def _forget_oldest(self) -> None:
        ended = [job.id for job in self._jobs.values() if job.state.ended]
        for job_id in ended[: max(0, len(self._jobs) - MAX_JOBS_KEPT)]:
            del self._jobs[job_id]
