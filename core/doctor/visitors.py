"""Who called our listener lately, and why somebody was turned away: bounded, and kept in a file.

"The CT cannot send" is answered here: the CT does call, and this is what it was told.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from core.doctor import refusals
from core.doctor.guest_book import GuestBook, Page, new_page
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

    def __init__(self, settings: Callable[[], Settings], book: Path | None = None) -> None:
        """Remember in memory, and in the file `book` where one is given."""
        self._since = time.time()
        self._at = 0.0
        self._settings = settings
        self._book = GuestBook(book, self._page) if book else None
        self._has_read = book is None
        self._lock = threading.Lock()
        self._visits: OrderedDict[tuple[str, str], _Visit] = OrderedDict()
        self._live: OrderedDict[int, tuple[str, str]] = OrderedDict()

    # -- what the listener tells

    def close(self) -> None:
        """Write down what is not yet written."""
        if self._book:
            self._book.close()

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
        self._read_book()
        with self._lock:
            visit = self._visit(event.calling, event.address, event.called, event.time)
            visit.refuse(event.reason, event.time)
        self._write_soon()

    def _opened(self, event: AssociationOpened) -> None:
        self._read_book()
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
        self._write_soon()

    def _message(self, event: MessageHandled) -> None:
        with self._lock:
            visit = self._visits.get(self._live.get(event.association_id, ("", "")))
            if visit is not None:
                words = f"{event.operation} answered with 0x{event.status:04X}: {event.meaning}"
                visit.refuse(words, event.time)
        self._write_soon()

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

    # -- the book

    def look_again(self) -> tuple[float, float]:
        """Read what another process has written meanwhile, where this one heard of nobody itself.

        Answers with since when callers are remembered, and when that was written (0: never).
        """
        with self._lock:
            if self._book is not None and not self._live and self._at >= 0:
                self._has_read = False
        self._read_book()
        return self._since, max(0.0, self._at)

    def _read_book(self) -> None:
        """Begin with what was written down before; an event of our own is never overwritten."""
        if self._has_read or self._book is None:
            return
        page = self._book.read()
        with self._lock:
            self._has_read = True
            if not page.since:
                return
            self._since, self._at = page.since, page.at
            for seen in sorted(page.visitors, key=lambda visitor: visitor.last)[-KEPT:]:
                known = self._visits.get((seen.calling, seen.host))
                if known is None or known.last < seen.last:
                    self._visits[seen.calling, seen.host] = _thawed(seen)
                    self._visits.move_to_end((seen.calling, seen.host))

    def _write_soon(self) -> None:
        self._at = -1.0  # from now on it is ours to write
        if self._book:
            self._book.soon()

    def _page(self) -> Page:
        return new_page(self._since, self.all())

    # -- what others ask

    def all(self) -> tuple[Visitor, ...]:
        """Every caller that is remembered, the latest first."""
        self._read_book()
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


def _thawed(seen: Visitor) -> _Visit:
    return _Visit(
        calling=seen.calling,
        host=seen.host,
        called=seen.called,
        first=seen.first,
        last=seen.last,
        accepted=seen.accepted,
        accepted_at=seen.accepted_at,
        refused=seen.refused,
        refused_at=seen.refused_at,
        reason=seen.reason,
    )


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
