"""The two lines on top: where one is, and how the station does."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from core.model import Job
from tui.bridge import News
from tui.commands import MODES, Place
from tui.safe_text import safe_text
from tui.session import Session, Status
from tui.widgets.segment_line import Segment, SegmentLine


class StatusBar(Vertical):
    """The mode tabs, and a line of state: who we are, where we listen, what runs."""

    DEFAULT_CSS = "StatusBar { height: 2; dock: top; }"

    def __init__(self, session: Session, place: Place) -> None:
        super().__init__()
        self._session = session
        self._place = place
        self._tabs = SegmentLine(id="tabs")
        self._state = SegmentLine(id="state")

    def compose(self) -> ComposeResult:
        """Two lines."""
        yield self._tabs
        yield self._state

    def on_mount(self) -> None:
        """Follow the news."""
        self._session.news.subscribe(self, self._heard)

    def on_resize(self, event: events.Resize) -> None:
        """Fit both lines into the new width."""
        self._tabs.show(tuple(tabs(self._place, self._session.title, event.size.width)))
        self._show_state()

    def _heard(self, _: News) -> None:
        self._show_state()

    def _show_state(self) -> None:
        state = state_line(self._session.status.current, self.size.width)
        if self._session.read_only:
            state = [*state, Segment("  read-only", "bold $warning")]
        self._state.show(tuple(state))


def tabs(here: Place, title: str, width: int) -> Iterator[Segment]:
    """The modes with their numbers; the program's name only where there is room for it."""
    words = [f" {n} {place.value.capitalize()} " for n, place in enumerate(MODES, 1)]
    if sum(map(len, words)) > width:
        words = [f"{n}{place.value[:2]} " for n, place in enumerate(MODES, 1)]
    for word, place in zip(words, MODES, strict=True):
        style = "bold $block-cursor-foreground on $block-cursor-background"
        yield Segment(word, style if place is here else "", f"app.switch_mode('{place.value}')")
    room = width - sum(map(len, words)) - 2
    shown = safe_text(title)
    if cell_len(shown) <= room:
        yield Segment(" " * (room - cell_len(shown) + 1) + shown, "bold $primary")


def state_line(status: Status, width: int) -> list[Segment]:
    """The state in words, the most important first."""
    mark, style = ("●", "$success") if status.is_listening else ("✖", "bold $error")
    room = max(10, width - 60) if not status.is_listening else 40
    parts = [
        Segment(f" {safe_text(status.ae_title)} ", "bold"),
        Segment(f"{mark} ", style),
        Segment(safe_text(status.listening, room), "" if status.is_listening else "$error"),
    ]
    if status.jobs:
        parts.append(Segment(f" │ {_jobs(status.jobs)}", "$accent", "app.switch_mode('transfers')"))
    if status.associations:
        parts.append(
            Segment(
                f" │ {_plural(status.associations, 'association')}",
                "",
                "app.switch_mode('traffic')",
            )
        )
    if status.received:
        parts.append(Segment(f" │ {status.received} received", "", "app.switch_mode('archive')"))
    return parts


def _jobs(jobs: tuple[Job, ...]) -> str:
    """How many jobs there are, and how far they are where that is known of all."""
    text = _plural(len(jobs), "job")
    promised = [job.promised for job in jobs]
    if all(promised):
        total = sum(count or 0 for count in promised)
        done = sum(min(job.arrived + job.failed + job.skipped, job.promised or 0) for job in jobs)
        text += f" {100 * done // total} %"
    return text


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
