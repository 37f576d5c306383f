"""Sending out what is asked for: C-MOVE to a storescp, and C-GET by getscu."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import clients, data, servers
from benchmarks.data import Samples
from benchmarks.faults import require
from benchmarks.figures import OURS, Row, Target
from benchmarks.scenario import Scenario, Turn, Workshop, clocked

_TARGET = (Target(1.0, servers.ORTHANC),)


def holding(
    exits: contextlib.ExitStack,
    starts: Mapping[str, servers.Start],
    samples: Samples,
    workshop: Workshop,
) -> dict[str, servers.Server]:
    """Start the servers that take part, for the whole contest, and send each the samples."""
    held = {}
    for number, (name, start) in enumerate(servers.installed(starts).items()):
        if workshop.takes_part(name):
            folder = workshop.folder(f"server-{number}")
            server = exits.enter_context(start(folder / "server"))
            clients.store(server, [samples.parts], folder)
            require("objects to be asked for", server.held(), samples.count)
            held[name] = server
    return held


def _emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _move_turn(server: servers.Server, to: Path, samples: Samples) -> Turn:
    def turn(folder: Path) -> dict[str, float]:
        log = folder / "movescu.log"
        (uid,) = samples.study_uids
        seconds = clocked(lambda: clients.move(server, uid, "STORESCP", log))
        require("objects that came", servers.count_files(to), samples.count)
        _emptied(to)
        return {"move": seconds}

    return turn


@contextlib.contextmanager
def _moving(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    samples = data.ct_slices(workshop.samples)
    with contextlib.ExitStack() as exits:
        folder = workshop.scratch / "destination"
        destination = exits.enter_context(servers.storescp(folder))
        known = {destination.ae_title: destination.port}
        starts = {
            OURS: servers.modalitty(known),
            servers.ORTHANC: servers.orthanc(known),
            servers.DCMQRSCP: servers.dcmqrscp(known),
        }
        held = holding(exits, starts, samples, workshop)
        yield {name: _move_turn(server, folder / "in", samples) for name, server in held.items()}


def _get_turn(server: servers.Server, samples: Samples) -> Turn:
    def turn(folder: Path) -> dict[str, float]:
        into = folder / "in"
        into.mkdir()
        (uid,) = samples.study_uids
        seconds = clocked(lambda: clients.get(server, uid, into, folder / "getscu.log"))
        require("objects that came", servers.count_files(into), samples.count)
        return {"get": seconds}

    return turn


@contextlib.contextmanager
def _getting(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    samples = data.ct_slices(workshop.samples)
    starts = {
        OURS: servers.modalitty(),
        servers.ORTHANC: servers.orthanc(),
        servers.DCMQRSCP: servers.dcmqrscp(),
    }
    with contextlib.ExitStack() as exits:
        held = holding(exits, starts, samples, workshop)
        yield {name: _get_turn(server, samples) for name, server in held.items()}


MOVE_OUT = Scenario(
    name="move-out",
    title="C-MOVE of 400 CT slices (210 MB) to a storescp (movescu asks)",
    rows=(Row(name="move", unit="s", targets=_TARGET),),
    contest=_moving,
    warm_up=True,
)
GET_OUT = Scenario(
    name="get-out",
    title="C-GET of 400 CT slices (210 MB) by getscu",
    rows=(Row(name="get", unit="s", targets=_TARGET),),
    contest=_getting,
    warm_up=True,
)
