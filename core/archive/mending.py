"""What a crash or a person left of an archive, put right when it opens."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from core.archive.check import check_archive
from core.archive.importing import read_object
from core.archive.landing import Landing
from core.errors import ModalittyError, NotDicomError
from core.events import Severity

log = logging.getLogger(__name__)

Tell = Callable[[Severity, str], None]


def mend(landing: Landing, tell: Tell, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Finish what was cut short, and rebuild what the journal lost.

    `meanwhile` is called between files, and may raise to give it up; the next opening does it anew.
    """
    storage = landing.index.storage
    saved = store_again(landing, tell) + finish_leftovers(landing)
    meanwhile()
    if saved:
        tell(Severity.INFO, f"{saved} objects that were being stored were kept")
    loaded = storage.loaded
    if loaded.torn:
        text = (
            "the index ended in half a line, as a crash leaves it, and was repaired: nothing that"
        )
        tell(Severity.INFO, f"{text} was acknowledged was in it")
    if loaded.whole:
        return
    report = check_archive(landing, repair=True, meanwhile=meanwhile)
    if loaded.damaged:
        storage.compact()
    storage.journal.mended()
    if loaded.missing and not report.unindexed:
        return
    what = "was gone" if loaded.missing else "was damaged" if loaded.damaged else "was cut short"
    tell(
        Severity.WARNING,
        f"the index {what} and was repaired from the files: {len(report.unindexed)} objects found"
        f" again, {len(report.missing)} without their file dropped; which patients are protected"
        " is not in the files: look it over",
    )


def store_again(landing: Landing, tell: Tell) -> int:
    """Store what a crash left in the log of arrivals, and empty it; the number of objects saved.

    Where that cannot be done the log stays for the next opening, and takes nothing meanwhile.
    """
    saved = 0
    try:
        places = []
        for data in landing.arrivals.left_over():
            place, is_new = landing.store_again(data)
            places.append(place)
            saved += is_new
        if places:
            landing.settle(places)
        landing.arrivals.open()
    except (ModalittyError, OSError) as error:
        tell(Severity.ERROR, f"objects in the log of arrivals could not be stored: {error}")
        landing.arrivals.leave(_left_over_uids(landing))
    return saved


def _left_over_uids(landing: Landing) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for data in landing.arrivals.left_over():
            with contextlib.suppress(ModalittyError):
                yield landing.header_of(data).sop_instance_uid


def finish_leftovers(landing: Landing) -> int:
    """Sweep `incoming/` after a run that was cut short; the number of objects that were saved.

    A file that has its place already was put there, and perhaps not indexed: it is indexed now.
    One that is indexed and whose place was lost gets that again. Of one that was being deleted the
    deletion is brought to its end. Everything else was never acknowledged, and goes.
    """
    saved = 0
    for path, _ in landing.files.leftovers():
        if path.suffix in (".new", ".old"):
            landing.files.drop(str(path))
    for path, names in landing.files.leftovers():
        try:
            if path.suffix == ".gone":
                _finish_deletion(landing, path)
            elif names > 1:
                saved += _finish_storing(landing, path)
            else:
                saved += _finish_naming(landing, path)
        except (NotDicomError, FileNotFoundError):
            pass  # half an object, or one that was replaced
        except (ModalittyError, OSError) as error:
            # A full disk, say: the next opening tries again.
            log.warning("%s is left: %s", path, error)
            continue
        landing.files.drop(str(path))
    return saved


def _finish_storing(landing: Landing, temp: Path) -> int:
    found = read_object(temp)
    header = found.header
    place = landing.files.place(header.study_uid, header.series_uid, header.sop_instance_uid)
    if not temp.samefile(place):
        return 0
    held = landing.index.held(header.sop_instance_uid)
    old_place = landing.files.place_of(held) if held is not None else place
    # Also where it is known: it may be the one that was replaced.
    landing.index.storage.sync(landing.index.add(header, found.size))
    if old_place != place:
        landing.files.remove(old_place)
    return 0 if held is not None else 1


def _finish_naming(landing: Landing, temp: Path) -> int:
    """The journal was durable and the name was not: a file is indexed only once it is whole."""
    found = read_object(temp)
    held = landing.index.held(found.header.sop_instance_uid)
    if held is None or held.own.z != found.size:
        return 0
    place = landing.files.place_of(held)
    if Path(place).exists():
        return 0
    landing.files.put(str(temp), place)
    landing.files.sync_name(place)
    return 1


def _finish_deletion(landing: Landing, gone: Path) -> None:
    header = read_object(gone).header
    held = landing.index.held(header.sop_instance_uid)
    if held is not None and not Path(landing.files.place_of(held)).exists():
        landing.index.storage.sync(landing.index.remove([header.sop_instance_uid]))
