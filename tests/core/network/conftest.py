"""A listener over an archive in memory, a caller that knows it, and a record of events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.events import EventBus
from core.model import Modality
from core.network.listener import Listener
from core.network.scu import Caller
from tests.core.network.fakes import MemoryArchive, Recorder, Source, source, wait_until


@pytest.fixture
def settings() -> Source:
    return source()


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
def recorder(bus: EventBus) -> Recorder:
    return Recorder(bus)


@pytest.fixture
def archive(tmp_path: Path) -> MemoryArchive:
    folder = tmp_path / "objects"
    folder.mkdir()
    return MemoryArchive(folder)


@pytest.fixture
def listener(
    settings: Source, archive: MemoryArchive, bus: EventBus, recorder: Recorder
) -> Iterator[Listener]:
    """A listener on a free port; after the test no thread and no half object is left."""
    before = set(threading.enumerate())
    listening = Listener(settings, archive, bus)
    listening.start(0, 0)
    yield listening
    listening.stop(0.0)
    wait_until(lambda: not _left(before), "the listener's threads end")
    assert all(i.state in ("committed", "discarded") for i in archive.incoming)


def _left(before: set[threading.Thread]) -> list[threading.Thread]:
    """Threads of ours that came up meanwhile; those of the tests' own peers are theirs to end."""
    new = set(threading.enumerate()) - before
    return [t for t in new if t.name == "listener" or t.name.startswith("from ")]


@pytest.fixture
def port(listener: Listener) -> int:
    assert listener.address is not None
    return listener.address[1]


@pytest.fixture
def me(settings: Source, port: int) -> Modality:
    """Our own listener as a modality."""
    return settings.modality("me", port, ae_title="MODALITTY")


@pytest.fixture
def caller(settings: Source, bus: EventBus) -> Iterator[Caller]:
    calling = Caller(settings, bus)
    yield calling
    calling.close()
