"""Copying a query, or the retrieve of the marked rows, as commands for a shell."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from core.model import Level, Match, Modality, Ref
from tui.copy_as import (
    Ourselves,
    findscu,
    getscu,
    modalitty_find,
    modalitty_get,
    modalitty_retrieve,
    movescu,
)
from tui.levels import ref_of
from tui.query_memory import ARCHIVE
from tui.screens.query.asking import PeerStep
from tui.screens.query.place import QueryPlace
from tui.screens.table_actions import Copy
from tui.widgets.row_table import RowTable

Retrieve = Callable[[Ourselves, Modality, Ref], str]


class Copying(QueryPlace):
    """Adds commands for a shell to what `Y` copies."""

    def copies(self, table: RowTable) -> list[Copy]:
        """The forms of every place, and commands: the query's, and what retrieves the rows."""
        finds = self._find_copies()
        retrieves = [
            ("modalitty move", modalitty_retrieve, "has these rows sent here"),
            ("modalitty get", modalitty_get, "fetches these rows by C-GET"),
            ("movescu", movescu, "has these rows sent here, by DCMTK"),
            ("getscu", getscu, "fetches these rows into a folder, by DCMTK"),
        ]
        rows = self._retrievable()
        own = [
            Copy(label, partial(self._retrieves, make, rows), hint)
            for label, make, hint in retrieves
            if all(_can(label, ref) for _, ref in rows)
        ]
        return [*finds, *(own if rows else []), *super().copies(table)]

    def action_copy_as(self) -> None:
        """Ask what to copy; the query itself too where it brought no rows."""
        if self.path and self.table.cursor_key is None:
            self.offer_copies(self._find_copies())
        else:
            super().action_copy_as()

    def _find_copies(self) -> list[Copy]:
        """The query itself, as it was asked."""
        finds = [
            Copy("modalitty find", partial(self._finds, modalitty_find), "asks this again"),
            Copy("findscu", partial(self._finds, findscu), "asks this again, by DCMTK"),
        ]
        return [copy for copy in finds if copy.text()]

    def _ourselves(self) -> Ourselves:
        settings, station = self.station.settings.station, self.station
        return Ourselves(settings.ae_title, settings.tls, station.config_path, station.data_folder)

    def _finds(self, make: Callable[..., str]) -> str:
        step = self.here.step
        query, us = step.query(self.root), self._ourselves()
        names = step.peers if isinstance(step, PeerStep) else ()
        lines = [make(us, peer, query) for name in names if (peer := self.modality(name))]
        if ARCHIVE in names and make is modalitty_find:
            lines.append(modalitty_find(us, None, query))
        return "\n".join(lines)

    def _retrievable(self) -> list[tuple[Modality, Ref]]:
        """The marked rows or this one, each with whom it is of; none of the own archive."""
        if not self.path or self.here.step.worklist:
            return []
        found = (self.here.matches.get(str(key)) for key in self.table.selected())
        above = self.here.step.of
        rows: list[tuple[Match, Modality | None]] = [
            (match, self.modality(match.peer)) for match in found if match
        ]
        return [(peer, ref_of(match, above)) for match, peer in rows if peer]

    def _retrieves(self, make: Retrieve, rows: list[tuple[Modality, Ref]]) -> str:
        us = self._ourselves()
        return "\n".join(make(us, peer, ref) for peer, ref in rows)


def _can(label: str, ref: Ref) -> bool:
    """Our own program retrieves by study and below."""
    return ref.level is not Level.PATIENT or not label.startswith("modalitty")
