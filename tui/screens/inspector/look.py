"""The inspector on an object that was fetched to be looked at, and is gone when it is closed."""

from __future__ import annotations

from core.errors import ModalittyError
from core.events import Severity
from core.model import Stored
from core.model.look import Look
from tui.screens.inspector.screen import InspectorScreen
from tui.session import Session


class LookScreen(InspectorScreen):
    """One object of a peer: its file goes with the screen, unless it is kept."""

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__(session, look.instance.ref)
        self._look = look
        self._is_kept = False
        self._is_being_kept = False
        self._leaves = False
        """Whether to close it once it is kept."""

    def find_series(self) -> None:
        """Nothing else of its series is here."""

    def on_unmount(self) -> None:
        """Take the file away, in a thread."""
        self.calls.ask(lambda: self.station.looks.close(self._look), lambda _: None)

    def which(self) -> str:
        """Whose object it is, and that it is not kept."""
        parts = (f"of {self._look.peer}", self._look.note)
        how = "" if self.session.read_only else ": s keeps it"
        kept = "kept" if self._is_kept else f"not kept{how}"
        return ", ".join(part for part in (*parts, kept) if part)

    def action_keep(self) -> None:
        """Store it in the archive."""
        if self._is_kept:
            self.say("It is in the archive already.")
        elif not self._is_being_kept:
            self._is_being_kept = True
            self.calls.ask(
                lambda: self.station.looks.keep(self._look), self._kept, failed=self._not_kept
            )

    def action_back(self) -> None:
        """Close the object; one that is being stored once that is done, for its file goes then."""
        if self._is_being_kept:
            self._leaves = True
        else:
            super().action_back()

    def _kept(self, stored: Stored) -> None:
        self._is_kept = True
        self._is_being_kept = False
        self.show_words()
        self.say("It is in the archive now.", Severity.INFO)
        if self._leaves:
            self.action_back()

    def _not_kept(self, error: ModalittyError) -> None:
        self._is_being_kept = self._leaves = False
        self.fault(error)
