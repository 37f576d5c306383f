"""Ask a modality what it has, and retrieve it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid, Horizontal
from textual.widgets import Input, Label, Static

from core.model import Instance, Level, Match, Modality, Outcome, Query, Ref, Root
from tui.bridge import News
from tui.commands import Place, bindings
from tui.dates import date_range
from tui.levels import WORDS, Step
from tui.safe_text import safe_content
from tui.screens.browser import BrowserScreen, Listing
from tui.screens.dialogs import Choice, Choose
from tui.session import Session
from tui.widgets.row_table import RowTable


@dataclass(frozen=True)
class SearchField:
    """One field of the form: its attribute, its label, an example."""

    keyword: str
    label: str
    example: str
    of_patient: bool = False


FIELDS = (
    SearchField("PatientName", "Patient", "Smith*", of_patient=True),
    SearchField("PatientID", "Patient ID", "4711", of_patient=True),
    SearchField("StudyDate", "Date", "today, -7d, 2024-01-31"),
    SearchField("ModalitiesInStudy", "Modality", "CT"),
    SearchField("AccessionNumber", "Accession", "A123"),
    SearchField("StudyDescription", "Description", "*thorax*"),
)


class QueryScreen(BrowserScreen):
    """The fields on top, the answers below."""

    PLACE = Place.QUERY
    BINDINGS: ClassVar = [
        *bindings(Place.QUERY),
        Binding("down", "leave_fields", "To the rows", show=False),
        Binding("enter", "ask", "Ask", show=False),  # where the table has no row to open
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.peer: Modality | None = None
        self.level = Level.STUDY

    def body(self) -> ComposeResult:
        """Six fields, and the tables."""
        with Grid(id="fields"):
            for field in FIELDS:
                with Horizontal(classes="field"):
                    yield Label(field.label, markup=False)
                    yield Input(placeholder=field.example, id=field.keyword, compact=True)
        yield Static(id="wrong", markup=False)
        yield from self.tables()

    def on_mount(self) -> None:
        """Start with the first modality."""
        if self.peer is None:
            modalities = self.station.modalities()
            self.peer = modalities[0] if modalities else None
        self._tell_wrong("")
        self.show_crumbs()
        self._hint()

    def source(self, query: Query, cancel: threading.Event) -> Iterator[Match | Outcome]:
        """Ask the peer by C-FIND."""
        if self.peer:
            yield from self.station.find(self.peer, query, cancel)

    def place_name(self) -> str:
        """Whom we ask, and for what."""
        if self.peer is None:
            return "No modality to ask yet: add one in Network (1)"
        return f"{self.peer.name} ({self.peer.ae_title}) {WORDS[self.level][1]}"

    def action_top(self) -> None:
        """Choose whom to ask, by a click on the peer; from further down, go up."""
        if len(self.path) > 1:
            super().action_top()
        else:
            self.action_peer()

    def heard(self, news: News) -> None:
        """Keep to the modalities there are."""
        if news.modalities_changed:
            modalities = self.station.modalities()
            name = self.peer.name if self.peer else ""
            found = next((m for m in modalities if m.name == name), None)
            self.peer = found or next(iter(modalities), None)
            self.show_crumbs()

    def choose(self, name: str) -> None:
        """Ask this modality from now on, and begin anew."""
        peer = next((m for m in self.station.modalities() if m.name == name), None)
        if peer is None:
            return
        self.peer = peer
        self._forget()
        self.action_fields()

    # -- commands

    def action_fields(self) -> None:
        """Go to the search fields."""
        self.action_up(0)
        self.query_one("#PatientName").focus()

    def action_leave_fields(self) -> None:
        """Go from the fields to the rows."""
        if isinstance(self.focused, Input) and self.path:
            self.table.focus()

    def action_back(self) -> None:
        """Leave the fields; stop what runs; go up."""
        if isinstance(self.focused, Input):
            self.table_of(self.level).focus()
        else:
            super().action_back()

    def action_peer(self) -> None:
        """Choose whom to ask."""
        choices = [
            Choice(m.name, m.name, f"{m.ae_title} {m.host}:{m.port}")
            for m in self.station.modalities()
        ]
        if not choices:
            self.say("There is no modality yet: add one in Network (1).")
            return
        dialog = Choose("Ask whom", choices, selected=self.peer.name if self.peer else "")
        self.app.push_screen(dialog, lambda name: self.choose(name) if name else None)

    def action_level(self) -> None:
        """Start from patients, or from studies."""
        self.level = Level.PATIENT if self.level is Level.STUDY else Level.STUDY
        self.root = Root.PATIENT if self.level is Level.PATIENT else Root.STUDY
        for field in FIELDS:
            hide = self.level is Level.PATIENT and not field.of_patient
            self.query_one(f"#{field.keyword}", Input).disabled = hide
        self._forget()
        self.action_rerun()

    def action_ask(self) -> None:
        """Run the query, by enter where there is no row to open."""
        if not (self.path and self.here.running):
            self.action_rerun()

    def action_clear(self) -> None:
        """Empty the fields."""
        for field in FIELDS:
            self.query_one(f"#{field.keyword}", Input).value = ""
        self.action_fields()

    def action_rerun(self) -> None:
        """Ask again for what is in sight."""
        if len(self.path) > 1:
            step = self.here.step
            self.path.pop().cancel.set()
            self.go(step)
            return
        self._run_fields()

    def run(self, listing: Listing) -> None:
        """Ask, and say so where the rows will be."""
        self.table_of(listing.step.level).say_empty("waiting for the first answer")
        super().run(listing)

    def show_outcome(self) -> None:
        """Say how it went, in place of the rows too where there are none."""
        super().show_outcome()
        if self.path and not self.here.running:
            self.table.say_empty("nothing came: f changes the fields, enter asks again")

    @on(Input.Submitted)
    def _run_fields(self) -> None:
        if self.peer is None:
            self.say("There is no modality yet: add one in Network (1).")
            return
        try:
            filters = self._filters()
        except ValueError as error:
            self._tell_wrong(str(error))
            self.query_one("#StudyDate").focus()
            return
        self._tell_wrong("")
        self.restart(Step(self.level, filters=filters))

    def _tell_wrong(self, fault: str) -> None:
        line = self.query_one("#wrong", Static)
        line.update(safe_content(fault, "$text-error"))
        line.display = bool(fault)

    def _filters(self) -> tuple[tuple[str, str], ...]:
        """The fields as matching values; ValueError says what is wrong."""
        out = []
        for field in FIELDS:
            line = self.query_one(f"#{field.keyword}", Input)
            value = line.value.strip()
            if value and not line.disabled:
                is_date = field.keyword == "StudyDate"
                out.append((field.keyword, date_range(value, date.today()) if is_date else value))
        return tuple(out)

    def _hint(self) -> None:
        hint = (
            "enter asks with the fields as they are; f goes to the fields, p chooses whom to ask."
        )
        self.query_one("#outcome", Static).update(safe_content(hint, "$text-muted"))
        for level in Level:
            self.table_of(level).say_empty("nothing asked yet: press enter")

    def _forget(self) -> None:
        """Drop what is listed: it is not what one asks for now."""
        for listing in self.path:
            listing.cancel.set()
        self.path = []
        for level in Level:
            self.calls.forget(level.value)
            self.table_of(level).clear()
        self.set_class(False, "-deep")
        self.show_crumbs()
        self._hint()

    # -- retrieve

    def action_retrieve(self) -> None:
        """Ask where to, then retrieve the marked rows or this one."""
        refs = self.chosen()
        if not refs or self.peer is None:
            self.say("There is nothing under the cursor to retrieve.")
            return
        own = self.station.settings.station.ae_title
        others = sorted({m.ae_title for m in self.station.modalities()} - {own, self.peer.ae_title})
        choices = [Choice(own, own, "this station"), *(Choice(ae, ae, "") for ae in others)]
        label = self.label()
        text = f"{label}\nfrom {self.peer.name} by C-MOVE to:"
        if self.station.listening is None:
            text += "\n! We are not listening: nothing can arrive here."
        self.app.push_screen(
            Choose("Retrieve", choices, text=text, selected=own),
            partial(self._retrieve, self.peer, refs, label, own),
        )

    def _retrieve(
        self, peer: Modality, refs: list[Ref], label: str, own: str, target: str | None
    ) -> None:
        if target is None:
            return
        destination = "" if target == own else target
        self.calls.ask(
            lambda: self.station.retrieve(peer, refs, destination), partial(self.started, label)
        )

    def inspect(self, ref: Ref, instances: tuple[Instance, ...]) -> None:
        """Open what is held here of a match."""
        if instances:
            super().inspect(ref, instances)
        else:
            self.say("Not held here yet: m retrieves it.")

    def on_key(self, event: events.Key) -> None:
        """Let `up` at the first row go back to the fields."""
        at_top = isinstance(self.focused, RowTable) and len(self.path) <= 1
        if event.key == "up" and at_top and self.table_of(self.level).cursor_row == 0:
            event.stop()
            self.action_fields()
