"""From the station's threads to the screen, by posted messages only.

Events that come in floods are gathered, and handed to the screen once per frame as one
:class:`News`.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from textual.message import Message
from textual.message_pump import MessagePump

from core.events import (
    ArchiveChanged,
    AssociationEnded,
    AssociationOpened,
    AssociationRejected,
    Event,
    EventBus,
    InstanceRefused,
    InstanceStored,
    JobChanged,
    Listening,
    MessageHandled,
    ModalitiesChanged,
    ModalityTested,
    Notice,
)
from core.model import Job, Outcome

FRAME = 0.06
"""Seconds between the first news and their delivery to the screen."""
FLOOD = 0.2
"""Seconds between two deliveries while news keep coming: each is a frame, and takes its time."""
TRAFFIC_KEPT = 2000
"""Traffic events kept of one frame; older ones of a flood are counted, not shown."""

Traffic = (
    AssociationOpened | AssociationEnded | AssociationRejected | MessageHandled | InstanceRefused
)
_TRAFFIC = (
    AssociationOpened,
    AssociationEnded,
    AssociationRejected,
    MessageHandled,
    InstanceRefused,
)


@dataclass(frozen=True)
class News:
    """What happened since the last frame; the latest of each kind, where only that matters."""

    jobs: tuple[Job, ...] = ()
    stored: int = 0
    stored_bytes: int = 0
    archive_changed: bool = False
    modalities_changed: bool = False
    tested: tuple[tuple[str, Outcome], ...] = ()
    traffic: tuple[Traffic, ...] = ()
    traffic_dropped: int = 0
    associations_changed: bool = False
    listening: Listening | None = None
    notices: tuple[Notice, ...] = ()


@dataclass
class _Gathered:
    """The mutable side of :class:`News`; guarded by the bridge's lock."""

    jobs: dict[int, Job] = field(default_factory=dict)
    stored: int = 0
    stored_bytes: int = 0
    archive_changed: bool = False
    modalities_changed: bool = False
    tested: dict[str, Outcome] = field(default_factory=dict)
    traffic: deque[Traffic] = field(default_factory=lambda: deque(maxlen=TRAFFIC_KEPT))
    traffic_seen: int = 0
    associations_changed: bool = False
    listening: Listening | None = None
    notices: list[Notice] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Gather one event."""
        match event:
            case JobChanged():
                self.jobs[event.job.id] = event.job
            case InstanceStored():
                self.stored += 1
                self.stored_bytes += event.stored.instance.size
                self.archive_changed = True
            case ArchiveChanged():
                self.archive_changed = True
            case ModalityTested():
                self.tested[event.name] = event.outcome
            case ModalitiesChanged():
                self.modalities_changed = True
            case Listening():
                self.listening = event
            case Notice():
                self.notices.append(event)
            case _:
                self._take_traffic(event)

    def _take_traffic(self, event: Event) -> None:
        if isinstance(event, _TRAFFIC):
            self.traffic.append(event)
            self.traffic_seen += 1
        if isinstance(event, AssociationOpened | AssociationEnded):
            self.associations_changed = True

    def news(self) -> News:
        """What was gathered, frozen."""
        return News(
            jobs=tuple(self.jobs.values()),
            stored=self.stored,
            stored_bytes=self.stored_bytes,
            archive_changed=self.archive_changed,
            modalities_changed=self.modalities_changed,
            tested=tuple(self.tested.items()),
            traffic=tuple(self.traffic),
            traffic_dropped=self.traffic_seen - len(self.traffic),
            associations_changed=self.associations_changed,
            listening=self.listening,
            notices=tuple(self.notices),
        )


class NewsWaiting(Message, bubble=False):
    """The station has news; :meth:`Bridge.collect` has it. Later ones replace earlier ones."""

    def can_replace(self, message: Message) -> bool:
        """One is enough, however many wait."""
        return isinstance(message, NewsWaiting)


class Bridge:
    """Subscribes to the station's events and wakes `target` when there are some to collect."""

    def __init__(self, events: EventBus, target: MessagePump) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._gathered = _Gathered()
        self._waiting = False
        self._unsubscribe = events.subscribe(self._heard)

    def collect(self) -> News:
        """Everything since the last call; called in the screen's thread."""
        with self._lock:
            gathered, self._gathered = self._gathered, _Gathered()
            self._waiting = False
        return gathered.news()

    def close(self) -> None:
        """Hear no more."""
        self._unsubscribe()

    def _heard(self, event: Event) -> None:
        """Gather an event, in whatever thread it happens; wakes the screen once per frame."""
        with self._lock:
            self._gathered.take(event)
            wake, self._waiting = not self._waiting, True
        if wake:
            post(self._target, NewsWaiting())


def post(target: MessagePump, message: Message) -> bool:
    """Post from any thread; False where the screen is gone already."""
    try:
        return target.post_message(message)
    except RuntimeError:  # the event loop closed between our check and the call
        return False
