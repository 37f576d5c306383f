"""One object of a peer, fetched to be looked at and not kept."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from core.model import Modality, Outcome, Ref
from core.model.look import Look
from core.station import Station
from tui.output import end_progress, print_fault, print_json, progress_line
from tui.verbs.answers import end
from tui.verbs.context import Json, Series, Sop, Study, options, ref_of
from tui.verbs.objects import print_tags
from tui.verbs.peer import Called, calls_peer
from tui.verbs.preview import show_picture


@calls_peer
def look(
    ctx: typer.Context,
    called: Called,
    study: Study = "",
    series: Series = "",
    instance: Sop = "",
    filter_text: Annotated[
        str, typer.Option("--filter", help="Only lines with this text.", metavar="TEXT")
    ] = "",
    picture: Annotated[
        bool, typer.Option("--picture", help="Draw its picture, in place of its tags.")
    ] = False,
    png: Annotated[
        Path | None,
        typer.Option(help="Write its picture to a PNG file, in place of its tags.", metavar="FILE"),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Store it in the archive too.")] = False,
    json: Json = False,
) -> None:
    """Fetch one instance of a peer and print its tags; of a series the middle one.

    It comes by C-GET or C-MOVE, the modality's own way first, and is not kept.
    """
    if keep:
        options(ctx).may_change("look --keep")
    ref = ref_of(study, series, instance)
    with options(ctx).station() as station:
        found = _fetch(station, called.known_to(station), ref)
        if keep and not found.held:
            station.looks.keep(found)
        uid = found.instance.sop_instance_uid
        if json:
            print_json(station.objects.dicom_json(uid))
        elif picture or png:
            show_picture(station, station.objects.picture(uid), png)
        else:
            print_tags(station, uid, filter_text)


def _fetch(station: Station, peer: Modality, ref: Ref) -> Look:
    """Have it fetched with a line of progress; exits where there is none."""
    cancel = threading.Event()
    try:
        for item in station.looks.fetch(peer, ref, cancel):
            if isinstance(item, str):
                progress_line(item)
                continue
            end_progress()
            if isinstance(item, Outcome):
                end(item)
            if item.note:
                print_fault(item.note)
            return item
    except KeyboardInterrupt:
        cancel.set()
        raise
    raise AssertionError("a look ends with an object or an outcome")
