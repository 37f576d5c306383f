"""Storage commitment on the command line: whether a peer keeps what it was sent."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from core.errors import ArchiveLockedError, ListenError
from core.model import JobState, Ref
from core.station import Station
from tui.verbs.context import Json, Name, follow, held_refs, options


def commit(
    ctx: typer.Context,
    name: Name,
    what: Annotated[list[str], typer.Argument(help="Files, folders, or UIDs held here.")],
    json: Json = False,
) -> None:
    """Ask a peer whether it keeps these objects for good; exits 4 where it keeps some only."""
    with _hearing(ctx) as station:
        peer = station.modalities.get(name)
        refs, paths = _named(station, what)
        follow(station, station.jobs.commit(peer, refs, paths=paths), json=json)


def send_and_commit(ctx: typer.Context, name: str, what: list[str], *, json: bool) -> None:
    """Send, and ask for commitment to what was sent; a send that failed is the end of it."""
    with _hearing(ctx) as station:
        peer = station.modalities.get(name)
        refs, paths = _named(station, what)
        job = station.jobs.send(peer, refs=refs, paths=paths)
        try:
            follow(station, job, json=json)
        except typer.Exit:
            if station.jobs.one(job.id).state is not JobState.DONE:
                raise
        follow(station, station.jobs.commit(peer, refs, paths=paths), json=json)


@contextlib.contextmanager
def _hearing(ctx: typer.Context) -> Iterator[Station]:
    """A station that can be called back, or one beside a running console, that cannot be."""
    with options(ctx).station() as station:
        try:
            with contextlib.suppress(ListenError):
                station.listen()
        except ArchiveLockedError:
            pass
        else:
            yield station
            return
    with options(ctx).station(reads_only=True) as station:
        yield station


def _named(station: Station, what: list[str]) -> tuple[list[Ref], list[Path]]:
    paths = [Path(word) for word in what if Path(word).exists()]
    refs: list[Ref] = []
    for word in what:
        if Path(word) not in paths:
            refs += held_refs(station.archive.lookup(word), word)
    return refs, paths
