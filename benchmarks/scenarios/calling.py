"""Asking: our calls to Orthanc against DCMTK's, as a call of a running console and as a command."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import clients, data, servers
from benchmarks.clients import Running
from benchmarks.data import Samples
from benchmarks.faults import require
from benchmarks.figures import OURS, Row, Target
from benchmarks.scenario import Scenario, Turn, Workshop, clocked
from benchmarks.scenarios import find
from core.model import RETURN_KEYS, Level
from tests.peers.orthanc import have_orthanc

FINDSCU, FINDSCU_COUNTING = "findscu, printing", "findscu, counting"
MOVESCU = "movescu + storescp"
COMMAND_KEYS: Mapping[str, str] = {
    **dict.fromkeys(RETURN_KEYS[Level.STUDY], ""),
    "PatientName": f"{data.FAMILY}*",
}
"""What `modalitty find` asks for by itself, with a name to match."""


def _called(folder: Path, config: Path, *words: object) -> tuple[float, int]:
    """Seconds and count that one call in a process of its own found; WorkNotDoneError."""
    command = [sys.executable, "-m", "benchmarks.caller", config, folder / "data", *words]
    caller = Running(command, folder / "caller.log")
    caller.end()
    said = json.loads(caller.output.splitlines()[-1])
    return said["seconds"], said["count"]


def _commanded(folder: Path, config: Path, *words: object) -> tuple[float, str]:
    """Seconds from start to exit of a `modalitty` command, and what it printed."""
    command = [*servers.program(), "--config", config, "--data", folder / "data", *words]
    done: list[Running] = []

    def work() -> None:
        done.append(Running(command, folder / "command.log"))
        done[0].end()

    return clocked(work), done[0].output


def _our_find(server: servers.Server) -> Turn:
    def turn(folder: Path) -> dict[str, float]:
        config, _ = servers.configure(folder, {server.ae_title: server.port})
        keys = [f"{keyword}={value}" for keyword, value in find.KEYS.items()]
        call, rows = _called(folder, config, "find", server.ae_title, server.port, *keys)
        require("rows", rows, find.MATCHES)
        words = ["find", server.ae_title, "--json", "-k", f"PatientName={data.FAMILY}*"]
        command, said = _commanded(folder, config, *words)
        require("lines of JSON", said.count('"level":"STUDY"'), find.MATCHES)
        return {"call": call, "command": command}

    return turn


def _findscu(server: servers.Server, *, printed: bool) -> Turn:
    return lambda folder: {
        "call": find.ask(server, find.KEYS, folder / "few.log", printed=printed),
        "command": find.ask(server, COMMAND_KEYS, folder / "more.log", printed=printed),
    }


@contextlib.contextmanager
def _finding(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    if not have_orthanc():
        yield {}
        return
    with find.filled(servers.orthanc(), workshop, "orthanc") as server:
        yield {
            OURS: _our_find(server),
            FINDSCU: _findscu(server, printed=True),
            FINDSCU_COUNTING: _findscu(server, printed=False),
        }


def _our_move(server: servers.OrthancServer, samples: Samples) -> Turn:
    (uid,) = samples.study_uids

    def turn(folder: Path) -> dict[str, float]:
        found = {}
        for way in ("call", "command"):
            room = folder / way
            room.mkdir()
            config, port = servers.configure(room, {server.ae_title: server.port})
            server.know("MODALITTY", port)
            if way == "call":
                found[way], _ = _called(room, config, "move", server.ae_title, server.port, uid)
            else:
                words = ("move", server.ae_title, "--study", uid, "--json")
                found[way], _ = _commanded(room, config, *words)
            require("objects that came", servers.held_by_us(room / "data"), samples.count)
        return found

    return turn


def _movescu(server: servers.OrthancServer, samples: Samples) -> Turn:
    (uid,) = samples.study_uids

    def turn(folder: Path) -> dict[str, float]:
        with servers.storescp(folder / "store") as destination:
            server.know(destination.ae_title, destination.port)
            log = folder / "movescu.log"
            seconds = clocked(lambda: clients.move(server, uid, destination.ae_title, log))
            require("objects that came", destination.held(), samples.count)
        # One figure for both: it is a command, and has no start to speak of.
        return {"call": seconds, "command": seconds}

    return turn


@contextlib.contextmanager
def _moving(workshop: Workshop) -> Iterator[dict[str, Turn]]:
    if not have_orthanc():
        yield {}
        return
    samples = data.ct_slices(workshop.samples)
    folder = workshop.folder("orthanc")
    with servers.orthanc_server(folder / "server") as server:
        clients.store(server, [samples.parts], folder)
        require("objects to be asked for", server.held(), samples.count)
        yield {OURS: _our_move(server, samples), MOVESCU: _movescu(server, samples)}


_FIND_TARGETS = (Target(1.1, FINDSCU), Target(1.1, FINDSCU_COUNTING))
OUR_FIND = Scenario(
    name="our-find",
    title="Ask Orthanc for 5,000 matches, into rows",
    rows=(
        Row(name="call", unit="s", targets=_FIND_TARGETS),
        Row(name="command", unit="s", targets=_FIND_TARGETS),
    ),
    contest=_finding,
    warm_up=True,
)
OUR_MOVE = Scenario(
    name="our-move",
    title="Have Orthanc move 400 CT slices (210 MB) to ourselves",
    rows=(
        Row(name="call", unit="s", targets=(Target(1.1, MOVESCU),)),
        Row(name="command", unit="s", targets=(Target(1.1, MOVESCU),)),
    ),
    contest=_moving,
    warm_up=True,
)
