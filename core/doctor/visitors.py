"""Who called our listener lately, and why somebody was turned away: in memory, and bounded.

"The CT cannot send" is answered here: the CT does call, and this is what it was told.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from core.doctor import refusals
from core.events import (
    AssociationEnded,
    AssociationOpened,
    AssociationRejected,
    Event,
    MessageHandled,
)
from core.model import Modality, ProposedContext, Visitor
from core.settings import Settings

KEPT = 500
"""Callers that are remembered; those that called longest ago are forgotten."""
_LIVE = 10_000  # associations open at once, far beyond what the listener takes
_SUCCESS = (0x0000, 0xFF00, 0xFF01)


@dataclass
class _Visit:
    """What is known of one caller; changed under the lock only."""

    calling: str
    host: str
    called: str = ""
    first: float = 0.0
    last: float = 0.0
    accepted: int = 0
    accepted_at: float = 0.0
    refused: int = 0
    refused_at: float = 0.0
    reason: str = ""
    live: set[int] = field(default_factory=set)

    def refuse(self, reason: str, at: float) -> None:
        self.refused += 1
        self.refused_at = at
        self.reason = reason


class Visitors:
    """Remembers callers by AE title and host; safe to use from any thread."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self.since = time.time()
        """Since when it listens; seconds since the epoch."""
        self._settings = settings
        self._lock = threading.Lock()
        self._visits: OrderedDict[tuple[str, str], _Visit] = OrderedDict()
        self._live: OrderedDict[int, tuple[str, str]] = OrderedDict()

    # -- what the listener tells

    def heard(self, event: Event) -> None:
        """Take note of an event; returns at once for all that says nothing of a caller."""
        if isinstance(event, MessageHandled):
            if not event.outgoing and event.status not in _SUCCESS:
                self._message(event)
        elif isinstance(event, AssociationRejected):
            if not event.outgoing:
                self._rejected(event)
        elif isinstance(event, AssociationOpened):
            if not event.association.outgoing:
                self._opened(event)
        elif isinstance(event, AssociationEnded) and not event.association.outgoing:
            with self._lock:
                self._live.pop(event.association.id, None)

    def _rejected(self, event: AssociationRejected) -> None:
        with self._lock:
            visit = self._visit(event.calling, event.address, event.called, event.time)
            visit.refuse(event.reason, event.time)

    def _opened(self, event: AssociationOpened) -> None:
        about = event.association
        refused = [cx for cx in event.contexts if not cx.accepted]
        with self._lock:
            visit = self._visit(about.calling, about.address, about.called, event.time)
            self._live[about.id] = (visit.calling, visit.host)
            while len(self._live) > _LIVE:
                self._live.popitem(last=False)
            if len(refused) < len(event.contexts):
                visit.accepted += 1
                visit.accepted_at = event.time
            if _matters(event.contexts):
                visit.refuse(_refused_words(refused), event.time)

    def _message(self, event: MessageHandled) -> None:
        with self._lock:
            visit = self._visits.get(self._live.get(event.association_id, ("", "")))
            if visit is not None:
                words = f"{event.operation} answered with 0x{event.status:04X}: {event.meaning}"
                visit.refuse(words, event.time)

    def _visit(self, calling: str, address: str, called: str, at: float) -> _Visit:
        host = address.rpartition(":")[0]
        key = (calling, host)
        visit = self._visits.get(key)
        if visit is None:
            visit = self._visits[key] = _Visit(calling, host, first=at)
            while len(self._visits) > KEPT:
                self._visits.popitem(last=False)
        self._visits.move_to_end(key)
        visit.called = called or visit.called
        visit.last = at
        return visit

    # -- what others ask

    def all(self) -> tuple[Visitor, ...]:
        """Every caller that is remembered, the latest first."""
        settings = self._settings()
        own = settings.station.ae_title.strip()
        with self._lock:
            return tuple(
                _frozen(visit, settings)
                for visit in reversed(self._visits.values())
                if visit.refused or visit.calling != own  # the doctor calls our own listener
            )

    def of(self, peer: Modality, addresses: Collection[str] = ()) -> tuple[Visitor, ...]:
        """Callers with the peer's AE title (case does not matter), or from one of its addresses."""
        title = peer.ae_title.strip().casefold()
        # On loopback every station has the same address, which so tells nothing.
        hosts = {host for host in (peer.host, *addresses) if not is_loopback(host)}
        return tuple(v for v in self.all() if v.calling.casefold() == title or v.host in hosts)


def is_loopback(host: str) -> bool:
    """Whether this is an address, or the name, of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _matters(contexts: Collection[ProposedContext]) -> bool:
    """Whether some SOP class was refused in every context that proposed it."""
    usable = {cx.sop_class for cx in contexts if cx.accepted}
    return any(cx.sop_class not in usable for cx in contexts)


def _refused_words(refused: Collection[ProposedContext]) -> str:
    first = next(iter(refused))
    more = len({cx.sop_class for cx in refused}) - 1
    others = f", and {more} more" if more else ""
    return f"{first.sop_class}{others}: {first.why}"


def _frozen(visit: _Visit, settings: Settings) -> Visitor:
    return Visitor(
        calling=visit.calling,
        host=visit.host,
        called=visit.called,
        first=visit.first,
        last=visit.last,
        accepted=visit.accepted,
        accepted_at=visit.accepted_at,
        refused=visit.refused,
        refused_at=visit.refused_at,
        reason=visit.reason,
        advice=refusals.advice(visit.calling, visit.host, visit.called, visit.reason, settings),
        name=refusals.known_as(visit.calling, settings),
    )
