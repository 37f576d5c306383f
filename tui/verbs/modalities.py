"""Verbs about the known peers: modalities list, add, edit, remove, import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins
from msgspec.structs import replace

from core.errors import UsageError
from core.model import ALL_OPERATIONS, Candidate, Fate, Modality, Operation, Retrieve
from tui.exits import Exit
from tui.output import print_fault, print_json, print_table
from tui.verbs.context import Json, options

app = typer.Typer(
    help="The known peers: list, add, edit, remove, import.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(help="The name this modality is called by.")]
Allow = Annotated[str | None, typer.Option(help="What it may ask of us: echo,find,move,get,store.")]

RetrieveBy = Annotated[str | None, typer.Option(help="How its objects come to us: move or get.")]
Tls = Annotated[bool | None, typer.Option("--tls/--no-tls", help="Call it by TLS.")]
TlsHostName = Annotated[
    str | None, typer.Option(help="The name its certificate must have; empty: any that we trust.")
]


@app.command("list")
def list_known(ctx: typer.Context, json: Json = False) -> None:
    """List the known peers."""
    with options(ctx).station(reads_only=True) as station:
        known = station.modalities.all()
    if json:
        print_json([to_builtins(modality) for modality in known])
        return
    rows = (
        (
            m.name,
            m.ae_title,
            m.host,
            f"{m.port} TLS" if m.tls else str(m.port),
            ",".join(o.value for o in m.allow),
            m.comment,
        )
        for m in known
    )
    print_table(("name", "AE title", "host", "port", "may", "comment"), rows)


@app.command("add")
def add(
    ctx: typer.Context,
    name: Name,
    aet: Annotated[str, typer.Option(help="AE title.")],
    host: Annotated[str, typer.Option(help="Host name or address.")],
    port: Annotated[int, typer.Option(help="TCP port.")],
    allow: Allow = None,
    retrieve: RetrieveBy = None,
    tls: Tls = None,
    tls_host_name: TlsHostName = None,
    comment: Annotated[str, typer.Option(help="Whatever helps a person.")] = "",
) -> None:
    """Add a peer; it is written to the configuration."""
    operations = ALL_OPERATIONS if allow is None else _operations(allow)
    modality = Modality(
        name=name, ae_title=aet, host=host, port=port, allow=operations, comment=comment
    )
    if retrieve is not None:
        modality = replace(modality, retrieve=_service(retrieve))
    modality = _secured(modality, tls, tls_host_name)
    _put(ctx, modality, replaces="")


@app.command("edit")
def edit(
    ctx: typer.Context,
    name: Name,
    aet: Annotated[str | None, typer.Option(help="AE title.")] = None,
    host: Annotated[str | None, typer.Option(help="Host name or address.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port.")] = None,
    allow: Allow = None,
    retrieve: RetrieveBy = None,
    tls: Tls = None,
    tls_host_name: TlsHostName = None,
    comment: Annotated[str | None, typer.Option(help="Whatever helps a person.")] = None,
    rename: Annotated[str, typer.Option(help="A new name.")] = "",
) -> None:
    """Change what is given of a peer, and leave the rest."""
    with options(ctx).station(reads_only=True) as station:
        old = station.modalities.get(name)
    modality = replace(
        old,
        name=rename or name,
        ae_title=old.ae_title if aet is None else aet,
        host=old.host if host is None else host,
        port=old.port if port is None else port,
        allow=old.allow if allow is None else _operations(allow),
        retrieve=old.retrieve if retrieve is None else _service(retrieve),
        comment=old.comment if comment is None else comment,
    )
    modality = _secured(modality, tls, tls_host_name)
    _put(ctx, modality, replaces=name)


@app.command("remove")
def remove(ctx: typer.Context, name: Name) -> None:
    """Forget a peer; it is taken out of the configuration."""
    options(ctx).may_change("modalities remove")
    with options(ctx).station(reads_only=True) as station:
        station.modalities.get(name)
        station.modalities.remove(name)


@app.command("import")
def import_file(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="An Orthanc JSON, a folder of them, or a dcmqrscp.cfg.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would come in, and change nothing.")
    ] = False,
    replace_known: Annotated[
        bool, typer.Option("--replace", help="Take those too that are here already, and differ.")
    ] = False,
    json: Json = False,
) -> None:
    """Take over the modalities of an Orthanc or a dcmqrscp; exits 4 where some are left out."""
    if not dry_run:
        options(ctx).may_change("modalities import")
    with options(ctx).station(reads_only=True) as station:
        found = station.modalities.candidates(file)
        if not dry_run:
            station.modalities.take(found, replace=replace_known)
    for candidate in found:
        if json:
            print_json(candidate)
    if not json:
        print_table(("name", "becomes", "AE title", "host", "port", "why"), map(_row, found))
    left = [c for c in found if c.fate is Fate.LEFT_OUT]
    clashes = [c for c in found if c.fate is Fate.CLASH and not replace_known]
    if left or clashes:
        hint = "--replace takes what clashes" if clashes else ""
        print_fault(f"{len(left) + len(clashes)} of {len(found)} are not taken", hint)
        raise typer.Exit(Exit.PARTIAL)


def _row(candidate: Candidate) -> tuple[str, ...]:
    modality = candidate.modality
    why = "; ".join(part for part in (candidate.why, *candidate.notes) if part)
    if modality is None:
        return (candidate.name, candidate.fate.value, "", "", "", why)
    port = f"{modality.port} TLS" if modality.tls else str(modality.port)
    return (modality.name, candidate.fate.value, modality.ae_title, modality.host, port, why)


def _put(ctx: typer.Context, modality: Modality, *, replaces: str) -> None:
    options(ctx).may_change("modalities add and edit")
    with options(ctx).station(reads_only=True) as station:
        for warning in station.modalities.put(modality, replaces=replaces):
            print_fault(f"note: {warning}")


def _secured(modality: Modality, tls: bool | None, host_name: str | None) -> Modality:
    """Give a modality what was said of TLS; without TLS there is no name to check."""
    wanted = modality.tls if tls is None else tls
    name = modality.tls_host_name if host_name is None else host_name
    if tls is False and host_name is None:
        name = ""
    return replace(modality, tls=wanted, tls_host_name=name)


def _service(text: str) -> Retrieve:
    try:
        return Retrieve(text.strip())
    except ValueError:
        raise UsageError(f"--retrieve {text}: no such service", "move or get") from None


def _operations(text: str) -> tuple[Operation, ...]:
    try:
        return tuple(Operation(word.strip()) for word in text.split(",") if word.strip())
    except ValueError:
        known = ", ".join(operation.value for operation in Operation)
        raise UsageError(f"--allow {text}: no such operation", f"any of {known}") from None
