"""In what two objects differ, or the common headers of two series: compare."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from core.model import Change, Comparison, Difference, Level, Ref
from core.station import Station
from tui.exits import Exit
from tui.output import print_fault, print_json
from tui.safe_text import safe_text
from tui.verbs.context import Json, options
from tui.verbs.objects import Source, source_of

SIGNS = {Change.CHANGED: "~", Change.ADDED: "+", Change.REMOVED: "-"}


def compare(
    ctx: typer.Context,
    left: Source,
    right: Source,
    filter_text: Annotated[
        str, typer.Option("--filter", help="Only elements with this text.", metavar="TEXT")
    ] = "",
    private: Annotated[
        bool, typer.Option("--private/--no-private", help="With private elements.")
    ] = True,
    json: Json = False,
) -> None:
    """Print in which elements two objects differ; of two series, those alike in all their objects.

    Exits with 0 where no element differs, with 1 where one does.
    """
    with options(ctx).station(reads_only=True) as station:
        comparison = _compare(station, left, right)
    differences = [
        one
        for one in comparison.differences
        if (private or not one.is_private) and filter_text.casefold() in _text(one).casefold()
    ]
    if json:
        print_json(
            Comparison(
                differences=tuple(differences), equal=comparison.equal, notes=comparison.notes
            )
        )
    else:
        _print(differences, comparison)
    if differences:
        raise typer.Exit(Exit.FAILED)


def _compare(station: Station, left: str, right: str) -> Comparison:
    one, other = _series(station, left), _series(station, right)
    if one and other:
        return station.objects.compare_series(one, other)
    objects = station.objects
    return objects.compare(source_of(station, left), source_of(station, right))


def _series(station: Station, word: str) -> Ref | None:
    """The series that a word names, None where it names something else."""
    if Path(word).exists() or os.sep in word:
        return None
    refs = (hit.ref for hit in station.archive.lookup(word))
    return next((ref for ref in refs if ref.level is Level.SERIES), None)


def _print(differences: list[Difference], comparison: Comparison) -> None:
    for note in comparison.notes:
        print_fault(note)
    for one in differences:
        print(safe_text(f"{SIGNS[one.change]} {one.tag} {one.vr} {one.path}  {one.name}"))
        if one.change is not Change.ADDED:
            print(safe_text(f"    - {one.left}"))
        if one.change is not Change.REMOVED:
            print(safe_text(f"    + {one.right}"))
    many = len(differences)
    what = "1 element differs" if many == 1 else f"{many or 'no'} elements differ"
    print(f"{what}, {comparison.equal} are equal")


def _text(one: Difference) -> str:
    parts = (one.tag, one.path, one.keyword, one.name, one.left, one.right)
    return "\n".join(parts)
