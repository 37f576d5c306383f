"""`python -m benchmarks`: Modalitty and the peers that are installed, measured in turn."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType

from benchmarks import document, machine, report, results
from benchmarks.faults import WorkNotDoneError
from benchmarks.scenario import Scenario, Workshop, run
from benchmarks.scenarios import SCENARIOS


def main() -> int:
    """Run scenarios one after another; 1 where one of them did not do its work."""
    given = _arguments()
    unknown = [name for name in given.scenarios if name not in SCENARIOS]
    if unknown:
        print(f"no scenario {unknown[0]!r}; there are: {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    found = results.load(given.json) if given.json else {}
    failed = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=given.folder) as folder:
        for name in given.scenarios or SCENARIOS:
            try:
                found[name] = _measured(SCENARIOS[name], given, Path(folder))
            except (WorkNotDoneError, AssertionError) as fault:
                # AssertionError: a peer that did not start, or did not end (tests.peers).
                print(f"{name}: FAILED: {fault}", file=sys.stderr)
                failed.append(name)
                continue
            print(report.text(found[name]), flush=True)
            if given.json:
                results.save(found, given.json)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
        return 1
    if given.write:
        document.write(given.write, found, SCENARIOS)
    return 0


def _measured(scenario: Scenario, given: argparse.Namespace, folder: Path) -> results.Result:
    print(f"{scenario.name}: {scenario.title}", flush=True)
    rounds, load = given.rounds or scenario.rounds, os.getloadavg()[0]
    samples = given.samples or folder / "samples"
    samples.mkdir(parents=True, exist_ok=True)
    only = frozenset(map(str.casefold, given.only))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        rows = run(scenario, Workshop(samples, Path(scratch), only), rounds)
    return results.Result(
        name=scenario.name,
        title=scenario.title,
        at=datetime.now(timezone.utc).isoformat(timespec="minutes"),
        commit=_commit(),
        rounds=rounds,
        load=load,
        machine=machine.described(folder),
        rows=rows,
    )


def _commit() -> str:
    """What is measured, as git names it; empty outside a checkout."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("scenarios", nargs="*", help=f"any of: {', '.join(SCENARIOS)}")
    parser.add_argument("--rounds", type=int, default=0, help="instead of each scenario's own")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="only this contestant"
    )
    parser.add_argument("--json", type=Path, help="add the results to this file")
    parser.add_argument(
        "--write", type=Path, metavar="PAGE", help="then write all results into this page"
    )
    parser.add_argument("--samples", type=Path, help="keep the sample objects in this folder")
    parser.add_argument("--folder", type=Path, help="work here: on the disk that is meant")
    return parser.parse_args()


def _ended(number: int, _frame: FrameType | None) -> None:
    """Leave as an exception would: servers are stopped, and what was written is taken away."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _ended)
    sys.exit(main())
