"""The soak: it works on a real station for some seconds, and tells what is not well."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from benchmarks import soak
from benchmarks.faults import WorkNotDoneError
from benchmarks.soak_report import Sample, Tally, growth, judge, line, summary
from benchmarks.soak_traffic import final_counts, work


def at(seconds: float, memory: float = 80.0, descriptors: int = 12, threads: int = 6) -> Sample:
    return Sample(seconds, 110.0, memory, descriptors, threads, 40, 20.0)


def well(**more: int) -> Tally:
    tally = Tally()
    tally.done.update({"move": 5, "get": 5, **more})
    return tally


def test_growth_is_that_of_quarters_not_of_the_first_and_the_last_moment() -> None:
    samples = [at(n, value) for n, value in enumerate((10, 20, 90, 90, 90, 90, 30, 40))]
    assert growth(samples, "memory") == (15, 35)


def test_memory_that_grows_and_descriptors_that_stay_are_told() -> None:
    samples = [at(n, 80 + 20 * n) for n in range(8)]
    assert judge(at(0), samples, at(9), 200, well()) == []
    grown, left = judge(at(0), samples, at(9, descriptors=15), 32, well())
    assert grown == "memory grew by 120.0 MB"
    assert left == "3 descriptors are left over at rest"


def test_where_every_study_is_recycled_under_its_move_nothing_was_proved() -> None:
    tally = Tally()
    tally.done.update({"get": 3, "move: recycled": 3})
    assert tally.tried("move") == 3
    assert judge(at(0), [at(1)], at(2), 8, tally) == [
        "no move brought a whole study: the quota may be too small"
    ]


def test_a_retrieval_is_judged_by_its_final_response() -> None:
    pending = "D: Completed Suboperations       : 1\nD: Failed Suboperations          : 0\n"
    final = (
        "D: Completed Suboperations       : 2\n"
        "D: Failed Suboperations          : 1\n"
        "D: Warning Suboperations         : 1\n"
    )
    assert final_counts(pending + final) == (3, 1)
    with pytest.raises(WorkNotDoneError, match="no final response"):
        final_counts("F: Association Request Failed")


def test_a_failure_is_counted_told_and_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    tally, over, calls = Tally(), threading.Event(), []

    def act() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise WorkNotDoneError("3 instead of 4")
        if len(calls) == 2:
            return ""
        over.set()
        return "recycled"

    work("move", act, 0, tally, over)
    assert (tally.done["move"], tally.failed["move"]) == (1, 1)
    assert tally.done["move: recycled"] == 1
    assert "FAILED move: WorkNotDoneError: 3 instead of 4" in capsys.readouterr().err
    assert "done 2  failed 1" in line(at(60), tally)
    assert "failed 1" in summary([at(0), at(60)], tally)


@pytest.mark.interop
def test_some_seconds_of_all_traffic_go_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["soak", "--minutes", "0.1", "--quota", "100", "--folder", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", words)
    code = soak.main()
    told = capsys.readouterr()
    assert (told.err, code) == ("", 0), told.out
    done = {row.rpartition(" done ")[0].strip() for row in told.out.splitlines() if " done " in row}
    assert {"move", "get", "store aborted", "garbage", "rejected"} <= done
    assert list(tmp_path.iterdir()) == []
