"""What one object says: dump."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from core.errors import NotHeldError
from core.model import ElementRow
from core.station import Station
from tui.output import print_json
from tui.safe_text import safe_text
from tui.verbs.context import Json, options

Source = Annotated[str, typer.Argument(help="A file, or a UID held here.")]


def dump(
    ctx: typer.Context,
    source: Source,
    filter_text: Annotated[
        str, typer.Option("--filter", help="Only lines with this text.", metavar="TEXT")
    ] = "",
    json: Json = False,
) -> None:
    """Print the tags of an object; with --json in the DICOM JSON Model."""
    with options(ctx).station(reads_only=True) as station:
        what = source_of(station, source)
        if json:
            print_json(station.objects.dicom_json(what))
            return
        print_tags(station, what, filter_text)


def print_tags(station: Station, what: Path | str, filter_text: str) -> None:
    """Print an element per line, those with `filter_text`."""
    for row in station.objects.dump(what):
        line = _line(row)
        if filter_text.casefold() in line.casefold():
            print(line)


def source_of(station: Station, word: str) -> Path | str:
    """Tell a file from an identifier; a study or series stands for its middle object.

    Raises NotHeldError.
    """
    path = Path(word)
    if path.exists() or os.sep in word:
        return path
    for hit in station.archive.lookup(word):
        instances = station.archive.instances(hit.ref)
        if instances:
            return instances[len(instances) // 2].sop_instance_uid
    raise NotHeldError(f"{word} is neither a file nor held here", "look it up, or correct it")


def _line(row: ElementRow) -> str:
    indent = "  " * row.depth
    if row.is_item:
        return f"{indent}{safe_text(row.name)}"
    length = "-" if row.length is None else str(row.length)
    name = row.keyword or row.name
    return safe_text(f"{indent}{row.tag} {row.vr:2} {length:>6} {name}: {row.value}")
