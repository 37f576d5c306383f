"""Objects that we asked for and that are not for the archive: who waits for which of them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:  # the station has one of these before it needs a DICOM library
    from core.network.ports import Taker


class Awaited(Struct, frozen=True, kw_only=True, eq=False):
    """One C-MOVE of ours whose object `taker` is to have.

    `own_title` and `message_id` come back with it as Move Originator (PS3.7 9.1.1.1). A peer that
    leaves these out is known by its own AE title and the SOP Instance UID asked for, and only
    while `alone` says that nothing else of ours could bring that object.
    """

    message_id: int
    own_title: str
    peer_title: str
    sop_instance_uid: str
    """Empty where any object will do; then the Move Originator has to be there."""
    taker: Taker
    alone: Callable[[], bool]

    def is_due(self, originator: str, message_id: int | None, source: str, uid: str) -> bool:
        """Whether an object with these values is what is waited for."""
        if message_id is not None or originator:
            return message_id == self.message_id and originator.strip() == self.own_title
        named = bool(self.sop_instance_uid) and uid.strip(" \0") == self.sop_instance_uid
        return named and source.strip() == self.peer_title and self.alone()


class AwaitedObjects:
    """What a station waits for, shared by its looks and its listener; safe from any thread."""

    def __init__(self) -> None:
        self._open: tuple[Awaited, ...] = ()
        self._lock = threading.Lock()

    @property
    def any(self) -> bool:
        """Whether anything is waited for."""
        return bool(self._open)

    @contextlib.contextmanager
    def awaiting(self, awaited: Awaited) -> Iterator[None]:
        """Have what is due given to its taker within the context."""
        with self._lock:
            self._open = (*self._open, awaited)
        try:
            yield
        finally:
            with self._lock:
                self._open = tuple(other for other in self._open if other is not awaited)

    def taker(self, originator: str, message_id: int | None, source: str, uid: str) -> Taker | None:
        """Who is to have an object; None where nobody waits for it, so that it is the archive's."""
        for awaited in self._open:
            if awaited.is_due(originator, message_id, source, uid):
                return awaited.taker
        return None
