"""Looking at one object of a match, fetched for that and not kept."""

from __future__ import annotations

import threading

from textual.content import Content

from core.errors import ModalittyError
from core.model import Outcome
from core.model.look import Look
from tui.levels import ref_of
from tui.outcomes import outcome_lines
from tui.safe_text import safe_content
from tui.screens.dialogs import Reader
from tui.screens.query.answer import answer_lines
from tui.screens.query.place import QueryPlace
from tui.screens.quick_look import look_at
from tui.session import Session
from tui.widgets.words import Words

_Said = str | Look | Outcome


class Looking(QueryPlace):
    """The command that fetches one instance of the row under the cursor, and opens it."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._fetching: threading.Event | None = None
        """Set where no more is wanted; None where nothing is being fetched."""
        self._words: Content | None = None
        """How the look goes, in the place of how the query went."""

    def action_look(self) -> None:
        """Fetch the middle instance of what is under the cursor, and open tags and picture."""
        match = self.current()
        if match is None or self.here.step.worklist:
            self.say("There is nothing under the cursor to look at.")
        elif self._fetching is not None:
            self.say("One is being fetched already: esc stops that.")
        elif (peer := self.modality(match.peer)) is None:
            self.action_inspect()  # a row of our own archive
        else:
            self._fetching = cancel = threading.Event()
            ref = ref_of(match, self.here.step.of)
            self.calls.stream(
                lambda: self.station.looks.fetch(peer, ref, cancel),
                self._looked,
                group="",
                done=self._no_more,
                failed=self._look_failed,
            )

    def action_answer(self) -> None:
        """Show the identifier that was answered for the row under the cursor."""
        if (match := self.current()) is None:
            self.say("There is nothing under the cursor that was answered.")
        else:
            title = f"Answer of {match.peer or 'the own archive'}"
            self.app.push_screen(Reader(title, answer_lines(match)))

    def action_back(self) -> None:
        """Stop what is being fetched; otherwise what else esc does."""
        if self._fetching is not None and not self._fetching.is_set():
            self._fetching.set()
            self._tell(Content.styled("… Stopping", "$text-warning"))
        else:
            super().action_back()

    def show_outcome(self) -> None:
        """Say how the look goes while there is one."""
        if self._words is not None and self._fetching is not None:
            self.query_one("#outcome", Words).update(self._words)
        else:
            super().show_outcome()

    def _tell(self, words: Content) -> None:
        self._words = words
        self.query_one("#outcome", Words).update(words)

    def _looked(self, items: list[_Said]) -> None:
        for item in items:
            if isinstance(item, Look):
                self._open_look(item)
            elif isinstance(item, Outcome):
                self._no_more()
                self._tell(outcome_lines(item))
            elif self._fetching is not None and not self._fetching.is_set():
                said = item[:1].upper() + item[1:]
                self._tell(safe_content(f"… {said}, esc stops", "$text-accent"))

    def _open_look(self, look: Look) -> None:
        self._no_more()
        self.show_outcome()
        if not self.is_current:
            self.calls.ask(lambda: self.station.looks.close(look), lambda _: None)
            self.say("What was fetched to be looked at is gone: another place was gone to.")
        elif look.held:
            if look.note:
                self.say(f"Held here: {look.note}.")
            look_at(self, look.instance.ref, (look.instance,))
        else:
            from tui.screens.inspector.look import LookScreen  # late: as the inspector is

            self.app.push_screen(LookScreen(self.session, look))

    def _no_more(self) -> None:
        self._fetching = None

    def _look_failed(self, error: ModalittyError) -> None:
        self._no_more()
        self.show_outcome()
        self.fault(error)
