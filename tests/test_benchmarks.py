"""The benchmarks' arithmetic, and that a round which did not do its work has no time."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmarks import __main__ as program
from benchmarks import clients, data, document, report, results, servers
from benchmarks.faults import WorkNotDoneError, require
from benchmarks.figures import OURS, Row, Target, middle, ratio, verdicts
from benchmarks.process import processor_seconds, resident_mb, tree
from benchmarks.results import Result
from benchmarks.scenario import Scenario, Turn, Workshop, run
from benchmarks.scenarios import SCENARIOS, find, receive

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
ROW = Row(
    name="receive",
    unit="s",
    targets=(Target(0.5, "Orthanc"), Target(1.3, "storescp"), Target(2.0), Target(1, "absent")),
    values={OURS: [1.0, 9.0, 1.5], "Orthanc": [2.0, 2.0, 40.0], "storescp": [1.25, 1.2, 1.0]},
)


def result_of(*rows: Row) -> Result:
    return Result(
        name="receive-ct",
        title="Receive",
        at="2026-01-02T03:04+00:00",
        commit="abc1234",
        rounds=3,
        load=0.5,
        machine={"cores": "2"},
        rows=rows,
    )


def scenario(turns: Mapping[str, Turn], *, warm_up: bool = False) -> Scenario:
    @contextlib.contextmanager
    def contest(_: Workshop) -> Iterator[Mapping[str, Turn]]:
        yield turns

    rows = (Row(name="work", unit="s"),)
    return Scenario("made-up", "Made up", rows, contest, rounds=2, warm_up=warm_up)


def workshop(folder: Path, *only: str) -> Workshop:
    (folder / "scratch").mkdir()
    return Workshop(folder, folder / "scratch", frozenset(only))


# -- arithmetic


def test_one_odd_round_does_not_count() -> None:
    assert middle(ROW) == 1.5
    assert middle(ROW, "Orthanc") == 2.0
    assert ratio(ROW, "Orthanc") == 0.75


def test_we_are_behind_where_a_target_is_missed_and_only_there() -> None:
    found = {verdict.target.peer: verdict for verdict in verdicts(ROW)}
    assert not found["Orthanc"].met
    assert found["storescp"].met
    assert found["storescp"].found == 1.25
    assert found[""].met
    assert "absent" not in found, "nothing can be said of a peer that did not run"
    assert report.behind(result_of(ROW)) == [(ROW, found["Orthanc"])]


def test_a_target_is_met_at_its_very_limit() -> None:
    row = Row(name="r", unit="s", targets=(Target(0.5, "P"),), values={OURS: [1.0], "P": [2.0]})
    assert [verdict.met for verdict in verdicts(row)] == [True]


def test_the_report_says_behind_in_the_line_of_the_peer() -> None:
    lines = report.text(result_of(ROW)).splitlines()
    orthanc = next(line for line in lines if "Orthanc" in line)
    assert orthanc.split()[-1] == "behind"
    assert "0.75" in orthanc
    assert next(line for line in lines if "storescp" in line).split()[-1] == "met"


# -- rounds


def test_contestants_take_turns(tmp_path: Path) -> None:
    order: list[str] = []

    def turn(name: str) -> Turn:
        def work(folder: Path) -> dict[str, float]:
            assert list(folder.iterdir()) == []
            (folder / "left").write_text("for nobody")
            order.append(name)
            return {"work": float(len(order))}

        return work

    turns = {name: turn(name) for name in ("a", "b", "c")}
    rows = run(scenario(turns, warm_up=True), workshop(tmp_path, "a", "b"), 2, order.append)
    assert [word for word in order if len(word) == 1] == ["a", "b"] * 3
    assert {name: len(values) for name, values in rows[0].values.items()} == {"a": 2, "b": 2}


def test_a_round_that_did_nothing_ends_the_scenario(tmp_path: Path) -> None:
    def fails(_: Path) -> dict[str, float]:
        require("objects held", 399, 400)
        return {"work": 0.001}

    with pytest.raises(WorkNotDoneError, match="objects held: 399 instead of 400"):
        run(scenario({OURS: fails}), workshop(tmp_path), 1, str)


def test_a_tool_that_fails_did_no_work(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "print('said'); raise SystemExit(3)"]
    with pytest.raises(WorkNotDoneError, match=r"ended with 3: said"):
        clients.Running(words, tmp_path / "log").end()


def test_a_tool_that_is_missing_did_no_work(tmp_path: Path) -> None:
    with pytest.raises(WorkNotDoneError, match="no-such-tool is not installed"):
        clients.Running(["no-such-tool"], tmp_path / "log")


def test_the_command_fails_where_a_scenario_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_: Path) -> dict[str, float]:
        raise WorkNotDoneError("no work")

    monkeypatch.setitem(SCENARIOS, "made-up", scenario({OURS: fails}))
    page, found = tmp_path / "page.md", tmp_path / "found.json"
    page.write_text("untouched")
    words = ["benchmarks", "made-up", "--json", str(found), "--write", str(page)]
    monkeypatch.setattr(sys, "argv", words)
    assert program.main() == 1
    assert "made-up: FAILED: no work" in capsys.readouterr().err
    assert page.read_text() == "untouched"
    assert not found.exists()


# -- results


def test_results_of_earlier_runs_are_kept(tmp_path: Path) -> None:
    found = {"receive-ct": result_of(ROW)}
    results.save(found, tmp_path / "found.json")
    assert results.load(tmp_path / "found.json") == found
    assert results.load(tmp_path / "none.json") == {}


def test_the_page_is_written_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"above\n{document.BEGIN}\nold\n{document.END}\nbelow\n")
    document.write(page, {"receive-ct": result_of(ROW)}, SCENARIOS)
    text = page.read_text()
    assert text.startswith(f"above\n{document.BEGIN}\n")
    assert text.endswith(f"{document.END}\nbelow\n")
    assert "old" not in text
    assert "Other work ran on the machine" not in text
    assert "2 of 3 targets are met; we are behind in 1." in text
    assert "| receive-ct | receive | Orthanc | 0.75 × | ≤ 0.5 | **behind** |" in text


def test_the_page_tells_of_a_busy_machine(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{document.BEGIN}\n{document.END}\n")
    document.write(page, {"receive-ct": replace(result_of(ROW), load=8.0)}, SCENARIOS)
    assert "Other work ran on the machine meanwhile (load up to 8.0)" in page.read_text()


def test_the_page_explains_every_scenario_and_has_room_for_results() -> None:
    by_hand, mark, rest = PAGE.read_text().partition(document.BEGIN)
    assert mark
    assert document.END in rest
    assert [name for name in SCENARIOS if f"| {name} |" not in by_hand] == []


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("by hand")
    with pytest.raises(document.NoMarksError):
        document.write(page, {}, SCENARIOS)
    assert page.read_text() == "by hand"


# -- real ones, small


@pytest.mark.interop
def test_receiving_counts_what_is_held(tmp_path: Path) -> None:
    samples, warm_up = data.tiny_objects(tmp_path / "s", 16), data.warm_up(tmp_path / "s")
    turn = receive.receiving(servers.modalitty(), samples, receive.one_sender, warm_up)
    (tmp_path / "a").mkdir()
    assert turn(tmp_path / "a")["receive"] > 0


@pytest.mark.interop
def test_receiving_refuses_a_round_in_which_objects_are_missing(tmp_path: Path) -> None:
    samples, warm_up = data.tiny_objects(tmp_path / "s", 16), data.warm_up(tmp_path / "s")
    turn = receive.receiving(servers.modalitty(), samples, lambda kept: [kept.parts[1:]], warm_up)
    (tmp_path / "a").mkdir()
    with pytest.raises(WorkNotDoneError, match="objects held: 15 instead of 17"):
        turn(tmp_path / "a")


@pytest.mark.interop
def test_a_query_without_all_its_matches_is_refused(tmp_path: Path) -> None:
    samples = data.studies(tmp_path / "s", 16)
    with servers.modalitty()(tmp_path / "server") as server:
        clients.store(server, [samples.parts], tmp_path)
        found = clients.find(server, find.KEYS, tmp_path / "log", printed=True)
        assert clients.matches(found) == 16
        found = clients.find(server, find.KEYS, tmp_path / "log", printed=False)
        assert clients.matches(found) == 16
        with pytest.raises(WorkNotDoneError, match="matches: 16 instead of 5000"):
            find.ask(server, find.KEYS, tmp_path / "log", printed=False)


def test_memory_and_time_are_those_of_the_children_too() -> None:
    assert resident_mb(os.getpid()) > 10
    assert processor_seconds(os.getpid()) > 0
    assert os.getpid() in tree(os.getppid())
