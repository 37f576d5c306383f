"""What the station tells to whoever listens: frozen events, and the bus that carries them.

Events are published from the threads in which things happen. A subscriber returns at once; one that
raises is reported in the log and hurts nobody.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from enum import Enum

from msgspec import Struct, field

from core.model import Association, Job, Level, Outcome, ProposedContext, Ref, Stored

log = logging.getLogger(__name__)


class Event(Struct, frozen=True, kw_only=True):
    """Something happened, at `time` seconds since the epoch."""

    time: float = field(default_factory=time.time)


class Listening(Event, frozen=True, kw_only=True):
    """The listener is open, or closed where `port` is 0.

    `tls_port` is 0 where it takes no TLS, and the same as `port` where it takes nothing else.
    """

    host: str
    port: int
    tls_port: int = 0


class AssociationOpened(Event, frozen=True, kw_only=True):
    """An association was accepted, by us or by the peer."""

    association: Association
    contexts: tuple[ProposedContext, ...] = ()
    """What was proposed, and what was accepted of it."""


class AssociationEnded(Event, frozen=True, kw_only=True):
    """An association is over; `reason` says how: released, aborted by whom, connection lost."""

    association: Association
    reason: str


class AssociationRejected(Event, frozen=True, kw_only=True):
    """A caller was turned away, or a connection never became an association."""

    address: str
    calling: str
    called: str
    reason: str
    outgoing: bool = False
    """We called: `calling` is our AE title."""
    advice: str = ""
    """What to do about it, where it is an outgoing one."""


class MessageHandled(Event, frozen=True, kw_only=True):
    """One DIMSE exchange on an association is complete."""

    association_id: int
    peer: str
    operation: str
    """The service as in PS3.7: C-ECHO, C-STORE, C-FIND, C-MOVE."""
    status: int
    meaning: str
    seconds: float
    outgoing: bool = False
    advice: str = ""
    """What to do about a status that is no success."""


class InstanceStored(Event, frozen=True, kw_only=True):
    """The archive took an object; it is on disk and in the index.

    `originator_ae` and `originator_id` are Move Originator Application Entity Title (0000,1030)
    and Message ID (0000,1031) where the object came by somebody's C-MOVE.
    """

    stored: Stored
    source: str
    """Calling AE title, or the path an import came from."""
    originator_ae: str = ""
    originator_id: int | None = None


class InstanceRefused(Event, frozen=True, kw_only=True):
    """An object was offered and not taken."""

    sop_instance_uid: str
    source: str
    status: int
    reason: str


class ArchiveChanged(Event, frozen=True, kw_only=True):
    """Objects left the archive, or the index was rebuilt."""

    level: Level
    uid: str
    removed: int


class StudyStable(Event, frozen=True, kw_only=True):
    """No object of a study has come for `archive.stable_after` seconds: it may be complete.

    A study that goes on later is told again when it is quiet again; one that the station's end
    overtakes is not told.
    """

    ref: Ref
    instances: int
    """How many objects of the study are held."""


class JobChanged(Event, frozen=True, kw_only=True):
    """A job has news; later snapshots of one job replace earlier ones."""

    job: Job


class ModalityTested(Event, frozen=True, kw_only=True):
    """A C-ECHO was tried."""

    name: str
    outcome: Outcome


class ModalitiesChanged(Event, frozen=True, kw_only=True):
    """The list of modalities was edited."""


class Severity(str, Enum):
    """How loud a notice is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Notice(Event, frozen=True, kw_only=True):
    """Something a person should know that is no direct answer to what they did."""

    severity: Severity
    text: str


Subscriber = Callable[[Event], None]


class EventBus:
    """Carries events from the threads of the station to its subscribers, in the sender's thread."""

    def __init__(self) -> None:
        self._subscribers: tuple[Subscriber, ...] = ()
        self._lock = threading.Lock()

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback` with every event from now on; the result, when called, ends that."""
        with self._lock:
            self._subscribers = (*self._subscribers, callback)
        return lambda: self._unsubscribe(callback)

    def publish(self, event: Event) -> None:
        """Hand `event` to every subscriber; a subscriber that raises is logged and skipped."""
        for callback in self._subscribers:
            try:
                callback(event)
            except Exception:
                log.exception("a subscriber failed on %s", type(event).__name__)

    def _unsubscribe(self, callback: Subscriber) -> None:
        with self._lock:
            self._subscribers = tuple(s for s in self._subscribers if s is not callback)
