"""The index held against the files, which are the truth."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from core.archive.importing import read_object
from core.archive.incoming import Landing
from core.errors import ModalittyError
from core.model import Failure


class CheckReport(Struct, frozen=True, kw_only=True):
    """How index and files agree; paths and UIDs of what does not, with the reason."""

    instances: int
    """Instances in the index when the check began."""
    missing: tuple[Failure, ...] = ()
    """SOP Instance UIDs in the index whose file is gone or of another size."""
    unindexed: tuple[Failure, ...] = ()
    """Files of objects that the index did not know."""
    strange: tuple[Failure, ...] = ()
    """Files under `objects/` that are no objects, or lie where they do not belong: left alone."""
    repaired: bool = False

    @property
    def clean(self) -> bool:
        """True where index and files agree."""
        return not (self.missing or self.unindexed)


def check_archive(landing: Landing, *, repair: bool) -> CheckReport:
    """Compare both ways; with `repair`, make the index say what the files say."""
    index = landing.index
    count = len(index.instances)
    missing = tuple(_missing(landing))
    if repair and missing:
        for failure in missing:
            with landing.claims.claim(failure.what):
                index.remove([failure.what])
    unindexed: list[Failure] = []
    strange: list[Failure] = []
    position = index.storage.journal.end
    for path in _unknown_files(landing):
        try:
            position = max(position, _adopt(landing, path, repair=repair))
            unindexed.append(Failure(what=str(path), why="not in the index"))
        except ModalittyError as error:
            strange.append(Failure(what=str(path), why=str(error)))
    if repair:
        index.storage.sync(max(position, index.storage.journal.end))
    return CheckReport(
        instances=count,
        missing=missing,
        unindexed=tuple(unindexed),
        strange=tuple(strange),
        repaired=repair and bool(missing or unindexed),
    )


def finish_leftovers(landing: Landing) -> int:
    """Sweep `incoming/` after a run that was cut short; the number of objects that were saved.

    A file that has its place already was put there, and perhaps not indexed: it is indexed now.
    Of one that was being deleted the deletion is brought to its end. Everything else was never
    acknowledged, and goes.
    """
    saved = 0
    for path, _ in landing.files.leftovers():
        if path.suffix in (".new", ".old"):
            landing.files.drop(str(path))
    for path, names in landing.files.leftovers():
        with contextlib.suppress(ModalittyError, OSError):
            if path.suffix == ".gone":
                _finish_deletion(landing, path)
            elif names > 1:
                saved += _finish_storing(landing, path)
        landing.files.drop(str(path))
    return saved


def _missing(landing: Landing) -> Iterator[Failure]:
    for uid in list(landing.index.instances):
        held = landing.index.held(uid)
        if held is None:
            continue
        try:
            size = os.stat(landing.place(held)).st_size  # noqa: PTH116  a million times
        except OSError as error:
            yield Failure(what=uid, why=f"no file: {error.strerror}")
        else:
            if size != held.own["z"]:
                yield Failure(what=uid, why=f"the file has {size} bytes, not {held.own['z']}")


def _unknown_files(landing: Landing) -> Iterator[Path]:
    hashed: set[str] | None = None
    for path in landing.files.all_files():
        held = landing.index.held(path.stem)
        if held is not None and landing.place(held) == str(path):
            continue
        if path.parent.parent.parent == landing.files.objects and not path.stem.count("."):
            if hashed is None:
                hashed = _hashed_places(landing)
            if str(path) in hashed:
                continue
        yield path


def _hashed_places(landing: Landing) -> set[str]:
    places = set()
    for uid in list(landing.index.instances):
        held = landing.index.held(uid)
        if held is None:
            continue
        place = landing.place(held)
        if not place.endswith(f"/{uid}.dcm"):
            places.add(place)
    return places


def _adopt(landing: Landing, path: Path, *, repair: bool) -> int:
    """Index a file that lies in its place; the journal's position."""
    found = read_object(path)
    header = found.header
    place = landing.files.place(header.study_uid, header.series_uid, header.sop_instance_uid)
    if place != str(path):
        raise ModalittyError(f"belongs to {place}")
    with landing.claims.claim(header.sop_instance_uid):
        held = landing.index.held(header.sop_instance_uid)
        if held is not None and landing.place(held) != place:
            raise ModalittyError(f"its SOP Instance UID is held at {landing.place(held)}")
        return landing.index.add(header, found.size) if repair else 0


def _finish_storing(landing: Landing, temp: Path) -> int:
    found = read_object(temp)
    header = found.header
    place = landing.files.place(header.study_uid, header.series_uid, header.sop_instance_uid)
    if not temp.samefile(place):
        return 0
    held = landing.index.held(header.sop_instance_uid)
    old_place = landing.place(held) if held is not None else place
    # Also where it is known: it may be the one that was replaced.
    landing.index.storage.sync(landing.index.add(header, found.size))
    if old_place != place:
        landing.files.remove(old_place)
    return 0 if held is not None else 1


def _finish_deletion(landing: Landing, gone: Path) -> None:
    header = read_object(gone).header
    held = landing.index.held(header.sop_instance_uid)
    if held is not None and not Path(landing.place(held)).exists():
        landing.index.storage.sync(landing.index.remove([header.sop_instance_uid]))
