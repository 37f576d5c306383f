"""Objects that we asked for by C-MOVE and that are not for the archive: who waits for which."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:  # the station has one of these before it needs a DICOM library
    from core.network.ports import Taker


class Awaited(Struct, frozen=True, kw_only=True, eq=False):
    """One C-MOVE of ours whose objects `taker` is to have.

    `own_title` and `message_id` come back with them as Move Originator (PS3.7 9.1.1.1). What a peer
    sends without these is the archive's: it may be on its way to us for another reason, and what
    is answered as stored is not to be thrown away.
    """

    message_id: int
    own_title: str
    taker: Taker


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

    def taker(self, originator: str, message_id: int | None) -> Taker | None:
        """Who is to have an object; None where nobody waits for it, so that it is the archive's."""
        title = originator.strip()
        for awaited in self._open:
            if (awaited.message_id, awaited.own_title) == (message_id, title):
                return awaited.taker
        return None
