"""The index held against the files, which are the truth."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from core.archive.importing import read_object
from core.archive.landing import Landing
from core.errors import ModalittyError
from core.model import CheckReport, Failure


def check_archive(
    landing: Landing, *, repair: bool, meanwhile: Callable[[], None] = lambda: None
) -> CheckReport:
    """Compare both ways; with `repair`, make the index say what the files say.

    `meanwhile` is called before each file that is looked at, and may raise to end that.
    """
    index = landing.index
    count = len(index.instances)
    missing = tuple(_missing(landing, meanwhile))
    if repair and missing:
        for failure in missing:
            with landing.claims.claim(failure.what):
                index.remove([failure.what])
    unindexed: list[Failure] = []
    strange: list[Failure] = []
    position = index.storage.journal.end
    for path in sorted(_unknown_files(landing, meanwhile), key=_written):
        meanwhile()
        try:
            adopted = _adopt(landing, path, repair=repair)
        except ModalittyError as error:
            strange.append(Failure(what=str(path), why=str(error)))
            continue
        if adopted is not None:
            position = max(position, adopted)
            unindexed.append(Failure(what=str(path), why="not in the index"))
    if repair:
        index.storage.sync(max(position, index.storage.journal.end))
    return CheckReport(
        instances=count,
        missing=missing,
        unindexed=tuple(unindexed),
        strange=tuple(strange),
        repaired=repair and bool(missing or unindexed),
    )


def _missing(landing: Landing, meanwhile: Callable[[], None]) -> Iterator[Failure]:
    for uid in list(landing.index.instances):
        meanwhile()
        held = landing.index.held(uid)
        if held is None:
            continue
        try:
            size = os.stat(landing.files.place_of(held)).st_size  # noqa: PTH116  a million times
        except OSError as error:
            yield Failure(what=uid, why=f"no file: {error.strerror}")
        else:
            if size != held.own.z:
                yield Failure(what=uid, why=f"the file has {size} bytes, not {held.own.z}")


def _unknown_files(landing: Landing, meanwhile: Callable[[], None]) -> Iterator[Path]:
    hashed: set[str] | None = None
    for path in landing.files.all_files():
        meanwhile()
        held = landing.index.held(path.stem)
        if held is not None and landing.files.place_of(held) == str(path):
            continue
        if path.parent.parent.parent == landing.files.objects and not path.stem.count("."):
            if hashed is None:
                hashed = _hashed_places(landing)
            if str(path) in hashed:
                continue
        yield path


def _written(path: Path) -> float:
    # The index keeps objects in the order of their arrival, and files are never changed.
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _hashed_places(landing: Landing) -> set[str]:
    places = set()
    for uid in list(landing.index.instances):
        held = landing.index.held(uid)
        if held is None:
            continue
        place = landing.files.place_of(held)
        if not place.endswith(f"/{uid}.dcm"):
            places.add(place)
    return places


def _adopt(landing: Landing, path: Path, *, repair: bool) -> int | None:
    """Index a file that lies in its place; the journal's position, None where it is all right."""
    found = read_object(path)
    header = found.header
    place = landing.files.place(header.study_uid, header.series_uid, header.sop_instance_uid)
    if place != str(path):
        raise ModalittyError(f"belongs to {place}")
    with landing.claims.claim(header.sop_instance_uid):
        held = landing.index.held(header.sop_instance_uid)
        if held is not None and landing.files.place_of(held) != place:
            raise ModalittyError(f"its SOP Instance UID is held at {landing.files.place_of(held)}")
        if held is not None or not path.exists():
            # Stored meanwhile, and seen while it was written; or deleted.
            return None
        return landing.index.add(header, found.size) if repair else 0
