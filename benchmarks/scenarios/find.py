"""Being asked: 5,000 matches of one C-FIND."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import clients, data, servers
from benchmarks.faults import require
from benchmarks.figures import OURS, Row, Target
from benchmarks.scenario import Scenario, Turn, Workshop, clocked

KEYS: Mapping[str, str] = {
    "PatientName": f"{data.FAMILY}*",
    "PatientID": "",
    "StudyDate": "",
    "AccessionNumber": "",
    "StudyDescription": "",
    "StudyInstanceUID": "",
}
MATCHES = data.STUDIES - 1
_TARGET = (Target(0.6, servers.ORTHANC),)


@contextlib.contextmanager
def filled(start: servers.Start, workshop: Workshop, name: str) -> Iterator[servers.Server]:
    """Start a server for the whole contest, and send it the archive of many studies."""
    folder = workshop.folder(name)
    samples = data.studies(workshop.samples)
    with start(folder / "server") as server:
        clients.store(server, [[part] for part in samples.parts], folder)
        require("studies to be asked for", server.held(), samples.count)
        yield server


def ask(server: servers.Server, keys: Mapping[str, str], log: Path, *, printed: bool) -> float:
    """Seconds that findscu takes with all matches; raises WorkNotDoneError."""
    answered: list[clients.Running] = []
    seconds = clocked(lambda: answered.append(clients.find(server, keys, log, printed=printed)))
    require("matches", clients.matches(answered[0]), MATCHES)
    return seconds


def _turn(server: servers.Server) -> Turn:
    return lambda folder: {
        "counted": ask(server, KEYS, folder / "counted.log", printed=False),
        "printed": ask(server, KEYS, folder / "printed.log", printed=True),
    }


@contextlib.contextmanager
def _contest(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    starts = servers.installed({OURS: servers.modalitty(), servers.ORTHANC: servers.orthanc()})
    with contextlib.ExitStack() as exits:
        asked = {
            name: exits.enter_context(filled(start, workshop, name))
            for name, start in starts.items()
            if workshop.takes_part(name)
        }
        if workshop.takes_part(servers.PYNETDICOM):
            # It has no archive, and reads the files instead.
            stock = servers.pynetdicom(data.studies(workshop.samples).folder)
            asked[servers.PYNETDICOM] = exits.enter_context(stock(workshop.scratch / "stock"))
        yield {name: _turn(server) for name, server in asked.items()}


FIND_5000 = Scenario(
    name="find-5000",
    title="Answer a C-FIND with 5,000 matches of 5,001 studies (findscu asks)",
    rows=(
        Row(name="counted", unit="s", targets=_TARGET),
        Row(name="printed", unit="s", targets=_TARGET),
    ),
    contest=_contest,
    warm_up=True,
)
