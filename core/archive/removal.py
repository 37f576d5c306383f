"""Objects on their way out: file and record go together, whatever is cut short when."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from core.archive.arrivals import Arrivals
from core.archive.claims import Claims
from core.archive.disk import Reserve, fault
from core.archive.files import ObjectFiles
from core.archive.index import Index
from core.errors import ArchiveError, OutOfResourcesError

_AT_ONCE = 256
"""Deletions that share a sync."""


class Remover(Struct, frozen=True, kw_only=True):
    """Removes objects by their SOP Instance UIDs."""

    files: ObjectFiles
    index: Index
    claims: Claims
    arrivals: Arrivals
    reserve: Reserve

    def remove(self, uids: Iterable[str]) -> int:
        """Set files aside, drop the records durably, then the files; returns how many there were.

        Cut short, it is finished when the archive opens. Raises ArchiveError.
        """
        count = 0
        gone: list[str] = []
        try:
            for uid in uids:
                with self.claims.claim(uid):
                    count += self._remove_one(uid, gone)
                if len(gone) >= _AT_ONCE:
                    self._let_go(gone)
        finally:
            self._let_go(gone)
        return count

    def _remove_one(self, uid: str, gone: list[str]) -> int:
        held = self.index.held(uid)
        if held is None:
            return 0
        self.arrivals.require_not_left(uid)
        files = self.files
        place = files.place_of(held)
        try:
            aside = files.set_aside(place)
        except FileNotFoundError:
            aside = ""
        except OSError as error:
            raise fault(error, "delete an object") from error
        try:
            self._drop_record(uid, gone)
        except ArchiveError:
            if aside:
                files.bring_back(aside, place)
            raise
        self.arrivals.strike_out(uid)
        gone.append(aside)
        files.remove(place)
        return 1

    def _drop_record(self, uid: str, gone: list[str]) -> None:
        try:
            self.index.remove([uid])
        except OutOfResourcesError:
            # Those before it make room, and then it does.
            self._let_go(gone)
            self.reserve.give()
            self.index.remove([uid])

    def _let_go(self, gone: list[str]) -> None:
        """Make deletions durable, and let their files go: before, their records might come back."""
        if gone:
            self.arrivals.sync_struck()
            self.index.storage.sync(self.index.storage.journal.end)
            for aside in filter(None, gone):
                self.files.drop(aside)
            gone.clear()
            self.reserve.make()
