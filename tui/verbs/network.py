"""Verbs that speak to a peer: echo, find, move, get, send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.errors import UsageError
from core.model import Level, Query, Ref, Root
from tui.output import print_json
from tui.verbs import commitment
from tui.verbs.answers import Answers, end, show
from tui.verbs.context import (
    Json,
    Name,
    Series,
    Sop,
    Study,
    destination_of,
    follow,
    held_refs,
    options,
    ref_of,
)
from tui.verbs.keys import Keys, LevelOption, Limit, keys_of, level_of
from tui.verbs.peer import Called, calls_peer


@calls_peer
def echo(ctx: typer.Context, called: Called, json: Json = False) -> None:
    """Test the link to a peer by C-ECHO."""
    with options(ctx).station(no_pixels=True) as station:
        peer = called.known_to(station)
        outcome = station.echo(peer)
    if json:
        print_json(outcome)
    elif outcome.ok:
        print(f"{peer.ae_title} answers in {outcome.seconds * 1000:.0f} ms")
    end(outcome)


@calls_peer
def find(
    ctx: typer.Context,
    called: Called,
    level: LevelOption = "study",
    key: Keys = None,
    root: Annotated[str, typer.Option(help="study, patient or patient-study-only.")] = "",
    limit: Limit = 0,
    json: Json = False,
) -> None:
    """Query a peer by C-FIND; exits 1 where nothing matches.

    Dates may be words and ranges: -k StudyDate=today, yesterday, -7d, 20240101-20240131.
    """
    query_level = level_of(level)
    query = Query(
        level=query_level,
        keys=keys_of(query_level, key),
        root=_root_of(root, query_level),
        limit=limit,
    )
    with options(ctx).station(no_pixels=True) as station:
        peer = called.known_to(station)
        answers = Answers(station.find(peer, query))
        show(answers, tuple(query.keys), json=json)
    answers.end("nothing matches", json=json)


@calls_peer
def move(
    ctx: typer.Context,
    called: Called,
    study: Study = "",
    series: Series = "",
    instance: Sop = "",
    to: Annotated[str, typer.Option(help="Destination: a modality or an AE title; else us.")] = "",
    json: Json = False,
) -> None:
    """Have a peer send by C-MOVE: to us, or to a third party."""
    options(ctx).may_change("move")
    ref = ref_of(study, series, instance)
    with options(ctx).station(no_pixels=True) as station:
        peer = called.known_to(station)
        job = station.jobs.move(peer, [ref], destination_of(station, to))
        follow(station, job, json=json)


@calls_peer
def get(
    ctx: typer.Context,
    called: Called,
    study: Study = "",
    series: Series = "",
    instance: Sop = "",
    json: Json = False,
) -> None:
    """Have a peer send to us by C-GET, over the connection that we open."""
    options(ctx).may_change("get")
    ref = ref_of(study, series, instance)
    with options(ctx).station(no_pixels=True) as station:
        peer = called.known_to(station)
        follow(station, station.jobs.get(peer, [ref]), json=json)


def send(
    ctx: typer.Context,
    name: Name,
    what: Annotated[list[str], typer.Argument(help="Files, folders, or UIDs held here.")],
    commit: Annotated[
        bool, typer.Option("--commit", help="Then ask whether it keeps them: storage commitment.")
    ] = False,
    json: Json = False,
) -> None:
    """Send files, or what is held here, to a modality by C-STORE."""
    options(ctx).may_change("send")
    if commit:
        commitment.send_and_commit(ctx, name, what, json=json)
        return
    with options(ctx).station(reads_only=True, no_pixels=True) as station:
        peer = station.modalities.get(name)
        paths = [Path(word) for word in what if Path(word).exists()]
        refs: list[Ref] = []
        for word in what:
            if Path(word) not in paths:
                refs += held_refs(station.archive.lookup(word), word)
        follow(station, station.jobs.send(peer, refs=refs, paths=paths), json=json)


_ROOTS = {root.value: root for root in Root if root is not Root.WORKLIST}


def _root_of(name: str, level: Level) -> Root:
    if not name:
        return Root.PATIENT if level is Level.PATIENT else Root.STUDY
    try:
        return _ROOTS[name.lower()]
    except KeyError:
        known = ", ".join(_ROOTS)
        raise UsageError(f"--root {name}: no such information model", known) from None
