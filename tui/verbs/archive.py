"""Verbs about what is held here: list, lookup, import, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins

from core.model import Query
from tui import exits
from tui.output import print_fault, print_json, print_table
from tui.verbs.answers import Answers, show
from tui.verbs.context import Json, follow, held_refs, options
from tui.verbs.keys import Keys, LevelOption, Limit, keys_of, level_of


def list_held(
    ctx: typer.Context,
    level: LevelOption = "study",
    key: Keys = None,
    limit: Limit = 0,
    json: Json = False,
) -> None:
    """Search the own archive, with the matching of its C-FIND; exits 1 where nothing matches."""
    query_level = level_of(level)
    query = Query(level=query_level, keys=keys_of(query_level, key), limit=limit)
    with options(ctx).station(reads_only=True) as station:
        answers = Answers(station.archive.list(query))
        show(answers, tuple(query.keys), json=json)
    answers.end("nothing matches", json=json)


def lookup(
    ctx: typer.Context,
    value: Annotated[str, typer.Argument(help="A PatientID, an AccessionNumber or a UID.")],
    json: Json = False,
) -> None:
    """Find whatever is held under an identifier; exits 1 where there is nothing."""
    with options(ctx).station(reads_only=True) as station:
        hits = station.archive.lookup(value)
    if json:
        print_json([to_builtins(hit) for hit in hits])
    else:
        rows = ((hit.ref.level.value, hit.keyword, hit.ref.uid, hit.label) for hit in hits)
        print_table(("level", "found by", "unique key", "what"), rows)
    if not hits:
        print_fault("nothing is held under that identifier")
        raise typer.Exit(exits.Exit.FAILED)


def import_paths(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, zips and DICOMDIRs.")],
    json: Json = False,
) -> None:
    """Copy files into the archive; what is not DICOM is skipped and counted."""
    options(ctx).may_change("import")
    with options(ctx).station() as station:
        follow(station, station.jobs.import_files(paths), json=json)


def export(
    ctx: typer.Context,
    what: Annotated[list[str], typer.Argument(help="UIDs, PatientIDs or AccessionNumbers.")],
    to: Annotated[Path, typer.Option(help="A new or empty folder, or a new .zip.", metavar="PATH")],
    dicomdir: Annotated[bool, typer.Option(help="List the files in a DICOMDIR.")] = True,
    json: Json = False,
) -> None:
    """Write what is held to a folder or a zip, with a DICOMDIR; nothing is overwritten."""
    with options(ctx).station(reads_only=True) as station:
        refs = [ref for word in what for ref in held_refs(station.archive.lookup(word), word)]
        follow(station, station.jobs.export(refs, to, dicomdir=dicomdir), json=json)
