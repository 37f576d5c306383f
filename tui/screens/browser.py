"""Going down from studies to series to instances, over whatever can list them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import ContentSwitcher

from core.errors import ModalittyError
from core.model import Instance, Job, Level, Match, Outcome, OutcomeState, Query, Ref, Root
from tui import units
from tui.job_words import service
from tui.levels import (
    COLUMNS,
    Step,
    as_values,
    label_of,
    ref_of,
)
from tui.outcomes import outcome_lines
from tui.safe_text import safe_text
from tui.screens.listing import Listing, Run
from tui.screens.place import PlaceScreen
from tui.screens.quick_look import look_at
from tui.session import Session
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Values
from tui.widgets.row_table import RowTable
from tui.widgets.segment_line import CrumbLine, Segment
from tui.widgets.words import Words


class BrowserScreen(PlaceScreen):
    """A table per level, and a path through them; subclasses say where the rows come from."""

    TABLES: ClassVar[dict[str, tuple[Column, ...]]] = {
        level.value: columns for level, columns in COLUMNS.items()
    }

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.root = Root.STUDY
        self.path: list[Listing] = []

    # -- what subclasses say

    def source(self, query: Query, cancel: threading.Event) -> Iterator[Match | Outcome]:
        """List what `query` asks for; runs in a thread."""
        raise NotImplementedError

    def place_name(self) -> str:
        """How the way down begins: whose studies these are."""
        raise NotImplementedError

    def tables(self) -> ComposeResult:
        """The way down, a table per level, and the line that says how it went."""
        yield CrumbLine(id="crumbs")
        with ContentSwitcher(initial=Level.STUDY.value, id="levels"):
            for name, columns in self.TABLES.items():
                yield FilteredTable(RowTable(columns, id=f"rows-{name}"), id=name)
        yield Words(id="outcome", markup=False)

    def masked(self, on: bool) -> None:
        """Show the way down anew too."""
        super().masked(on)
        if self.path:
            self.show_crumbs()

    # -- where one is

    @property
    def here(self) -> Listing:
        """What is listed now."""
        return self.path[-1]

    @property
    def table(self) -> RowTable:
        """The table that shows now."""
        return self.table_named(self.here.step.table)

    def table_named(self, name: str) -> RowTable:
        """A table by the level it shows, or by its own name."""
        return self.query_one(f"#rows-{name}", RowTable)

    def current(self) -> Match | None:
        """The match under the cursor."""
        return self.here.matches.get(str(self.table.cursor_key)) if self.path else None

    def chosen(self) -> list[Ref]:
        """The marked rows, or the one under the cursor, as references."""
        if not self.path:
            return []
        found = (self.here.matches.get(str(key)) for key in self.table.selected())
        return [ref_of(match, self.here.step.of) for match in found if match]

    # -- going up and down

    async def action_open(self) -> None:
        """Go down into the row under the cursor; open an instance."""
        match = self.current()
        if match is None:
            return
        below = match.level.below
        if below is None:
            await self.run_action("inspect")
            return
        self.go(Step(below, ref_of(match, self.here.step.of), label_of(match)))

    @on(RowTable.RowOpened)
    async def _opened(self) -> None:
        await self.run_action("open")

    def action_back(self) -> None:
        """Stop what runs; otherwise go up."""
        if not self.path:
            return
        if self.here.running and not self.here.cancelling:
            self.here.stop()
            self.show_outcome()
        elif len(self.path) > 1:
            self.path.pop().stop()
            self.show_level()

    def go(self, step: Step) -> None:
        """Go one step down."""
        self.path.append(Listing(step))
        self.run(self.here)
        self.show_level()

    def restart(self, step: Step) -> None:
        """Begin again at the top."""
        for listing in self.path:
            listing.stop()
        self.path = []
        self.go(step)

    def show_level(self) -> None:
        """Show the table of the present level."""
        self.query_one("#levels", ContentSwitcher).current = self.here.step.table
        self.show_crumbs()
        self.show_outcome()
        self.set_class(len(self.path) > 1, "-deep")
        self.table.focus()

    def show_crumbs(self) -> None:
        """Show the way down to here."""
        segments = [Segment(safe_text(self.place_name()), "bold", "top")]
        for depth, listing in enumerate(self.path[1:], 1):
            segments.append(Segment(" → ", "$text-muted"))
            segments.append(Segment(safe_text(listing.step.label, 40), "", f"up({depth})"))
        self.query_one("#crumbs", CrumbLine).show(tuple(segments))

    def action_up(self, depth: int) -> None:
        """Go up to a step of the way down, by a click on it."""
        if 0 <= depth < len(self.path) - 1:
            for listing in self.path[depth + 1 :]:
                listing.stop()
            del self.path[depth + 1 :]
            self.show_level()

    def action_top(self) -> None:
        """Go up to the top, by a click on it."""
        self.action_up(0)

    # -- rows

    def run(self, listing: Listing) -> None:
        """Fetch the rows of one level, a thread for each of those asked; rows show as they come."""
        self.table_named(listing.step.table).clear()
        listing.runs = list(self.runs(listing.step))
        for run in listing.runs:
            self.calls.stream(
                partial(self.answers, listing, run),
                partial(self._rows, listing, run),
                group="",
                done=partial(self._done, listing, run),
                failed=partial(self._failed, listing, run),
            )

    def runs(self, step: Step) -> Sequence[Run]:
        """Whom to ask for a step: here, ourselves."""
        return (Run(),)

    def answers(self, listing: Listing, run: Run) -> Iterator[Match | Outcome]:
        """What one of those asked has; runs in a thread."""
        return self.source(listing.step.query(self.root), run.cancel)

    def row_values(self, listing: Listing, match: Match) -> Values:
        """What a table shows of a match."""
        return as_values(match.values)

    def _rows(self, listing: Listing, run: Run, items: list[Match | Outcome]) -> None:
        if listing not in self.path:
            return
        for item in items:
            if isinstance(item, Outcome):
                run.outcome = item
        rows = listing.add((item for item in items if isinstance(item, Match)), run)
        table = self.table_named(listing.step.table)
        table.add_rows([(key, self.row_values(listing, match)) for key, match in rows])
        self.show_outcome()

    def _done(self, listing: Listing, run: Run) -> None:
        run.end()
        self.show_outcome()

    def _failed(self, listing: Listing, run: Run, error: ModalittyError) -> None:
        run.end(
            Outcome(state=OutcomeState.FAILED, meaning=error.message, advice=error.hint),
        )
        self.show_outcome()

    def show_outcome(self) -> None:
        """Say how the listing in sight went, or goes."""
        if self.path:
            self.query_one("#outcome", Words).update(self.outcome_words(self.here))

    def outcome_words(self, listing: Listing) -> Content:
        """How a listing went, in words."""
        found = listing.step.counted(len(listing.matches))
        if listing.cancelling:
            return Content.styled(f"… Cancelling: {found} so far", "$text-warning")
        if listing.running:
            return Content.styled(f"… {found} so far, esc cancels", "$text-accent")
        outcome = listing.outcome
        if outcome and not outcome.ok:
            before = f"\n{found} before that" if listing.matches else ""
            return Content.assemble(outcome_lines(outcome), before)
        took = f" in {units.duration(outcome.seconds)}" if outcome and outcome.seconds else ""
        words = Content.styled(f"● {found}{took}", "$text-success")
        if not listing.matches:
            words = Content.styled(f"○ Nothing matches{took}", "$text-warning")
        if any(run.incomplete for run in listing.runs):
            hint = "  ! The peer did not match on all optional keys: some rows may not fit."
            words += Content.styled(hint, "$text-warning")
        if outcome and outcome.state is OutcomeState.WARNING:
            words = Content("\n").join([words, outcome_lines(outcome)])
        return words

    # -- the objects themselves

    def started(self, label: str, job: Job) -> None:
        """Say that a job runs, and where to watch it; marks have done their work."""
        self.session.labels[job.id] = label
        self.table.action_mark_all("none")
        self.say(f"Job {job.id}, {service(job)}: {label}. 3 shows it.")

    def label(self) -> str:
        """What a person would call the rows chosen."""
        keys = self.table.selected()
        match = self.here.matches.get(str(keys[0])) if len(keys) == 1 else None
        return label_of(match) if match else self.here.step.counted(len(keys))

    def action_inspect(self) -> None:
        """Open tags and picture of what the row under the cursor stands for."""
        match = self.current()
        if match is None:
            return
        ref = ref_of(match, self.here.step.of)
        self.calls.ask(
            lambda: self.station.archive.instances(ref),
            partial(self.inspect, ref),
            group="inspect",
            leads=True,
        )

    def inspect(self, ref: Ref, instances: tuple[Instance, ...]) -> None:
        """Open the inspector on the first of `instances`."""
        look_at(self, ref, instances)
