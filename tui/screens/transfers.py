"""Every job: how far, how fast, what failed and why."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from core.model import Job, JobState
from tui import units
from tui.bridge import News
from tui.commands import Place, bindings
from tui.job_words import marked_title, short_of, what, words
from tui.outcomes import JOB_WORDS, tone
from tui.rates import Paces, bar
from tui.screens.dialogs import Confirm
from tui.screens.place import PlaceScreen
from tui.screens.quick_look import Held, first_held, look_at
from tui.session import Session
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Kind
from tui.widgets.row_table import RowTable
from tui.widgets.words import Words

BAR = 10
WIDE = 100
"""Columns of the screen from which all columns of the table are shown."""

COLUMNS = (
    Column("id", "Job", Kind.NUMBER, min_width=4, max_width=6, priority=0),
    Column("what", "What", min_width=12, max_width=70, flex=1, priority=3),
    Column("state", "State", min_width=9, max_width=11, priority=0, tone=tone),
    Column("bar", "Progress", width=BAR, priority=1),
    Column("count", "Arrived", min_width=7, max_width=15, right=True, priority=0),
    Column("failed", "Fail", Kind.NUMBER, min_width=4, priority=1),
    Column("bytes", "Size", Kind.SIZE, min_width=6, priority=2, from_width=WIDE),
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
            yield Words(id="words", markup=False)

    def on_mount(self) -> None:
        """Show the jobs there are, and keep their times going."""
        self.table.sort("id", reverse=True)
        self._take(self.station.jobs.all())
        self._tell()
        self.set_interval(1.0, self._tick)
        self.table.focus()

    @property
    def table(self) -> RowTable:
        """The table of jobs."""
        return self.query_one(RowTable)

    def heard(self, news: News) -> None:
        """Take new snapshots."""
        if news.jobs:
            self._take(news.jobs)

    def action_cancel(self) -> None:
        """Ask, then stop the marked jobs or this one."""
        jobs = [job for job in self._chosen() if not job.state.ended]
        if not jobs:
            self.say("There is nothing to cancel: it has ended.")
            return
        names = "\n".join(f"Job {job.id}: {self._title(job)}" for job in jobs[:8])
        text = f"{names}\nWhat has arrived stays."
        self.app.push_screen(
            Confirm("Cancel transfers", text, "Stop"), lambda yes: self._stop(jobs) if yes else None
        )

    def _stop(self, jobs: list[Job]) -> None:
        self._steer(lambda job: self.station.jobs.cancel(job.id), jobs)

    def action_pause(self) -> None:
        """Hold the marked jobs or this one; where all of them are held, let them go on."""
        jobs = [job for job in self._chosen() if not job.state.ended]
        if not jobs:
            self.say("There is nothing to pause: it has ended. R does again what failed.")
        elif all(job.state is JobState.PAUSED for job in jobs):
            self._steer(lambda job: self.station.jobs.resume(job.id), jobs)
        else:
            self._steer(lambda job: self.station.jobs.pause(job.id), jobs)

    def action_retry(self) -> None:
        """Do again what failed or is missing of the marked jobs or this one."""
        jobs = [job for job in self._chosen() if job.state.ended and job.state is not JobState.DONE]
        if jobs:
            self._steer(lambda job: self.station.jobs.retry(job.id), jobs)
        else:
            self.say("Nothing failed or is missing here: there is nothing to do again.")

    def action_priority(self, step: int) -> None:
        """Let the marked jobs or this one start before others, or after them."""
        jobs = [job for job in self._chosen() if not job.state.ended]
        # Taken down at once: a second press counts from the first, which is still under way.
        jobs = [replace(job, priority=job.priority + step) for job in jobs]
        self._jobs.update((job.id, job) for job in jobs)
        if jobs:
            self._steer(lambda job: self.station.jobs.prioritise(job.id, job.priority), jobs)
        else:
            self.say("It has ended: a priority changes nothing any more.")

    def action_inspect(self) -> None:
        """Open tags and picture of what is held of what the job is about."""
        key = self.table.cursor_key
        if isinstance(key, int):
            station = self.station
            self.calls.ask(
                lambda: first_held(station, station.jobs.refs(key)),
                self._look,
                group="inspect",
                leads=True,
            )

    def _look(self, held: Held | None) -> None:
        if held is None:
            self.say("Nothing of it is held here, or it names files: look into Archive (4).")
        else:
            look_at(self, *held)

    def _chosen(self) -> list[Job]:
        return [self._jobs[key] for key in self.table.selected() if key in self._jobs]

    def _steer(self, how: Callable[[Job], object], jobs: list[Job]) -> None:
        """Call the station for each job; the jobs tell by events what came of it."""
        self.calls.ask(lambda: [how(job) for job in jobs], lambda _: None)

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
            "what": what(job, self._title(job)),
            "state": JOB_WORDS[job.state],
            "bar": bar(job.arrived + job.skipped, job.promised, BAR),
            "count": f"{job.arrived + job.skipped}/{promised}",
            "failed": short_of(job) or None,
            "bytes": job.arrived_bytes or None,
            "rate": pace.bytes_per_second or None,
            "left": pace.left,
        }

    def _title(self, job: Job) -> str:
        return self.session.labels.get(job.id) or marked_title(job)

    @on(RowTable.RowHighlighted)
    def _tell(self) -> None:
        job = self._jobs.get(self.table.cursor_key)
        self.query_one("#words", Words).update(words(job, self._title(job)) if job else NONE)


NONE = Content.assemble(
    ("No transfers yet.\n", "bold"),
    "Retrieve in Query (2), send or import in Archive (4); how they go is shown here.",
)
