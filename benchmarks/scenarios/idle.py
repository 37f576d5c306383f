"""What a hundred associations cost that do nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import servers
from benchmarks.faults import require
from benchmarks.figures import OURS, Row, Target
from benchmarks.process import processor_seconds
from benchmarks.scenario import Scenario, Turn, Workshop
from tests.core.network.raw import Raw, echo_command, p_data

ASSOCIATIONS = 100
SECONDS = 10.0
_SETTLE = 1.0
"""Seconds from the last association to the clock, in which the server may finish its work."""


def _turn(start: servers.Start) -> Turn:
    def turn(folder: Path) -> dict[str, float]:
        with start(folder / "server") as server, contextlib.ExitStack() as exits:
            callers = [exits.enter_context(_associated(server)) for _ in range(ASSOCIATIONS)]
            time.sleep(_SETTLE)
            before = processor_seconds(server.pid)
            started = time.perf_counter()
            time.sleep(SECONDS)
            used = processor_seconds(server.pid) - before
            passed = time.perf_counter() - started
            alive = sum(_answers(caller) for caller in callers)
            require("associations that live", alive, ASSOCIATIONS)
        return {"processor": used / passed * 100}

    return turn


def _associated(server: servers.Server) -> Raw:
    caller = Raw.connect(server.port)
    caller.associate(called=server.ae_title)
    return caller


def _answers(caller: Raw) -> bool:
    try:
        caller.send(p_data(1, 3, echo_command()))
        return caller.answer().status == 0
    except (OSError, EOFError):
        return False


@contextlib.contextmanager
def _contest(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    starts = {
        OURS: servers.modalitty(),
        # With its four threads a caller waits until others have gone.
        servers.ORTHANC: servers.orthanc(DicomThreadsCount=ASSOCIATIONS),
        servers.STORESCP: servers.storescp_forking,
        servers.PYNETDICOM: servers.pynetdicom(),
    }
    yield {name: _turn(start) for name, start in servers.installed(starts).items()}


IDLE_100 = Scenario(
    name="idle-100",
    title="100 idle associations",
    rows=(Row(name="processor", unit="% of a core", targets=(Target(2),)),),
    contest=_contest,
    rounds=2,
)
