"""The queue of jobs: limits, order, pause, retry, and work that breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from core.events import EventBus
from core.model import Job, JobState, Modality
from core.settings import Settings, StationSettings
from core.transfers.ledger import Ledger
from core.transfers.orders import ImportOrder, Order, SendOrder
from core.transfers.progress import Progress
from core.transfers.queue import JobQueue

CT = Modality(name="ct", ae_title="CT", host="127.0.0.1", port=104, max_jobs=1)
MR = replace(CT, name="mr")


class Bench:
    """A queue whose jobs run until the gate opens, and note that they began."""

    def __init__(self, max_jobs: int = 2) -> None:
        self.settings = Settings(station=StationSettings(max_jobs=max_jobs))
        self.gate = threading.Event()
        self.begun: list[str] = []
        self.changed = threading.Condition()
        self.queue = JobQueue(EventBus(), lambda: self.settings, self.work)

    def work(self, order: Order, progress: Progress) -> None:
        with self.changed:
            self.begun.append(progress.job.title)
            self.changed.notify_all()
        while not self.gate.is_set() and not progress.stop.wait(0.01):
            pass
        if progress.job.title == "broken":
            raise ZeroDivisionError("oh")
        if self.gate.is_set():
            progress.arrived(progress.job.title, 10)
        progress.end_by_counts("nothing")

    def job(self, title: str, priority: int = 0) -> Job:
        return self.queue.start(ImportOrder(paths=(title,)), priority)

    def to(self, peer: Modality, title: str) -> Job:
        return self.queue.start(SendOrder(peer=peer, paths=(title,)))

    def have_begun(self, *titles: str) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: set(titles) <= set(self.begun), 5)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.gate.set()
    made.queue.close()


def test_only_so_many_run_at_once_the_others_by_priority_then_age(bench: Bench) -> None:
    bench.job("a")
    bench.job("b")
    assert bench.have_begun("a", "b")
    jobs = [bench.job("c"), bench.job("d"), bench.job("e", priority=1)]
    assert [job.state for job in jobs] == [JobState.QUEUED] * 3
    bench.settings = Settings(station=StationSettings(max_jobs=1))
    bench.gate.set()
    for job in jobs:
        assert bench.queue.wait(job.id, 5).state is JobState.DONE
    assert bench.begun[2:] == ["e", "c", "d"]


def test_a_modality_has_a_limit_of_its_own_and_others_pass_it(bench: Bench) -> None:
    bench.to(CT, "ct1")
    second = bench.to(CT, "ct2")
    bench.to(MR, "mr1")
    assert bench.have_begun("ct1", "mr1")
    assert bench.queue.job(second.id).state is JobState.QUEUED
    assert "ct2" not in bench.begun
    bench.gate.set()
    assert bench.queue.wait(second.id, 5).state is JobState.DONE


def test_a_waiting_job_is_cancelled_without_ever_running(bench: Bench) -> None:
    bench.job("a")
    bench.job("b")
    job = bench.job("c")
    assert bench.queue.cancel(job.id)
    assert bench.queue.wait(job.id, 5).state is JobState.CANCELLED
    assert not bench.queue.cancel(job.id)
    assert "c" not in bench.begun


def test_a_paused_job_holds_and_goes_on(bench: Bench) -> None:
    job = bench.job("a")
    assert bench.have_begun("a")
    assert bench.queue.pause(job.id)
    other = bench.job("b")
    assert bench.have_begun("b")
    with bench.changed:
        assert bench.changed.wait_for(
            lambda: bench.queue.job(job.id).state is JobState.PAUSED, 0
        ) or bench.queue.job(job.id).state in (JobState.RUNNING, JobState.PAUSED)
    bench.gate.set()
    assert bench.queue.wait(other.id, 5).state is JobState.DONE
    assert bench.queue.job(job.id).state is JobState.PAUSED
    assert bench.queue.resume(job.id)
    ended = bench.queue.wait(job.id, 5)
    assert (ended.state, ended.attempt, ended.arrived) == (JobState.DONE, 1, 1)


def test_work_that_breaks_is_a_failed_job_and_may_be_retried(bench: Bench) -> None:
    bench.gate.set()
    job = bench.job("broken")
    ended = bench.queue.wait(job.id, 5)
    assert ended.state is JobState.FAILED
    assert "oh" in ended.note
    assert bench.queue.retry(job.id)
    assert bench.queue.wait(job.id, 5).attempt == 2
    fine = bench.job("fine")
    assert bench.queue.wait(fine.id, 5).state is JobState.DONE


def test_what_is_through_counts_once_over_all_attempts(bench: Bench) -> None:
    bench.gate.set()
    job = bench.job("a")
    assert bench.queue.wait(job.id, 5).arrived == 1
    assert bench.queue.retry(job.id)
    again = bench.queue.wait(job.id, 5)
    assert (again.attempt, again.arrived, again.arrived_bytes) == (2, 1, 10)


def test_a_running_job_is_kept_and_goes_on_in_the_next_process(tmp_path: Path) -> None:
    first = Bench()
    first.queue.keep_in(Ledger(tmp_path))
    job = first.to(CT, "a")
    assert first.have_begun("a")
    first.queue.close()
    second = Bench()
    second.gate.set()
    second.queue.keep_in(Ledger(tmp_path))
    assert second.queue.wait(job.id, 5).state is JobState.DONE
    assert second.begun == ["a"]
    third = Bench()
    third.queue.keep_in(Ledger(tmp_path))
    assert third.queue.job(job.id).state is JobState.DONE
    assert third.begun == []
    second.queue.close()
    third.queue.close()


def test_a_killed_job_counts_what_was_through_already(tmp_path: Path) -> None:
    first = Bench()
    first.queue.keep_in(Ledger(tmp_path))
    job = first.to(CT, "a")
    assert first.have_begun("a")
    first.queue.close()
    (tmp_path / f"{job.id}.done").write_text("x\ny\u2028z\n")
    second = Bench()
    second.gate.set()
    second.queue.keep_in(Ledger(tmp_path))
    assert second.queue.wait(job.id, 5).arrived == 3
    second.queue.close()


def test_a_damaged_ledger_file_loses_only_that_job(tmp_path: Path) -> None:
    first = Bench()
    first.gate.set()
    first.queue.keep_in(Ledger(tmp_path))
    jobs = [first.job("a"), first.job("b")]
    for job in jobs:
        first.queue.wait(job.id, 5)
    first.queue.close()
    (tmp_path / f"{jobs[0].id}.json").write_text('{"order": ')
    second = Bench()
    second.queue.keep_in(Ledger(tmp_path))
    assert [job.title for job in second.queue.jobs()] == ["b"]
    second.queue.close()


class Handing(threading.Condition):
    """Lets others act once, when it is let go next."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(threading.RLock())
        self.act: Callable[[], None] | None = act

    def __exit__(self, *args: Any) -> None:
        super().__exit__(*args)
        act, self.act = self.act, None
        if act:
            act()


