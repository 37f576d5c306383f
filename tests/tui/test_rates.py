from __future__ import annotations

import pytest

from core.model import Job, JobKind, JobState
from tui.rates import Paces, bar


def _job(arrived: int, size: int, promised: int | None = 100) -> Job:
    return Job(
        id=1,
        kind=JobKind.MOVE,
        title="t",
        state=JobState.RUNNING,
        promised=promised,
        arrived=arrived,
        arrived_bytes=size,
    )


def test_rate_is_that_of_the_last_seconds_and_gives_the_time_left() -> None:
    paces = Paces()
    for second in range(20):  # ten objects a second at first, two a second from then on
        arrived = 10 * min(second, 4) + 2 * max(0, second - 4)
        paces.take(_job(arrived, arrived * 1000), float(second))
    pace = paces.pace(_job(70, 70_000), 19.0)
    assert pace.per_second == pytest.approx(2, abs=0.2)
    assert pace.bytes_per_second == pytest.approx(2000, abs=200)
    assert pace.left == pytest.approx(15, abs=2)


def test_nothing_is_claimed_before_something_is_known() -> None:
    paces = Paces()
    paces.take(_job(0, 0), 1.0)
    assert paces.pace(_job(0, 0), 1.0).bytes_per_second is None
    paces.take(_job(5, 5, None), 3.0)
    assert paces.pace(_job(5, 5, None), 3.0).left is None


def test_an_ended_job_has_its_average() -> None:
    job = Job(
        id=1,
        kind=JobKind.SEND,
        title="t",
        state=JobState.DONE,
        arrived=10,
        arrived_bytes=4000,
        started=100.0,
        ended=102.0,
    )
    assert Paces().pace(job, 0.0).bytes_per_second == 2000


@pytest.mark.parametrize(
    ("done", "total", "shown"),
    [
        (0, 10, "░░░░"),
        (5, 10, "██░░"),
        (10, 10, "████"),
        (12, 10, "████"),
        (0, 0, "████"),
        (3, None, "····"),
        (1, 32, "▏░░░"),
    ],
)
def test_bar_has_its_width_and_never_runs_over(done: int, total: int | None, shown: str) -> None:
    assert bar(done, total, 4) == shown
