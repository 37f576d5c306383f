"""Being asked: 5,000 matches of one C-FIND."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import clients, data, servers
from benchmarks.faults import require
from benchmarks.figures import Row, Target
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
_MATCH = "(0008,0052) CS [STUDY"


def filled(exits: contextlib.ExitStack, start: servers.Start, workshop: Workshop) -> servers.Server:
    """Start a server for the whole contest, and send it the archive of many studies."""
    folder = workshop.folder(f"server-{len(list(workshop.scratch.iterdir()))}")
    server = exits.enter_context(start(folder / "server"))
    samples = data.studies(workshop.samples)
    clients.store(server, [[part] for part in samples.parts], folder)
    require("studies to be asked for", server.held(), samples.count)
    return server


def ask(server: servers.Server, keys: Mapping[str, str], log: Path) -> float:
    """Seconds that findscu takes with all matches; raises WorkNotDoneError."""
    answered: list[clients.Running] = []
    seconds = clocked(lambda: answered.append(clients.find(server, keys, log)))
    require("matches", answered[0].output.count(_MATCH), MATCHES)
    return seconds


def _turn(server: servers.Server) -> Turn:
    return lambda folder: {"find": ask(server, KEYS, folder / "findscu.log")}


@contextlib.contextmanager
def _contest(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    samples = data.studies(workshop.samples)
    starts = servers.installed(
        {servers.OURS: servers.modalitty(), servers.ORTHANC: servers.orthanc()}
    )
    with contextlib.ExitStack() as exits:
        asked = {
            name: filled(exits, start, workshop)
            for name, start in starts.items()
            if workshop.takes_part(name)
        }
        # It has no archive, and reads its files instead.
        stock = servers.pynetdicom(samples.folder)(workshop.scratch / "stock")
        asked[servers.PYNETDICOM] = exits.enter_context(stock)
        yield {name: _turn(server) for name, server in asked.items()}


FIND_5000 = Scenario(
    name="find-5000",
    title="Answer a C-FIND with 5,000 matches of 5,001 studies (findscu, every match printed)",
    rows=(Row(name="find", unit="s", targets=(Target(0.6, servers.ORTHANC),)),),
    contest=_contest,
    warm_up=True,
)
