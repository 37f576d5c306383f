"""Every job: how far, how fast, what failed and why."""

from __future__ import annotations

import time
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.model import Job, JobKind
from tui import units
from tui.bridge import News
from tui.commands import Place, bindings
from tui.outcomes import JOB_WORDS, outcome_lines, styled, tone
from tui.rates import Paces, bar
from tui.safe_text import safe_content
from tui.screens.dialogs import Confirm
from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Kind
from tui.widgets.row_table import RowTable

BAR = 10
WIDE = 100
"""Columns of the screen from which all columns of the table are shown."""
SHOWN_FAILURES = 100

COLUMNS = (
    Column("id", "Job", Kind.NUMBER, min_width=4, max_width=6, priority=0),
    Column("what", "What", min_width=12, max_width=70, flex=1, priority=3),
    Column("state", "State", min_width=9, max_width=11, priority=0, tone=tone),
    Column("bar", "Progress", width=BAR, priority=1),
    Column("count", "Arrived", min_width=7, max_width=15, right=True, priority=0),
    Column("failed", "Fail", Kind.NUMBER, min_width=4, priority=1),
    Column("bytes", "Size", Kind.SIZE, min_width=6, priority=2),
    Column("rate", "Rate", min_width=8, max_width=9, right=True, priority=1, show=units.rate),
    Column("left", "Left", Kind.DURATION, min_width=5, priority=1),
)


class TransfersScreen(PlaceScreen):
    """The jobs as a table, newest first, and the one under the cursor in words below it."""

    PLACE = Place.TRANSFERS
    BINDINGS: ClassVar = bindings(Place.TRANSFERS)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._jobs: dict[int, Job] = {}
        self._paces = Paces()

    def body(self) -> ComposeResult:
        """The table, and the detail pane."""
        yield FilteredTable(RowTable(COLUMNS, id="jobs", empty="no transfers yet"))
        with VerticalScroll(id="detail"):
            yield Static(id="words", markup=False)

    def on_mount(self) -> None:
        """Show the jobs there are, and keep their times going."""
        self.table.sort("id", reverse=True)
        self._take(self.station.jobs())
        self.set_interval(1.0, self._tick)
        self.table.focus()

    @property
    def table(self) -> RowTable:
        """The table of jobs."""
        return self.query_one(RowTable)

    def on_resize(self, event: events.Resize) -> None:
        """Leave the size out where there is no room for it: it stands below."""
        narrow = event.size.width < WIDE
        self.table.show_columns([c.key for c in COLUMNS if not (narrow and c.key == "bytes")])

    def heard(self, news: News) -> None:
        """Take new snapshots."""
        if news.jobs:
            self._take(news.jobs)

    def action_cancel(self) -> None:
        """Ask, then stop the marked jobs or this one."""
        jobs = [self._jobs[key] for key in self.table.selected() if key in self._jobs]
        jobs = [job for job in jobs if not job.state.ended]
        if not jobs:
            self.say("There is nothing to cancel: it has ended.")
            return
        names = "\n".join(f"Job {job.id}: {self._title(job)}" for job in jobs[:8])
        text = f"{names}\nWhat has arrived stays."
        self.app.push_screen(
            Confirm("Cancel transfers", text, "Stop"), lambda yes: self._stop(jobs) if yes else None
        )

    def _stop(self, jobs: list[Job]) -> None:
        self.calls.ask(lambda: [self.station.cancel(job.id) for job in jobs], lambda _: None)

    # -- show

    def _take(self, jobs: tuple[Job, ...]) -> None:
        now = time.monotonic()
        for job in jobs:
            self._jobs[job.id] = job
            self._paces.take(job, now)
        self._show(jobs)

    def _tick(self) -> None:
        running = tuple(job for job in self._jobs.values() if not job.state.ended)
        if running and self.is_current:
            self._show(running)

    def _show(self, jobs: tuple[Job, ...]) -> None:
        self.table.add_rows([(job.id, self._values(job)) for job in jobs])
        if any(job.id == self.table.cursor_key for job in jobs):
            self._tell()

    def _values(self, job: Job) -> dict[str, object]:
        pace = self._paces.pace(job, time.monotonic())
        promised = "?" if job.promised is None else f"{job.promised}"
        return {
            "id": job.id,
            "what": " ".join(
                filter(None, (_ARROWS.get(job.kind, "·"), job.peer, self._title(job)))
            ),
            "state": JOB_WORDS[job.state],
            "bar": bar(job.arrived + job.skipped, job.promised, BAR),
            "count": f"{job.arrived + job.skipped}/{promised}",
            "failed": job.failed or None,
            "bytes": job.arrived_bytes or None,
            "rate": pace.bytes_per_second or None,
            "left": pace.left,
        }

    def _title(self, job: Job) -> str:
        return self.session.labels.get(job.id, job.title)

    @on(RowTable.RowHighlighted)
    def _tell(self) -> None:
        job = self._jobs.get(self.table.cursor_key)
        self.query_one("#words", Static).update(_words(job, self._title(job)) if job else NONE)


_ARROWS = {
    JobKind.MOVE: "←",
    JobKind.GET: "←",
    JobKind.SEND: "→",
    JobKind.IMPORT: "+",
    JobKind.EXPORT: "↓",
    JobKind.COMMIT: "?",
}
"""Which way objects go, and for an import that they come from a disk."""


def _words(job: Job, title: str) -> Content:
    """Everything about a job: where from, where to, how far, how it ended, what failed."""
    lines = [safe_content(f"Job {job.id}, {job.kind.value}: {title}", "bold")]
    if title != job.title:
        lines.append(safe_content(job.title, "$text-muted"))
    lines.append(Content.assemble(styled(JOB_WORDS[job.state]), safe_content(_way(job))))
    lines.append(safe_content(_counts(job)))
    if job.note and not (job.outcome and job.note == job.outcome.meaning):
        lines.append(safe_content(job.note, "$text-muted"))
    if job.outcome:
        lines.append(outcome_lines(job.outcome))
    shown = job.failures[:SHOWN_FAILURES]
    lines += [safe_content(f"✖ {f.what}: {f.why}", "$text-error") for f in shown]
    if len(job.failures) > SHOWN_FAILURES:
        lines.append(safe_content(f"… and {len(job.failures) - SHOWN_FAILURES} more"))
    return Content("\n").join(lines)


def _way(job: Job) -> str:
    """From where to where, and since when."""
    peer = f"  from {job.peer}" if job.peer and job.kind.value == "move" else ""
    peer = peer or (f"  to {job.peer}" if job.peer else "")
    target = f" to {job.destination}" if job.destination else ""
    started = time.strftime("%H:%M:%S", time.localtime(job.started)) if job.started else ""
    since = f", started {started}" if started else ""
    took = f", took {units.duration(job.seconds)}" if job.seconds else ""
    return f"{peer}{target}{since}{took}"


def _counts(job: Job) -> str:
    """Promised, arrived, missing; and what the peer claims where that differs."""
    promised = "unknown" if job.promised is None else str(job.promised)
    text = f"Promised {promised}, arrived {job.arrived} ({units.size(job.arrived_bytes)})"
    if job.skipped:
        text += f", skipped {job.skipped}"
    if job.failed:
        text += f", failed {job.failed}"
    if job.completed is not None and job.completed != job.arrived:
        text += f"; the peer says it completed {job.completed}"
    return text


NONE = Content.assemble(
    ("No transfers yet.\n", "bold"),
    "Retrieve in Query (2), send or import in Archive (4); how they go is shown here.",
)
