"""Ask modalities what they have, side by side in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input

from core.model import Instance, Match, Ref
from tui.bridge import News
from tui.commands import Place, bindings
from tui.levels import COLUMNS, WORKLIST, WORKLIST_COLUMNS, Step, label_of, ref_of
from tui.query_fields import ROOT_WORDS, FieldError
from tui.query_memory import ARCHIVE, Remembered
from tui.safe_text import safe_content
from tui.screens.choose_several import ChooseSeveral
from tui.screens.dialogs import Choice, Choose, Reader
from tui.screens.listing import Listing
from tui.screens.query.asking import (
    PEER_COLUMN,
    PeerStep,
    doubts,
    full_states,
    names_in_words,
    states,
)
from tui.screens.query.copying import Copying
from tui.screens.query.fields import Fields
from tui.screens.query.library import Library
from tui.screens.query.looking import Looking
from tui.screens.query.retrieving import Retrieving
from tui.widgets.words import Words

ROOTS = tuple(ROOT_WORDS)
_HIGH = 40


class QueryScreen(Fields, Looking, Retrieving, Library, Copying):
    """The fields on top, the answers below."""

    PLACE = Place.QUERY
    TABLES: ClassVar = {
        **{level.value: (PEER_COLUMN, *columns) for level, columns in COLUMNS.items()},
        WORKLIST: (PEER_COLUMN, *WORKLIST_COLUMNS),
    }
    BINDINGS: ClassVar = [
        *bindings(Place.QUERY),
        Binding("tab", "next_field(1)", "Next field", show=False),
        Binding("shift+tab", "next_field(-1)", "Field before", show=False),
        Binding("down", "leave_fields", "To the rows", show=False),
        Binding("enter", "ask", "Ask", show=False),  # where the table has no row to open
    ]

    def body(self) -> ComposeResult:
        """The fields, and the tables."""
        yield self.form
        yield from self.tables()

    def on_mount(self) -> None:
        """Start with those asked last, or the first modality."""
        if not self.peers:
            self.peers = tuple(m.name for m in self.station.modalities.all()[:1])
            self.calls.ask(self.memory.read, self._start_with, group="start")
        self.show_crumbs()
        self._hint()

    def _start_with(self, kept: Remembered) -> None:
        self.take_kept(kept)
        last = self.known(kept.history[0].asked.peers) if kept.history else ()
        if last and not self.path:
            self.peers = last
            self.show_crumbs()

    def place_name(self) -> str:
        """Whom we ask, and for what."""
        names = self.askable()
        if not names:
            return "No modality to ask yet: add one in Network (1), or choose by p"
        peer = self.modality(names[0])
        whom = f"{names[0]} ({peer.ae_title})" if len(names) == 1 and peer else ""
        return f"{whom or names_in_words(names)} {ROOT_WORDS[self.root]}"

    def heard(self, news: News) -> None:
        """Keep to the modalities there are."""
        if news.modalities_changed:
            first = tuple(m.name for m in self.station.modalities.all()[:1])
            self.peers = self.known(self.peers) or first
            self.show_crumbs()

    # -- whom

    def choose(self, *names: str) -> None:
        """Ask these modalities from now on, and begin anew."""
        peers = self.known(names)
        if peers:
            self.calls.forget("start")
            self.peers = peers
            self.forget()
            self.set_focus(self.table_named(self.top.table))

    def action_peer(self) -> None:
        """Choose whom to ask: one, or several side by side."""
        choices = [
            Choice(m.name, m.name, f"{m.ae_title} {m.host}:{m.port}")
            for m in self.station.modalities.all()
        ]
        choices.append(Choice(ARCHIVE, ARCHIVE, "what is held here"))
        selected = self.peers[0] if self.peers else ""
        self.app.push_screen(
            ChooseSeveral("Ask whom", choices, selected=selected),
            lambda names: self.choose(*names) if names else None,
        )

    def action_top(self) -> None:
        """Choose whom to ask, by a click on the peer; from further down, go up."""
        if len(self.path) > 1:
            super().action_top()
        else:
            self.action_peer()

    def action_level(self) -> None:
        """Start from studies, from patients, or from the worklist."""
        self.root = ROOTS[(ROOTS.index(self.root) + 1) % len(ROOTS)]
        self.form.start_from(self.root)
        self.forget()
        self.action_rerun()

    def to_keep(self) -> dict[str, str]:
        """What is asked for: the level, or the worklist."""
        return {"root": self.root.value}

    def put_back(self, kept: Mapping[str, str]) -> None:
        """Start from the level of the last session."""
        self.root = next((root for root in ROOTS if root.value == kept.get("root")), self.root)
        self.form.start_from(self.root)
        self.show_crumbs()

    # -- asking

    def action_ask(self) -> None:
        """Run the query, by enter where there is no row to open."""
        if not (self.path and self.here.running):
            self.action_rerun()

    def action_rerun(self) -> None:
        """Ask again for what is in sight."""
        if len(self.path) > 1:
            step = self.here.step
            self.path.pop().stop()
            self.go(step)
        else:
            self.ask_again()

    @on(Input.Submitted)
    def ask_again(self) -> None:
        """Ask what the fields say; where they say what cannot be asked, say that."""
        self.calls.forget("start")
        try:
            filters = tuple(self.form.keys().items())
        except FieldError as error:
            self.form.tell_wrong(error)
            return
        peers = self.askable()
        if not peers:
            self.say("There is nobody to ask: add a modality in Network (1), or choose by p.")
            return
        top = self.top
        step = PeerStep(top.level, None, "", filters, top.worklist, peers, self.limit)
        self.restart(step)
        asked = self.asked()
        self.remember(lambda: self.memory.note(asked))

    def go(self, step: Step) -> None:
        """Go one step down."""
        if self.path:
            self.table_named(step.table).filter_text = ""  # it was for the rows of another study
        super().go(step)

    async def action_open(self) -> None:
        """Go down, at the peer whose row it is; of a worklist step, show all that it says."""
        match = self.current()
        if match is None:
            return
        if self.here.step.worklist:
            self.app.push_screen(Reader("Scheduled procedure step", _all_values(match)))
            return
        below = match.level.below
        if below is None:
            await self.run_action("inspect")
            return
        ref = ref_of(match, self.here.step.of)
        name = match.peer or ARCHIVE
        label = f"{name}: {label_of(match)}" if len(self.here.runs) > 1 else label_of(match)
        self.go(PeerStep(below, ref, label, peers=(name,), limit=self.limit))

    def forget(self) -> None:
        """Drop what is listed: it is not what one asks for now."""
        for listing in self.path:
            listing.stop()
        self.path = []
        for name in self.TABLES:
            self.table_named(name).clear()
        self.set_class(False, "-deep")
        self.show_crumbs()
        self._hint()

    def _hint(self) -> None:
        hint = "enter asks, f goes to the fields, d to the date, p says whom to ask."
        self.query_one("#outcome", Words).update(safe_content(hint, "$text-muted"))
        for name in self.TABLES:
            self.table_named(name).say_empty("nothing asked yet: press enter")

    # -- how those asked do

    def show_outcome(self) -> None:
        """Say how it goes; where no row came, in the place of rows too."""
        super().show_outcome()
        if self.path:
            words = "waiting for the first answer" if self.here.running else "nothing"
            self.table.say_empty(words)

    def outcome_words(self, listing: Listing) -> Content:
        """How a listing went: of one peer in full, of several a line for each."""
        if len(listing.runs) > 1:
            lines = 8 if self.size.height >= _HIGH else 4
            return states(listing, self.size.width - 2, lines)
        run = next(iter(listing.runs), None)
        if run and run.capped and not run.running:
            return states(listing, self.size.width - 2, 2)
        words = super().outcome_words(listing)
        if run and run.silent and not run.running and not run.incomplete:
            words = Content.assemble(words, (doubts(run), "$text-warning"))
        return words

    @on(events.Click, "#outcome")
    def action_states(self) -> None:
        """Say of each of those asked how it went, in full."""
        if self.path:
            self.app.push_screen(Reader("Answers", full_states(self.here)))

    def action_stop(self) -> None:
        """Send C-CANCEL to one of those asked, or to all."""
        running = [run for run in self.here.runs if run.running] if self.path else []
        if not running:
            self.say("Nobody is asked now.")
        elif len(running) == 1:
            self._stop(running[0].name)
        else:
            choices = [Choice(run.name, run.name, f"{run.count:,} so far") for run in running]
            choices.append(Choice("", "all", "esc does that too"))
            self.app.push_screen(
                Choose("Cancel", choices, text="Stop asking (C-CANCEL):"),
                lambda name: None if name is None else self._stop(name),
            )

    def _stop(self, name: str) -> None:
        for run in self.here.runs if self.path else []:
            if run.running and name in ("", run.name):
                run.cancel.set()
        self.show_outcome()

    # -- the objects themselves

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
            self.say("Not held here yet: m retrieves it, I looks at one instance.")


def _all_values(match: Match) -> str:
    rows = [(key.rpartition(".")[2], value) for key, value in match.values.items() if value]
    width = max((len(key) for key, _ in rows), default=0)
    return "\n".join(f"{key:{width}}  {value}" for key, value in rows)
