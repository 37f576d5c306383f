"""What an object says that is no picture: printed, or taken out of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tui.embedded_file import save
from tui.output import print_json
from tui.verbs.context import Json, options
from tui.verbs.objects import Source, source_of


def document(
    ctx: typer.Context,
    source: Source,
    export: Annotated[
        Path | None,
        typer.Option(
            help="Write the embedded PDF, CDA or model to a new file; .pdf and so on is added.",
            metavar="FILE",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Print a report, letter or any other object that is no picture, or what it refers to."""
    from tui.document_lines import lines  # late: what shows DICOM's names takes time to load

    with options(ctx).station(reads_only=True) as station:
        what = source_of(station, source)
        if export is not None:
            found = station.objects.document(what)
            path = save(export, found.attachment, lambda: station.objects.embedded(what))
            print(path, file=sys.stderr)
            return
        found = station.objects.document(what)
    if json:
        print_json(found)
        return
    for line in lines(found.rows, _width()):
        print(line.text)


def _width() -> int:
    """Columns to wrap text at; where nobody reads it on a terminal, hardly at all."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return 10_000
