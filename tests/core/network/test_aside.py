"""An object that one C-MOVE of ours waits for goes to who waits, and all others to the archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from pydicom import dcmread

from core.events import EventBus, InstanceStored
from core.model import Modality, StoreAction, Stored
from core.network.aside import Awaited, AwaitedObjects
from core.network.listener import Listener
from core.network.scu import Caller
from tests.core.network.fakes import (
    MemoryArchive,
    MemoryIncoming,
    Recorder,
    Source,
    wait_until,
    write_object,
)

UID, ID = "1.2.3.4", 17
OURS = ("MODALITTY", ID)


class _AsideIncoming(MemoryIncoming):
    def commit(self) -> Stored:
        return replace(super().commit(), action=StoreAction.SET_ASIDE)


class _Shelf(MemoryArchive):
    """Who waits: keeps what it is given, and says that it is not in the archive."""

    def receive(self, **known: object) -> MemoryIncoming:
        known.pop("limit", None)
        self.incoming.append(_AsideIncoming(self, known))
        return self.incoming[-1]


@pytest.fixture
def shelf(tmp_path: Path) -> _Shelf:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return _Shelf(folder)


@pytest.fixture
def aside() -> AwaitedObjects:
    return AwaitedObjects()


@pytest.fixture
def me(
    settings: Source, archive: MemoryArchive, bus: EventBus, aside: AwaitedObjects
) -> Iterator[Modality]:
    listener = Listener(settings, archive, bus, aside=aside)
    yield settings.modality("me", listener.start(0, 0), ae_title="MODALITTY")
    listener.stop(0.0)
    wait_until(lambda: not listener.associations(), "the associations end")


def awaited(shelf: _Shelf) -> Awaited:
    return Awaited(message_id=ID, own_title="MODALITTY", taker=shelf)


@pytest.mark.parametrize(
    ("originator", "is_ours"),
    [
        (OURS, True),
        (("MODALITTY", ID + 1), False),
        (("OTHER", ID), False),
        # It may be on its way here for another reason: what is answered as stored is kept.
        (None, False),
    ],
)
def test_only_what_is_waited_for_stays_out_of_the_archive(
    me: Modality,
    caller: Caller,
    archive: MemoryArchive,
    recorder: Recorder,
    aside: AwaitedObjects,
    shelf: _Shelf,
    tmp_path: Path,
    originator: tuple[str, int] | None,
    is_ours: bool,
) -> None:
    sent = write_object(tmp_path, UID)
    with aside.awaiting(awaited(shelf)):
        (result,) = caller.store(me, [sent], originator=originator)
    assert result.outcome.ok
    taken, other = (shelf, archive) if is_ours else (archive, shelf)
    assert (taken.datasets, other.datasets) == ([dcmread(sent)], [])
    # Who counts arrivals, and the screen, are told of what came into the archive and nothing else.
    assert len(recorder.of(InstanceStored)) == (0 if is_ours else 1)


def test_after_the_wait_objects_go_to_the_archive_again(
    me: Modality,
    caller: Caller,
    archive: MemoryArchive,
    aside: AwaitedObjects,
    shelf: _Shelf,
    tmp_path: Path,
) -> None:
    with aside.awaiting(awaited(shelf)):
        assert aside.any
    assert not aside.any
    (result,) = caller.store(me, [write_object(tmp_path, UID)], originator=OURS)
    assert result.outcome.ok
    assert (len(archive.datasets), len(shelf.datasets)) == (1, 0)
