"""An object's picture: on the terminal, or in a file."""

from __future__ import annotations

import os
import sys
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from core.errors import ModalittyError, UsageError
from core.model import Picture, Rendering, Window
from core.station import Station
from tui.verbs.context import options
from tui.verbs.objects import Source, source_of


def preview(
    ctx: typer.Context,
    source: Source,
    frame: Annotated[int, typer.Option(min=1, help="Which frame, from 1.")] = 1,
    window: Annotated[
        str, typer.Option(help="Center and width of the window.", metavar="C,W")
    ] = "",
    preset: Annotated[
        str,
        typer.Option(
            help="A window by its name: lung, bone, automatic, one of the object's own.",
            metavar="NAME",
        ),
    ] = "",
    invert: Annotated[bool, typer.Option("--invert", help="White for black.")] = False,
    no_overlays: Annotated[
        bool, typer.Option("--no-overlays", help="Without the object's overlays.")
    ] = False,
    png: Annotated[
        Path | None,
        typer.Option(
            help="Write a PNG file: one pixel for each stored one, whatever their aspect.",
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """Draw an object's picture on the terminal, or write it to a file."""
    if window and preset:
        raise UsageError("--window and --preset are two windows", "leave one of them out")
    wanted = Rendering(window=_window_of(window), invert=invert, overlays=not no_overlays)
    with options(ctx).station(reads_only=True) as station:
        picture = _picture(station, source_of(station, source), frame - 1, wanted, preset)
        show_picture(station, picture, png)


def show_picture(station: Station, picture: Picture, png: Path | None) -> None:
    """Draw it on the terminal, or write it to a file; raises ModalittyError."""
    from tui.preview.cli import draw, save_png  # late: pictures cost start-up time
    from tui.preview.probe import probe

    if png:
        try:
            save_png(picture, png)
        except OSError as fault:
            raise ModalittyError(f"{png} cannot be written: {fault.strerror}") from fault
        return
    draw(picture, probe(station.settings.preview), sys.stdout, *_room())


def _picture(
    station: Station, what: Path | str, frame: int, wanted: Rendering, preset: str
) -> Picture:
    """The picture, through a window by name where one is asked for: the picture says which."""
    if not preset:
        return station.objects.picture(what, frame=frame, rendering=wanted)
    from tui.preview.windows import by_name

    first = station.objects.picture(what, frame=frame, rendering=replace(wanted, edge=1))
    choice = by_name(first, preset)
    wanted = replace(wanted, window=choice.window, automatic=choice.automatic)
    return station.objects.picture(what, frame=frame, rendering=wanted)


def _window_of(text: str) -> Window | None:
    if not text:
        return None
    try:
        center, width = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--window {text}: two numbers are needed", "such as 40,400") from None
    if not (isfinite(center) and isfinite(width) and width > 0):
        raise UsageError(f"--window {text}: the width is to be above 0", "such as 40,400")
    return Window(center=center, width=width)


def _room() -> tuple[int, int]:
    try:
        columns, lines = os.get_terminal_size()
    except OSError:
        return 80, 24
    return columns, max(1, lines - 2)
