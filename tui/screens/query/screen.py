"""Ask a modality what it has, and retrieve it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Grid, Horizontal
from textual.widgets import Input, Label, Static

from core.model import Instance, Level, Match, Modality, Outcome, Query, Ref, Retrieve, Root
from tui.bridge import News
from tui.commands import Place, bindings
from tui.dates import date_range
from tui.levels import WORDS, WORKLIST, WORKLIST_COLUMNS, Step
from tui.safe_text import safe_content
from tui.screens.browser import BrowserScreen
from tui.screens.dialogs import Choice, Choose, Reader
from tui.screens.listing import Listing, Run
from tui.session import Session
from tui.widgets.row_table import RowTable


@dataclass(frozen=True)
class SearchField:
    """One field of the form: its attribute, its label, an example.

    `of_patient`: it narrows patients too. `of_step` is its attribute in a worklist, if it has one.
    """

    keyword: str
    label: str
    example: str
    of_patient: bool = False
    of_step: str = ""

    def key(self, root: Root) -> str:
        """What it is called in this information model; empty where it has no place there."""
        if root is Root.WORKLIST:
            return self.of_step
        return self.keyword if root is not Root.PATIENT or self.of_patient else ""


FIELDS = (
    SearchField("PatientName", "Patient", "Smith*", True, "PatientName"),
    SearchField("PatientID", "Patient ID", "4711", True, "PatientID"),
    SearchField(
        "StudyDate", "Date", "today, -7d, 2024-01-31", of_step="ScheduledProcedureStepStartDate"
    ),
    SearchField("ModalitiesInStudy", "Modality", "CT", of_step="Modality"),
    SearchField("AccessionNumber", "Accession", "A123", of_step="AccessionNumber"),
    SearchField("StudyDescription", "Description", "*thorax*"),
)
ROOTS = (Root.STUDY, Root.PATIENT, Root.WORKLIST)
"""What `l` goes through."""


class QueryScreen(BrowserScreen):
    """The fields on top, the answers below."""

    PLACE = Place.QUERY
    TABLES: ClassVar = {**BrowserScreen.TABLES, WORKLIST: WORKLIST_COLUMNS}
    BINDINGS: ClassVar = [
        *bindings(Place.QUERY),
        Binding("down", "leave_fields", "To the rows", show=False),
        Binding("enter", "ask", "Ask", show=False),  # where the table has no row to open
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.peer: Modality | None = None

    @property
    def top(self) -> Step:
        """Where a query starts: patients, studies, or what is scheduled."""
        level = Level.PATIENT if self.root is Root.PATIENT else Level.STUDY
        return Step(level, worklist=self.root is Root.WORKLIST)

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
            modalities = self.station.modalities.all()
            self.peer = modalities[0] if modalities else None
        self._tell_wrong("")
        self.show_crumbs()
        self._hint()

    def answers(self, listing: Listing, run: Run) -> Iterator[Match | Outcome]:
        """Ask the peer."""
        return self.source(listing.step.query(self.root), run.cancel)

    def source(self, query: Query, cancel: threading.Event) -> Iterator[Match | Outcome]:
        """Ask the peer by C-FIND."""
        if self.peer and query.root is Root.WORKLIST:
            keys = {key: value for key, value in query.keys.items() if value}
            yield from self.station.worklist(self.peer, keys, query.limit, cancel)
        elif self.peer:
            yield from self.station.find(self.peer, query, cancel)

    def place_name(self) -> str:
        """Whom we ask, and for what."""
        if self.peer is None:
            return "No modality to ask yet: add one in Network (1)"
        what = "worklist" if self.root is Root.WORKLIST else WORDS[self.top.level][1]
        return f"{self.peer.name} ({self.peer.ae_title}) {what}"

    def action_top(self) -> None:
        """Choose whom to ask, by a click on the peer; from further down, go up."""
        if len(self.path) > 1:
            super().action_top()
        else:
            self.action_peer()

    def heard(self, news: News) -> None:
        """Keep to the modalities there are."""
        if news.modalities_changed:
            modalities = self.station.modalities.all()
            name = self.peer.name if self.peer else ""
            found = next((m for m in modalities if m.name == name), None)
            self.peer = found or next(iter(modalities), None)
            self.show_crumbs()

    def choose(self, name: str) -> None:
        """Ask this modality from now on, and begin anew."""
        peer = next((m for m in self.station.modalities.all() if m.name == name), None)
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
            self.table_named(self.top.table).focus()
        else:
            super().action_back()

    def action_peer(self) -> None:
        """Choose whom to ask."""
        choices = [
            Choice(m.name, m.name, f"{m.ae_title} {m.host}:{m.port}")
            for m in self.station.modalities.all()
        ]
        if not choices:
            self.say("There is no modality yet: add one in Network (1).")
            return
        dialog = Choose("Ask whom", choices, selected=self.peer.name if self.peer else "")
        self.app.push_screen(dialog, lambda name: self.choose(name) if name else None)

    def action_level(self) -> None:
        """Start from studies, from patients, or from the worklist."""
        self.root = ROOTS[(ROOTS.index(self.root) + 1) % len(ROOTS)]
        for field in FIELDS:
            self.query_one(f"#{field.keyword}", Input).disabled = not field.key(self.root)
        self._forget()
        self.action_rerun()

    async def action_open(self) -> None:
        """Go down; of a worklist, which has nothing below, show the row in full."""
        match = self.current()
        if match is None or not self.here.step.worklist:
            await super().action_open()
            return
        rows = [(key.rpartition(".")[2], value) for key, value in match.values.items() if value]
        width = max((len(key) for key, _ in rows), default=0)
        text = "\n".join(f"{key:{width}}  {value}" for key, value in rows)
        self.app.push_screen(Reader("Scheduled procedure step", text))

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
            self.path.pop().stop()
            self.go(step)
            return
        self._run_fields()

    def run(self, listing: Listing) -> None:
        """Ask, and say so where the rows will be."""
        self.table_named(listing.step.table).say_empty("waiting for the first answer")
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
        self.restart(replace(self.top, filters=filters))

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
                value = date_range(value, date.today()) if is_date else value
                out.append((field.key(self.root), value))
        return tuple(out)

    def _hint(self) -> None:
        hint = "enter asks; f goes to the search fields, p chooses whom to ask, l what for."
        self.query_one("#outcome", Static).update(safe_content(hint, "$text-muted"))
        for name in self.TABLES:
            self.table_named(name).say_empty("nothing asked yet: press enter")

    def _forget(self) -> None:
        """Drop what is listed: it is not what one asks for now."""
        for listing in self.path:
            listing.stop()
        self.path = []
        for name in self.TABLES:
            self.calls.forget(name)
            self.table_named(name).clear()
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
        if self.here.step.worklist:
            self.say("A worklist says what is planned: there is nothing to retrieve yet.")
            return
        own = self.station.settings.station.ae_title
        others = sorted(
            {m.ae_title for m in self.station.modalities.all()} - {own, self.peer.ae_title}
        )
        by_get = self.peer.retrieve is Retrieve.GET
        here, there = ("this station, by C-GET", "by C-MOVE") if by_get else ("this station", "")
        choices = [Choice(own, own, here), *(Choice(ae, ae, there) for ae in others)]
        label = self.label()
        text = f"{label}\nfrom {self.peer.name}{'' if by_get else ' by C-MOVE'} to:"
        if self.station.listening is None and not by_get:
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
            lambda: self.station.jobs.retrieve(peer, refs, destination),
            partial(self.started, label),
        )

    def action_inspect(self) -> None:
        """Open tags and picture of what is held here; a worklist has neither."""
        if self.path and self.here.step.worklist:
            self.say("A worklist has no objects: enter shows all that it says.")
        else:
            super().action_inspect()

    def inspect(self, ref: Ref, instances: tuple[Instance, ...]) -> None:
        """Open what is held here of a match."""
        if instances:
            super().inspect(ref, instances)
        else:
            self.say("Not held here yet: m retrieves it.")

    def on_key(self, event: events.Key) -> None:
        """Let `up` at the first row go back to the fields."""
        at_top = isinstance(self.focused, RowTable) and len(self.path) <= 1
        if event.key == "up" and at_top and self.table_named(self.top.table).cursor_row == 0:
            event.stop()
            self.action_fields()
