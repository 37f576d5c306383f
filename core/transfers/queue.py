"""The queue of jobs: what runs when, how it is stopped, resumed, retried, and kept."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from core.errors import ModalittyError, UsageError
from core.events import EventBus, JobChanged
from core.model import Job, JobKind, JobState
from core.settings import Settings
from core.transfers.ledger import Ledger
from core.transfers.orders import Order, job_for
from core.transfers.progress import Progress

log = logging.getLogger(__name__)

MAX_ENDED_KEPT = 500
MAX_COMMITMENTS = 16
"""Jobs that ask for commitment, and wait, at once."""

Run = Callable[[Order, Progress], None]


@dataclass
class _Task:
    order: Order
    job: Job
    done: set[str] = field(default_factory=set)
    progress: Progress | None = None
    thread: threading.Thread | None = None


class JobQueue:
    """Runs jobs in threads of their own: by priority, then age, within limits.

    `settings()` gives the limits: `station.max_jobs` in all, and `max_jobs` of each modality.
    `give_up(order)` cleans up after a job that is cancelled while it does not run.
    """

    def __init__(
        self,
        events: EventBus,
        settings: Callable[[], Settings],
        run: Run,
        give_up: Callable[[Order], None] = lambda order: None,
    ) -> None:
        self._events = events
        self._settings = settings
        self._run = run
        self._give_up = give_up
        self._ledger: Ledger | None = None
        self._ids = itertools.count(1)
        self._tasks: dict[int, _Task] = {}
        self._changed = threading.Condition(threading.RLock())
        self._closing = False

    # -- asking for work

    def start(self, order: Order, priority: int = 0) -> Job:
        """Queue an order; returns its job at once."""
        with self._changed:
            if self._closing:
                raise UsageError("the station is closing", "start it again")
            job = replace(job_for(order, priority), id=next(self._ids), created=time.time())
            task = self._tasks[job.id] = _Task(order, job)
            self._keep(task)
            self._forget_oldest()
        self._events.publish(JobChanged(job=job))
        self._dispatch()
        return self.job(job.id)

    def keep_in(self, ledger: Ledger) -> None:
        """Keep jobs in `ledger` from now on, and go on with those that it has."""
        with self._changed:
            self._ledger = ledger
            early, kept = dict(self._tasks), list(ledger.load())
            taken = (*early, *(entry.job.id for entry, _ in kept))
            self._ids = itertools.count(max(taken, default=0) + 1)
            for entry, done in kept:
                task = _Task(entry.order, _loaded(entry.job, len(done)), done)
                if task.job.id in early:  # people know that one by its number
                    task.job = replace(task.job, id=next(self._ids))
                    ledger.renumber(entry.job.id, task.order, task.job)
                self._tasks[task.job.id] = task
            for number, task in early.items():
                self._keep(task)
                for what in list(task.done):
                    ledger.through(number, what)
        self._dispatch()

    # -- looking

    def jobs(self) -> tuple[Job, ...]:
        """Every job's snapshot, newest first."""
        with self._changed:
            return tuple(task.job for task in reversed(self._tasks.values()))

    def job(self, job_id: int) -> Job:
        """Answer with one job's snapshot; raises UsageError where there is none."""
        return self._task(job_id).job

    def order(self, job_id: int) -> Order:
        """What a job is to do; raises UsageError where there is none."""
        return self._task(job_id).order

    def wait(self, job_id: int, timeout: float | None = None) -> Job:
        """Wait until the job has ended, `timeout` seconds at most; answer with its snapshot."""
        with self._changed:
            task = self._task(job_id)
            self._changed.wait_for(lambda: task.job.state.ended and not task.progress, timeout)
            return task.job

    # -- steering

    def cancel(self, job_id: int) -> bool:
        """End a job for good; False where it has ended already."""
        return self._stop(job_id, JobState.CANCELLED, "cancelled before it began")

    def pause(self, job_id: int) -> bool:
        """Hold a job until it is resumed; False where it has ended or is paused already."""
        return self._stop(job_id, JobState.PAUSED, "paused")

    def resume(self, job_id: int) -> bool:
        """Let a paused job go on with what is left; False where it is not paused."""
        return self._queue_again(job_id, lambda job: job.state is JobState.PAUSED, 0)

    def retry(self, job_id: int) -> bool:
        """Do what failed or is missing of a job that has ended; False where it has not ended."""
        return self._queue_again(job_id, lambda job: job.state.ended, 1)

    def prioritise(self, job_id: int, priority: int) -> None:
        """Let a job start before those of a lower priority."""
        self._replace(self._task(job_id), lambda job: replace(job, priority=priority))

    def close(self, timeout: float = 10.0) -> None:
        """Stop everything and wait for the threads; kept jobs go on when they are loaded again."""
        with self._changed:
            self._closing = True
            running = [task for task in self._tasks.values() if task.progress]
        state = JobState.QUEUED if self._ledger else JobState.CANCELLED
        for task in running:
            if task.progress and not task.progress.stop.is_set():
                task.progress.stop_as(state)
        deadline = time.monotonic() + timeout
        for task in running:
            if task.thread:
                task.thread.join(max(0.0, deadline - time.monotonic()))

    # -- inside

    def _task(self, job_id: int) -> _Task:
        try:
            return self._tasks[job_id]
        except KeyError:
            raise UsageError(f"there is no job {job_id}", "list the jobs") from None

    def _stop(self, job_id: int, state: JobState, note: str) -> bool:
        with self._changed:
            task = self._task(job_id)
            if task.job.state.ended or task.job.state is state:
                return False
            if task.progress:
                task.progress.stop_as(state)
                return True
            ended = time.time() if state.ended else 0.0
            job = self._set(task, replace(task.job, state=state, note=note, ended=ended))
        self._events.publish(JobChanged(job=job))
        if state.ended:
            self._give_up(task.order)
        return True

    def _queue_again(self, job_id: int, fits: Callable[[Job], bool], attempts: int) -> bool:
        with self._changed:
            task = self._task(job_id)
            if task.progress or not fits(task.job):
                return False
            attempt = task.job.attempt + attempts
            again = {"state": JobState.QUEUED, "attempt": attempt, "note": "", "ended": 0.0}
            job = self._set(task, replace(task.job, outcome=None, **again))
        self._events.publish(JobChanged(job=job))
        self._dispatch()
        return True

    def _replace(self, task: _Task, change: Callable[[Job], Job]) -> None:
        with self._changed:
            job = self._set(task, change(task.job))
        self._events.publish(JobChanged(job=job))

    def _set(self, task: _Task, job: Job) -> Job:
        before, task.job = task.job, job
        if before.state is not job.state or before.priority != job.priority:
            self._keep(task)
            self._changed.notify_all()
        return job

    def _keep(self, task: _Task) -> None:
        if self._ledger:
            self._ledger.keep(task.order, task.job)

    def _dispatch(self) -> None:
        with self._changed:
            while task := self._next():
                self._begin(task)

    def _next(self) -> _Task | None:
        if self._closing:
            return None
        running = [task.job for task in self._tasks.values() if task.progress]
        waiting = [task for task in self._tasks.values() if task.job.state is JobState.QUEUED]
        for task in sorted(waiting, key=lambda task: (-task.job.priority, task.job.id)):
            if not task.progress and self._has_room(task, running):
                return task
        return None

    def _has_room(self, task: _Task, running: list[Job]) -> bool:
        """Whether one more may run: commitments wait for a report most of the time, so apart."""
        apart = task.job.kind is JobKind.COMMIT
        alike = [job for job in running if (job.kind is JobKind.COMMIT) is apart]
        if apart:
            return len(alike) < MAX_COMMITMENTS
        settings = self._settings()
        peer = getattr(task.order, "peer", None)
        if peer is not None:
            peer = settings.modalities.get(peer.name, peer)
        busy = sum(job.peer == task.job.peer for job in alike)
        return len(alike) < settings.station.max_jobs and (peer is None or busy < peer.max_jobs)

    def _begin(self, task: _Task) -> None:
        def through(what: str) -> None:
            if self._ledger:
                self._ledger.through(task.job.id, what)

        def apply(change: Callable[[Job], Job]) -> None:
            if not task.job.state.ended:  # what ended stays ended, whoever comes late
                self._replace(task, change)

        task.progress = Progress(lambda: task.job, apply, task.done, through)
        task.thread = threading.Thread(
            target=self._work, args=(task, task.progress), name=f"job-{task.job.id}", daemon=True
        )
        task.thread.start()

    def _work(self, task: _Task, progress: Progress) -> None:
        anew = {"failed": 0, "failures": (), "missing": 0, "skipped": 0, "warnings": 0}
        progress.update(state=JobState.RUNNING, started=time.time(), **anew)
        try:
            self._run(task.order, progress)
        except ModalittyError as exc:
            progress.end(JobState.FAILED, str(exc))
        except Exception as exc:
            log.exception("job %d failed", task.job.id)
            progress.end(JobState.FAILED, f"internal fault: {type(exc).__name__}: {exc}")
        finally:
            with self._changed:
                task.progress = task.thread = None
                self._changed.notify_all()
            if progress.stopped_as is JobState.CANCELLED:  # asked for while it was pausing
                self.cancel(task.job.id)
            self._dispatch()

    def _forget_oldest(self) -> None:
        ended = [task.job.id for task in self._tasks.values() if task.job.state.ended]
        for job_id in ended[: max(0, len(ended) - MAX_ENDED_KEPT)]:
            del self._tasks[job_id]
            if self._ledger:
                self._ledger.forget(job_id)


def _loaded(job: Job, through: int) -> Job:
    """A job out of the ledger: kept at its last change of state, and may have been killed since."""
    if job.state is JobState.RUNNING:
        job = replace(job, state=JobState.QUEUED)
    return job if job.state.ended else replace(job, arrived=max(job.arrived, through))
