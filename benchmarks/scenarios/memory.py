"""What memory one very large object takes on its way in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks import clients, data, servers
from benchmarks.data import Samples
from benchmarks.faults import require
from benchmarks.figures import OURS, Row, Target
from benchmarks.process import PeakWatch, resident_mb
from benchmarks.scenario import Scenario, Turn, Workshop, clocked


def _turn(start: servers.Start, huge: Samples, warm_up: Samples) -> Turn:
    def turn(folder: Path) -> dict[str, float]:
        with start(folder / "server") as server:
            clients.store(server, [warm_up.parts[:1]], folder)
            idle = resident_mb(server.pid)
            with PeakWatch(server.pid) as watch:
                seconds = clocked(lambda: clients.store(server, [huge.parts[:1]], folder))
            require("objects held", server.held(), 2)
            written = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
            require("bytes on the disk at least those sent", written >= huge.size, True)
        return {"memory over idle": watch.peak - idle, "receive": seconds}

    return turn


@contextlib.contextmanager
def _contest(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    huge, warm_up = data.huge_object(workshop.samples), data.warm_up(workshop.samples)
    starts = {
        OURS: servers.modalitty(),
        servers.ORTHANC: servers.orthanc(),
        servers.STORESCP: servers.storescp,
    }
    yield {name: _turn(start, huge, warm_up) for name, start in servers.installed(starts).items()}


MEMORY_2GB = Scenario(
    name="memory-2gb",
    title="Receive one object of 2 GiB",
    rows=(
        Row(name="memory over idle", unit="MB", targets=(Target(100),)),
        Row(name="receive", unit="s"),
    ),
    contest=_contest,
    rounds=2,
)
