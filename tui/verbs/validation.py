"""What is wrong with objects, by the rules for their SOP classes: validate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins

from core.errors import ModalittyError, NotDicomError, UsageError
from core.model import Severity, Validation
from tui import breaches
from tui.exits import Exit
from tui.output import print_error, print_json
from tui.safe_text import safe_text
from tui.verbs.context import Json, options
from tui.verbs.objects import source_of

Sources = Annotated[list[str], typer.Argument(help="Files, folders, or UIDs held here.")]


def validate(
    ctx: typer.Context,
    sources: Sources,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as errors do.")] = False,
    json: Json = False,
) -> None:
    """Hold objects against the rules for their SOP class, and say what could not be judged.

    Exits with 0 where no object has an error, 1 where one has, 2 where there was nothing to
    judge, and 4 where something could not be read and the rest has no error.
    """
    judged, unread, is_bad = 0, 0, False
    with options(ctx).station(reads_only=True) as station:
        for word, is_in_folder in _expanded(sources):
            try:
                source = source_of(station, word)
                validation = station.objects.validate(source)
            except ModalittyError as error:
                if is_in_folder and isinstance(error, NotDicomError):
                    continue
                unread += 1
                print_error(error)
                continue
            judged += 1
            is_bad = is_bad or _fails(validation, strict)
            _print(source, validation, json)
    if not judged:
        raise UsageError("no object to judge", "name DICOM files, folders or UIDs held here")
    if is_bad:
        raise typer.Exit(Exit.FAILED)
    if unread:
        raise typer.Exit(Exit.PARTIAL)


def _expanded(words: list[str]) -> Iterator[tuple[str, bool]]:
    """Each word, and for a folder each file in it, of which some need not be DICOM."""
    for word in words:
        if Path(word).is_dir():
            files = sorted(path for path in Path(word).rglob("*") if path.is_file())
            yield from ((str(path), True) for path in files)
        else:
            yield word, False


def _fails(validation: Validation, strict: bool) -> bool:
    warnings = validation.count(Severity.WARNING) if strict else 0
    return bool(validation.count(Severity.ERROR) or warnings)


def _print(source: Path | str, validation: Validation, json: bool) -> None:
    if json:
        print_json({"source": str(source), **to_builtins(validation)})
        return
    print(safe_text(str(source)))
    for line in breaches.text_lines(validation):
        print(f"  {line}", flush=True)
