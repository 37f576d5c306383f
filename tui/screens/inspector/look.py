"""The inspector on an object that was fetched to be looked at, and is gone when it is closed."""

from __future__ import annotations

from core.events import Severity
from core.model import Level, Ref, Stored
from core.model.look import Look
from tui.screens.inspector.screen import InspectorScreen
from tui.session import Session


class LookScreen(InspectorScreen):
    """One object of a peer: its file goes with the screen, unless it is kept."""

    def __init__(self, session: Session, look: Look) -> None:
        one = Ref(
            level=Level.IMAGE,
            study_uid=look.instance.study_uid,
            series_uid=look.instance.series_uid,
            sop_instance_uid=look.instance.sop_instance_uid,
        )
        super().__init__(session, one)
        self._look = look
        self._is_kept = False

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
        else:
            self.calls.ask(lambda: self.station.looks.keep(self._look), self._kept, group="keep")

    def _kept(self, stored: Stored) -> None:
        self._is_kept = True
        self.show_words()
        self.say("It is in the archive now.", Severity.INFO)
