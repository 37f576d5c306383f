"""How far our pictures are from DCMTK's: python -m benchmarks.pictures FOLDER-OR-FILE ...

One line for each file: the largest and the mean difference in grey levels of its first, middle and
last frame, drawn by dcm2pnm through the same window; or why there is nothing to compare.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.errors import ModalittyError
from core.imaging import Decoder
from core.model import Picture
from tests.peers import dcm2pnm

LARGEST, MEAN = 2, 1.0
"""Differences above which a file is marked; what is below is rounding."""


def files(places: list[str]) -> Iterator[Path]:
    """All files below, in a stable order."""
    for place in (Path(word) for word in places):
        yield from sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]


def compared(decoder: Decoder, path: Path) -> str:
    """What there is to say of one file."""
    try:
        first = decoder.picture(path)
    except ModalittyError as fault:
        theirs = dcm2pnm.drawn(path)
        return f"{'ours alone fails: ' if theirs is not None else ''}{fault.message}"
    frames = sorted({0, first.frames // 2, first.frames - 1})
    said = [_of_frame(decoder.picture(path, frame=frame), path) for frame in frames]
    return "; ".join(said)


def _of_frame(ours: Picture, path: Path) -> str:
    theirs = dcm2pnm.like(path, ours)
    if theirs is None:
        return "DCMTK draws nothing"
    mine = dcm2pnm.pixels_of(ours)
    if mine.shape != theirs.shape:
        return f"! {mine.shape} ours, {theirs.shape} theirs"
    difference = np.abs(mine.astype(int) - theirs)
    largest, mean = int(difference.max()), float(difference.mean())
    mark = "! " if largest > LARGEST or mean > MEAN else ""
    return f"{mark}max {largest:3} mean {mean:6.3f}"


def main() -> None:
    """Compare what the arguments name."""
    with Decoder() as decoder:
        for path in files(sys.argv[1:]):
            print(f"{path.name:40} {compared(decoder, path)}", flush=True)


if __name__ == "__main__":
    main()
