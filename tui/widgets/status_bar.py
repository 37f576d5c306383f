"""The two lines on top: where one is, and how the station does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from core.model import Job, JobState
from tui.bridge import News
from tui.commands import MODES, NO_KEYS, Keys, Place, in_part, key_name
from tui.mask import MASK
from tui.safe_text import safe_text
from tui.session import Session, Status
from tui.widgets.segment_line import Segment, SegmentLine

HERE = "bold $block-cursor-foreground on $block-cursor-background"
HERE_WITHOUT_COLOR = "bold reverse"
_JOB_STATES = {
    JobState.RUNNING: "running",
    JobState.QUEUED: "queued",
    JobState.PAUSED: "paused",
}


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
        self._session.masked.subscribe(self, self._heard)

    def on_resize(self, event: events.Resize) -> None:
        """Fit both lines into the new width."""
        session, width = self._session, event.size.width
        here = HERE_WITHOUT_COLOR if self.app.no_color else HERE
        self._tabs.show(tuple(tabs(self._place, session.title, width, session.keys, here)))
        self._show_state()

    def _heard(self, _: News | bool) -> None:
        if self.screen.is_current:  # a place that comes back shows it again
            self.show_again()

    def show_again(self) -> None:
        """Say how the station does now; whoever is in Transfers has seen what failed."""
        if self._place is Place.TRANSFERS and self.screen.is_current:
            self._session.status.failures_seen()
        self._show_state()

    def _show_state(self) -> None:
        signs = []
        if MASK.on:
            signs.append(Segment(" masked ", "bold reverse", "app.mask"))
        if self._session.read_only:
            signs.append(Segment(" read-only ", "bold $warning"))
        room = self.size.width - sum(len(sign.text) for sign in signs)
        self._state.show((*state_line(self._session.status.current, room), *signs))


def tabs(
    here: Place, title: str, width: int, keys: Keys = NO_KEYS, here_style: str = HERE
) -> Iterator[Segment]:
    """The modes with their keys; the program's name only where there is room for it."""
    by_id = {c.id: key_name(c.key_list[0]) for c in in_part(Place.EVERYWHERE, keys)}
    named = [(by_id[f"app.{place.value}"], place.value) for place in MODES]
    words = [f" {key} {name.capitalize()} " for key, name in named]
    if sum(map(len, words)) > width:
        words = [f"{key}{name[:2]} " for key, name in named]
    for word, place in zip(words, MODES, strict=True):
        yield Segment(
            word, here_style if place is here else "", f"app.switch_mode('{place.value}')"
        )
    room = width - sum(map(len, words)) - 2
    shown = safe_text(title)
    if cell_len(shown) <= room:
        yield Segment(" " * (room - cell_len(shown) + 1) + shown, "bold $primary")


def state_line(status: Status, width: int) -> list[Segment]:
    """The state in words, the most important first; what does not fit is left out whole."""
    parts = [Segment(f" {safe_text(status.ae_title)} ", "bold"), *_listener(status, width)]
    for words, tone, place in _extras(status):
        extra = Segment(f" │ {words}", tone, f"app.switch_mode('{place.value}')")
        if sum(cell_len(part.text) for part in (*parts, extra)) <= width:
            parts.append(extra)
    return parts


def _extras(status: Status) -> Iterator[tuple[str, str, Place]]:
    """What is said where there is something to say: words, their tone, where a click leads."""
    if status.jobs:
        yield _jobs(status.jobs), "$accent", Place.TRANSFERS
    if status.failed:
        yield f"✖ {status.failed} failed", "bold $error", Place.TRANSFERS
    if status.associations:
        yield _plural(status.associations, "association"), "", Place.TRAFFIC
    if status.received:
        yield f"{status.received:,} received", "", Place.ARCHIVE


def _listener(status: Status, width: int) -> Iterator[Segment]:
    """Where we listen, or why we do not, or what has to be done first."""
    if status.is_listening:
        yield Segment("● ", "$success")
        yield Segment(safe_text(status.listening, 40))
    elif not status.opening:
        yield Segment("✖ ", "bold $error")
        yield Segment(safe_text(status.listening, max(10, width - 60)), "$error")
    if status.opening:
        yield Segment(f" … {status.opening}", "$accent")


def _jobs(jobs: tuple[Job, ...]) -> str:
    """How many jobs run, wait and are held, and how far they are where that is known of all."""
    states = Counter(job.state for job in jobs)
    named = [(states[state], word) for state, word in _JOB_STATES.items() if states[state]]
    words = _plural(len(jobs), "job")
    if len(named) == 1:
        words += f" {named[0][1]}"
    else:
        words += ": " + ", ".join(f"{count} {word}" for count, word in named)
    promised = [job.promised for job in jobs]
    if all(promised):
        total = sum(count or 0 for count in promised)
        done = sum(min(job.arrived + job.failed + job.skipped, job.promised or 0) for job in jobs)
        words += f" {100 * done // total} %"
    return words


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
