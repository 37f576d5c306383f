"""What this package needs of its neighbours, by shape: settings that may change, and an archive."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from pydicom import Dataset

from core.model import Instance, Modality, Root, SendResult, Stored
from core.settings import Settings


class SettingsSource(Protocol):
    """Holds the settings in force; they are read at each use, so that an edit counts at once."""

    @property
    def current(self) -> Settings:
        """The settings in force."""


class Incoming(Protocol):
    """An object on its way into the archive."""

    def write(self, data: memoryview, /) -> object:
        """Append a piece of the data set; raises ArchiveError."""

    def commit(self) -> Stored:
        """Make it durable and indexed; raises ArchiveError or NotDicomError."""

    def discard(self) -> None:
        """Forget it, leaving nothing behind."""


class Archive(Protocol):
    """The part of :class:`core.archive.archive.Archive` that the services use."""

    def receive(
        self,
        *,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax_uid: str,
        source: str,
        limit: int = 0,
    ) -> Incoming:
        """Begin to take an object; raises ArchiveError."""

    def find(self, identifier: Dataset, root: Root) -> Iterator[Dataset]:
        """The matches of a query, PS3.4 C.2; raises UsageError."""

    def instance(self, sop_instance_uid: str) -> Instance:
        """One object by its UID; raises NotHeldError."""

    def select(self, identifier: Dataset, root: Root) -> list[Instance]:
        """The objects a retrieve asks for, PS3.4 C.4.2; raises UsageError."""


class Sender(Protocol):
    """The part of :class:`core.network.scu.Caller` that C-MOVE uses for its sub-operations."""

    def store(
        self,
        peer: Modality,
        items: Sequence[Instance | Path],
        *,
        originator: tuple[str, int] | None = None,
        cancel: threading.Event | None = None,
    ) -> Generator[SendResult, None, None]:
        """Send objects; one result for each."""
