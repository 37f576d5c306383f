"""What this package needs of its neighbours, by shape: settings that may change, and an archive."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from pydicom import Dataset

from core.model import Instance, Modality, Outcome, Root, SendResult, Stored
from core.network.association import Association, Context, Message
from core.network.command import Verb
from core.network.mapped import DataSet
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

    def finish(self) -> None:
        """After the answer: do what could wait; forget it, leaving nothing, if not committed."""


class Taker(Protocol):
    """Where objects go that a peer sends: into the archive, or to whoever waits for one."""

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


class Archive(Taker, Protocol):
    """The part of :class:`core.archive.archive.Archive` that the services use."""

    def find(
        self,
        identifier: Dataset,
        root: Root,
        *,
        transfer_syntax: str,
        ae_title: str,
        relational: bool = False,
        combined: bool = False,
    ) -> Iterator[bytes | None]:
        """The encoded identifiers of the matches of a query, PS3.4 C.2; raises UsageError.

        None comes now and then while nothing matches. `ae_title` is their Retrieve AE Title.
        `relational` and `combined` are what extended negotiation agreed on, PS3.4 C.5.1.1.
        """

    def wait_ready(self, seconds: float) -> None:
        """Return when a burst would come in at full speed, or after so many seconds."""

    def catch_up(self) -> None:
        """Return when what was taken by now has its files."""

    def instance(self, sop_instance_uid: str) -> Instance:
        """One object by its UID; raises NotHeldError."""

    def select(
        self, identifier: Dataset, root: Root, *, relational: bool = False
    ) -> list[Instance]:
        """The objects a retrieve asks for, PS3.4 C.4.2; raises UsageError."""


class Exchange(Protocol):
    """An association on which objects can be sent, whoever asked for it."""

    association: Association

    def ask(self, context: Context, commands: bytes, data: DataSet | None, /) -> None:
        """Send a request; raises LinkError."""

    def await_answer(self, verb: Verb, context: Context, message_id: int, /) -> Message:
        """Wait for the response to it; raises LinkError."""

    def outcome(self, service: str, message: Message, /) -> Outcome:
        """What a final response tells."""

    def stopped(self) -> bool:
        """Whether no more is wanted; asked while an object is converted. Raises LinkError."""


class Sender(Protocol):
    """The part of :class:`core.network.scu.Caller` that C-MOVE and C-GET use."""

    def store(
        self,
        peer: Modality,
        items: Sequence[Instance | Path],
        *,
        originator: tuple[str, int] | None = None,
        cancel: threading.Event | None = None,
    ) -> Generator[SendResult, None, None]:
        """Send objects; one result for each."""

    def store_on(
        self, exchange: Exchange, instances: Sequence[Instance]
    ) -> Generator[SendResult, None, None]:
        """Send objects on an association that is open; one result for each."""