def test_a_job_that_begins_as_it_is_cancelled_is_stopped(bench: Bench) -> None:
    """Else it is told as cancelled, and sends all the same."""
    bench.settings = Settings(station=StationSettings(max_jobs=1))
    bench.job("a")
    assert bench.have_begun("a")
    job = bench.job("b")

    def begin() -> None:
        bench.settings = Settings(station=StationSettings(max_jobs=2))
        bench.queue._dispatch()

    bench.queue._changed = Handing(begin)
    assert bench.queue.cancel(job.id)
    assert bench.queue.wait(job.id, 5).state is JobState.CANCELLED
    assert "b" not in bench.begun


def test_an_edited_limit_of_a_modality_counts_for_jobs_that_wait(bench: Bench) -> None:
    bench.to(CT, "ct1")
    assert bench.have_begun("ct1")
    second = bench.to(CT, "ct2")
    assert bench.queue.job(second.id).state is JobState.QUEUED
    bench.settings = replace(bench.settings, modalities={"ct": replace(CT, max_jobs=2)})
    bench.to(MR, "mr1")
    assert bench.have_begun("ct2")


def test_jobs_from_before_the_ledger_and_kept_ones_do_not_overwrite_each_other(
    tmp_path: Path, bench: Bench
) -> None:
    def orders() -> list[str]:
        return sorted(entry.job.title for entry, _ in Ledger(tmp_path).load())

    former = JobQueue(EventBus(), lambda: bench.settings, bench.work)
    former.keep_in(Ledger(tmp_path))
    for title in ("old1", "old2"):
        job = former.start(ImportOrder(paths=(title,)))
        assert bench.have_begun(title)
        former._tasks[job.id].progress.arrived(f"{title} is through", 1)  # type: ignore[union-attr]
    former.close()
    bench.job("new1")
    assert bench.have_begun("new1")
    bench.settings = Settings(station=StationSettings(max_jobs=1))
    bench.queue.keep_in(Ledger(tmp_path))
    assert orders() == ["new1", "old1", "old2"]
    bench.gate.set()
    for job in bench.queue.jobs():
        assert bench.queue.wait(job.id, 5).state is JobState.DONE
    assert orders() == ["new1", "old1", "old2"]
    through = {entry.job.title: done for entry, done in Ledger(tmp_path).load()}
    assert through["old2"] == {"old2", "old2 is through"}
