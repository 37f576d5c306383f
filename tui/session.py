"""What every screen is given: the station, and how to hear from it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from textual.signal import Signal

from core.model import Job, JobState
from core.station import Station
from tui.bridge import News, Traffic
from tui.commands import Keys
from tui.preview.terminal import Terminal

if TYPE_CHECKING:
    from tui.screens.place import PlaceScreen

TRAFFIC_KEPT = 5000
"""Lines of the traffic log that are kept."""


@dataclass(frozen=True)
class Status:
    """What the status bar says."""

    ae_title: str = ""
    listening: str = ""
    """Address and port, or why there is no listener."""
    is_listening: bool = False
    opening: str = ""
    """What is still under way of the start."""
    associations: int = 0
    jobs: tuple[Job, ...] = ()
    """The jobs that have not ended."""
    failed: int = 0
    """Jobs that failed, or were done in part, since somebody last looked at Transfers."""
    received: int = 0
    """Objects taken since the console opened."""


class StatusKeeper:
    """Keeps the status up to date with the news, and what passed before somebody looked."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._jobs = {job.id: job for job in station.jobs.all() if not job.state.ended}
        self._received = 0
        self._failed: set[int] = set()
        self._fault = ""
        self._opening = ""
        self.traffic: deque[Traffic] = deque(maxlen=TRAFFIC_KEPT)
        self.current = Status()
        self.take(News(associations_changed=True))

    def take(self, news: News) -> None:
        """Bring :attr:`current` up to date."""
        for job in news.jobs:
            self._jobs[job.id] = job
            self._failed.discard(job.id)
            if job.state.ended:
                del self._jobs[job.id]
            if job.state in (JobState.FAILED, JobState.PARTIAL):
                self._failed.add(job.id)
        self._received += news.stored
        self.traffic.extend(news.traffic)
        self._rebuild()

    def failures_seen(self) -> None:
        """Somebody has looked at Transfers: what failed is no news any more."""
        self._failed.clear()
        self._rebuild()

    def opening(self, words: str) -> None:
        """Say what is under way of the start; no words say that it is done."""
        self._opening = words
        self._rebuild()

    def no_listener(self, why: str) -> None:
        """Say why the listener is not open; an empty reason takes that back."""
        self._fault = why
        self._rebuild()

    def _rebuild(self) -> None:
        address = self._station.listening
        self.current = Status(
            ae_title=self._station.settings.station.ae_title,
            listening=f"{address[0]}:{address[1]}" if address else self._fault or "not listening",
            is_listening=address is not None,
            opening=self._opening,
            associations=len(self._station.associations()),
            jobs=tuple(self._jobs.values()),
            failed=len(self._failed),
            received=self._received,
        )


class Keeper(Protocol):
    """Puts back what the last session left of a place."""

    def put_back(self, screen: PlaceScreen) -> None:
        """Give a screen its filters, columns and order again."""


@dataclass(frozen=True)
class Session:
    """One run of the console."""

    station: Station
    read_only: bool
    news: Signal[News]
    masked: Signal[bool]
    """Says that the mask (:mod:`tui.mask`) has been put on or taken off."""
    status: StatusKeeper = field(compare=False)
    keys: Keys = field(default_factory=dict)
    """The keys that a person has chosen for commands, by id."""
    labels: dict[int, str] = field(default_factory=dict, compare=False)
    """What a person would call what a job transfers, by job, where the job's title is a UID."""
    keeper: Keeper | None = field(default=None, compare=False)
    """What the last session left for the places of this one."""
    title: str = "Modalitty"
    terminal: Terminal | None = None
