"""Objects on their way out: file and record go together, whatever is cut short when."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from core.archive.arrivals import Arrivals
from core.archive.claims import Claims
from core.archive.disk import fault
from core.archive.files import ObjectFiles
from core.archive.index import Index
from core.errors import ArchiveError


class Remover(Struct, frozen=True, kw_only=True):
    """Removes objects by their SOP Instance UIDs."""

    files: ObjectFiles
    index: Index
    claims: Claims
    arrivals: Arrivals

    def remove(self, uids: Iterable[str]) -> int:
        """Set files aside, drop the records, then the files; returns how many there were.

        Cut short, it is finished when the archive opens. Raises ArchiveError.
        """
        count = 0
        for uid in uids:
            with self.claims.claim(uid):
                count += self._remove_one(uid)
        return count

    def _remove_one(self, uid: str) -> int:
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
            self.index.remove([uid])
        except ArchiveError:
            if aside:
                files.bring_back(aside, place)
            raise
        self.arrivals.strike_out(uid)
        if aside:
            files.drop(aside)
        files.remove(place)
        return 1
