"""Verbs that speak to a peer: echo, find, move, get, send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.errors import UsageError
from core.model import Level, Query, Ref, Root
from tui import exits
from tui.output import print_fault, print_json, print_table
from tui.verbs import commitment
from tui.verbs.answers import Answers, end
from tui.verbs.context import (
    Aet,
    Host,
    Json,
    Name,
    PortOption,
    Series,
    Sop,
    Study,
    destination_of,
    follow,
    held_refs,
    options,
    peer_of,
    ref_of,
)
from tui.verbs.keys import Keys, LevelOption, keys_of, level_of, row_of


def echo(
    ctx: typer.Context,
    name: Name = "",
    aet: Aet = "",
    host: Host = "",
    port: PortOption = 0,
    json: Json = False,
) -> None:
    """Test the link to a peer by C-ECHO."""
    with options(ctx).station() as station:
        peer = peer_of(station, name, aet, host, port)
        outcome = station.echo(peer)
    if json:
        print_json(outcome)
    elif outcome.ok:
        print(f"{peer.ae_title} answers in {outcome.seconds * 1000:.0f} ms")
    end(outcome)


def find(
    ctx: typer.Context,
    name: Name = "",
    aet: Aet = "",
    host: Host = "",
    port: PortOption = 0,
    level: LevelOption = "study",
    key: Keys = None,
    root: Annotated[str, typer.Option(help="study, patient or patient-study-only.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Stop after so many matches.")] = 0,
    json: Json = False,
) -> None:
    """Query a peer by C-FIND; exits 1 where nothing matches."""
    query_level = level_of(level)
    query = Query(
        level=query_level,
        keys=keys_of(query_level, key),
        root=_root_of(root, query_level),
        limit=limit,
    )
    with options(ctx).station() as station:
        peer = peer_of(station, name, aet, host, port)
        answers = Answers(station.find(peer, query))
        if json:
            count = 0
            for count, match in enumerate(answers, 1):  # noqa: B007  counted for after the loop
                print_json(match)
        else:
            columns = tuple(query.keys)
            count = print_table(columns, (row_of(match, columns) for match in answers))
    outcome = answers.outcome
    if outcome and not outcome.ok:
        if json:
            print_json({"outcome": outcome})
        end(outcome)
    if not count:
        print_fault("nothing matches")
        raise typer.Exit(exits.Exit.FAILED)


def move(
    ctx: typer.Context,
    name: Name = "",
    aet: Aet = "",
    host: Host = "",
    port: PortOption = 0,
    study: Study = "",
    series: Series = "",
    instance: Sop = "",
    to: Annotated[str, typer.Option(help="Destination: a modality or an AE title; else us.")] = "",
    json: Json = False,
) -> None:
    """Have a peer send by C-MOVE: to us, or to a third party."""
    options(ctx).may_change("move")
    ref = ref_of(study, series, instance)
    with options(ctx).station() as station:
        peer = peer_of(station, name, aet, host, port)
        job = station.jobs.move(peer, [ref], destination_of(station, to))
        follow(station, job, json=json)


def get(
    ctx: typer.Context,
    name: Name = "",
    aet: Aet = "",
    host: Host = "",
    port: PortOption = 0,
    study: Study = "",
    series: Series = "",
    instance: Sop = "",
    json: Json = False,
) -> None:
    """Have a peer send to us by C-GET, over the connection that we open."""
    options(ctx).may_change("get")
    ref = ref_of(study, series, instance)
    with options(ctx).station() as station:
        peer = peer_of(station, name, aet, host, port)
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
    with options(ctx).station(reads_only=True) as station:
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
