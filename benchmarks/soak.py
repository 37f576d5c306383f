"""Mixed traffic on one station for minutes or hours: do its memory and its descriptors stay flat?

    python -m benchmarks.soak --minutes 60

DCMTK's clients send, abort, query and retrieve side by side, callers are rejected, connections say
nothing or garbage, and a small quota deletes what came longest ago. Prints a line each minute and
a summary. Ends with 1 where work failed that was to succeed, where something is left over once
nobody calls any more, or where memory grew from the first to the last quarter by more than
`--growth`.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import machine
from benchmarks.__main__ import _ended
from benchmarks.faults import require
from benchmarks.servers import Server, configure, held_by_us, program
from benchmarks.soak_report import Sample, Tally, judge, line, sample, summary
from benchmarks.soak_traffic import ACSE_TIMEOUT, DESTINATION, Soak, traffic, work
from core.settings_file import SettingsStore
from tests.peers import dcmtk
from tests.peers.processes import Peer, eventually

_SAMPLES_A_QUARTER = 15
_PACE = 0.5
"""Seconds between two looks at a server that comes to rest."""


def run(server: Server, soak: Soak, objects: Path, seconds: float, tally: Tally) -> list[Sample]:
    """Let all kinds of traffic work side by side; samples evenly spread over the time."""
    started = time.monotonic()
    samples: list[Sample] = []
    minutes = 0
    with working(soak, tally):
        while time.monotonic() - started < seconds:
            time.sleep(min(5.0, seconds / (4 * _SAMPLES_A_QUARTER)))
            samples.append(sample(server.pid, objects, started))
            if samples[-1].seconds >= 60 * (minutes + 1):
                minutes += 1
                print(line(samples[-1], tally), flush=True)
    return samples


@contextlib.contextmanager
def working(soak: Soak, tally: Tally, most_rest: float = math.inf) -> Iterator[None]:
    """Have each kind of operation done by a thread of its own while the context lasts."""
    over = threading.Event()
    workers = [
        threading.Thread(target=work, args=(name, act, min(rest, most_rest), tally, over))
        for name, (act, rest) in traffic(soak).items()
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        over.set()
        for worker in workers:
            worker.join()


def warm_up(soak: Soak) -> None:
    """Do everything at least once, and without rest, before anything is measured.

    What is loaded with its first use is no leak, nor are buffers for as many objects at once as
    ever come. Raises WorkNotDoneError where anything fails.
    """
    tally = Tally()
    with working(soak, tally, most_rest=0.0):
        eventually(lambda: all(tally.tried(kind) for kind in traffic(soak)), 120)
    require("failures while it was warmed up", tally.failed.total(), 0)


@contextlib.contextmanager
def station(folder: Path, quota_mib: int, destination: int) -> Iterator[tuple[Server, Path, Path]]:
    """`modalitty serve` with a quota that deletes; the server, its data folder and its log."""
    folder.mkdir()
    config, port = configure(folder, {DESTINATION: destination})
    store, held = SettingsStore.open(config), folder / "data"
    store.change("archive.quota_mib", quota_mib)
    store.change("archive.when_full", "recycle-oldest")
    store.change("station.acse_timeout", ACSE_TIMEOUT)
    words = ["--config", str(config), "--data", str(held), "--log-level", "info"]
    command = [*program(), *words, "serve"]
    log = folder / "serve.log"
    with dcmtk.running(Peer(command, port, log)) as peer:
        yield _Station(peer, held), held, log


class _Station(Server):
    def __init__(self, peer: Peer, held: Path) -> None:
        super().__init__("MODALITTY", peer.port, peer.pid)
        self._held = held

    def held(self) -> int:
        return held_by_us(self._held)


def main() -> int:
    """Start the station, work on it, say what was seen."""
    given = _arguments()
    tally = Tally()
    with (
        tempfile.TemporaryDirectory(prefix="soak-", dir=given.folder) as name,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        for key, value in machine.described(folder).items():
            print(f"{key}: {value}")
        sink = stack.enter_context(dcmtk.storescp(folder / "received", ae_title=DESTINATION))
        server, held, log = stack.enter_context(station(folder / "station", given.quota, sink.port))
        soak = Soak(server, log, folder / "received", folder)
        warm_up(soak)
        before = _settled(server, held)
        samples = run(server, soak, held / "objects", given.minutes * 60, tally)
        wrong, after = _at_rest(server, held, before)
        wrong += judge(before, samples, after, given.growth, tally)
    print(summary(samples, tally))
    print(f"at rest: descriptors {before.descriptors} → {after.descriptors},", end=" ")
    print(f"threads {before.threads} → {after.threads}, memory {after.memory:.1f} MB")
    for text in wrong:
        print(f"WRONG: {text}", file=sys.stderr)
    return 1 if wrong or tally.failed else 0


def _settled(server: Server, held: Path) -> Sample:
    """Look at a server that nobody calls, once it lets go of nothing more."""
    at = time.monotonic()
    now = sample(server.pid, held / "objects", at)
    while True:
        before = now
        time.sleep(_PACE)
        now = sample(server.pid, held / "objects", at)
        if _holds_no_more(before, now):
            return now


def _holds_no_more(one: Sample, other: Sample) -> bool:
    return one.descriptors <= other.descriptors and one.threads <= other.threads


def _at_rest(server: Server, held: Path, before: Sample) -> tuple[list[str], Sample]:
    """Wait until nobody's call is left, then hold the index against the files."""
    at = time.monotonic()

    def look() -> Sample:
        return sample(server.pid, held / "objects", at)

    with contextlib.suppress(AssertionError):  # `judge` says what is left
        eventually(lambda: _holds_no_more(look(), before), 3 * ACSE_TIMEOUT)
    after = look()
    indexed = server.held()
    if indexed != after.objects:
        return [f"{after.objects} files, {indexed} of them in the index"], after
    return [], after


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--quota", type=int, default=200, help="of the archive, in MiB")
    parser.add_argument("--growth", type=float, default=8, help="of memory that is no fault, MB")
    parser.add_argument("--folder", type=Path, help="work here: on the disk that is meant")
    return parser.parse_args()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _ended)
    sys.exit(main())
