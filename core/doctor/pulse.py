"""The pulse of each link: C-ECHO by the clock, and the history of every one that was tried.

Echoes by the clock are not told as traffic: they would drown what one looks for there. How they
went is told by :class:`core.events.ModalityTested`, as that of an echo which a person asked for.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from core.doctor.link_record import LinkRecord
from core.errors import ModalittyError
from core.events import Event, EventBus, ModalitiesChanged, ModalityTested
from core.model import Link, Modality, Outcome, OutcomeState
from core.settings import Settings

WATCH = 5.0
"""Seconds between two echoes to a modality that a person watches."""
AT_ONCE = 16
"""Echoes by the clock that are under way at the same time."""
_FIRST = 2.0  # seconds after the start, for whoever opens the station has more to do
_SPREAD = 10.0  # seconds over which the first ones are spread
_LOOK = 5.0  # seconds between two looks at the settings
_JOIN = 1.0


class Echoer(Protocol):
    """What echoes: :class:`core.network.scu.Caller`."""

    def echo(self, peer: Modality) -> Outcome:
        """Associate, C-ECHO, release."""

    def close(self) -> None:
        """End what is under way."""


@dataclass
class _Call:
    """An echo under way; there is one at most for each address."""

    peer: Modality
    done: threading.Event = field(default_factory=threading.Event)
    outcome: Outcome | None = None
    error: ModalittyError | None = None


class Pulse:
    """Echoes the modalities by the clock, and remembers every C-ECHO; safe from any thread."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        events: EventBus,
        echoer: Callable[[], Echoer],
        silent: Callable[[], Echoer],
    ) -> None:
        """Echo by `echoer` for a person, and by the one that `silent` makes by the clock."""
        self._settings = settings
        self._events = events
        self._echoer = echoer
        self._silent = silent
        self._own: Echoer | None = None
        self._wake = threading.Condition()
        self._records: dict[str, LinkRecord] = {}
        self._busy: dict[tuple[str, int], _Call] = {}
        self._watched: set[str] = set()
        self._by_default = False
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._beating: set[threading.Thread] = set()
        events.subscribe(self._heard)

    # -- life

    def start(self, *, by_default: bool = True) -> None:
        """Begin to echo; without `by_default` only what a person watches is echoed."""
        with self._wake:
            self._by_default = by_default
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop at once, ending echoes that are under way."""
        with self._wake:
            self._stopped = True
            own, threads = self._own, [*self._beating]
            if self._thread is not None:
                threads.append(self._thread)
            self._wake.notify_all()
        if own is not None:
            own.close()
        deadline = time.monotonic() + _JOIN
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def watch(self, name: str, *, on: bool) -> None:
        """Echo a modality every :data:`WATCH` seconds, or as configured again."""
        with self._wake:
            (self._watched.add if on else self._watched.discard)(name)
            self._wake.notify_all()

    # -- what is known

    def one(self, name: str) -> Link:
        """The link to the modality of that name; an empty history where it was not tried."""
        peer = self._settings().modalities.get(name)
        with self._wake:
            return self._link(name, peer)

    def all(self) -> dict[str, Link]:
        """The links to all modalities, by name."""
        known = self._settings().modalities
        with self._wake:
            return {name: self._link(name, peer) for name, peer in known.items()}

    def _link(self, name: str, peer: Modality | None) -> Link:
        watched = name in self._watched
        record = self._record(peer) if peer else None
        if peer is None or record is None:
            return Link(name=name)
        interval = self._interval(peer)
        runs = self._thread is not None and interval > 0
        left = record.due(interval, watched=watched) - time.monotonic()
        busy = self._busy.get((peer.host, peer.port))
        return Link(
            name=name,
            beats=tuple(record.beats),
            outcome=record.outcome,
            at=record.at,
            since=record.since,
            fault=record.fault,
            fault_at=record.fault_at,
            interval=interval if runs else 0.0,
            watched=watched,
            next_at=time.time() + max(0.0, left) if runs else 0.0,
            calling=busy is not None and busy.peer.name == name,
        )

    def _interval(self, peer: Modality) -> float:
        """Seconds between two echoes to `peer`, 0 where there are to be none."""
        if peer.name in self._watched:
            return WATCH
        if not self._by_default:
            return 0.0
        own = peer.echo_interval
        return self._settings().station.echo_interval if own is None else own

    def _record(self, peer: Modality) -> LinkRecord:
        """What is known of `peer`; nothing, where it is reached in another way than before."""
        record = self._records.get(peer.name)
        if record is None or _way(record.peer) != _way(peer):
            interval = self._settings().station.echo_interval or _SPREAD
            first = _FIRST + random.uniform(0, min(interval, _SPREAD))
            record = LinkRecord(peer=peer, base=time.monotonic(), first=first)
            self._records[peer.name] = record
        return record

    # -- an echo

    def echo(self, peer: Modality) -> Outcome:
        """Echo a peer for a person, or take part in the echo that is under way to it.

        Raises SettingsError where our own TLS files cannot be used.
        """
        while True:
            with self._wake:
                call = self._busy.get((peer.host, peer.port))
                if call is None:
                    call = self._begin(peer)
                    break
            call.done.wait()
            if _way(call.peer) == _way(peer):
                return _result(call)
        self._carry_out(call, self._echoer)
        return _result(call)

    def _begin(self, peer: Modality) -> _Call:
        call = self._busy[(peer.host, peer.port)] = _Call(peer)
        return call

    def _carry_out(self, call: _Call, echoer: Callable[[], Echoer]) -> None:
        try:
            call.outcome = echoer().echo(call.peer)
        except ModalittyError as exc:
            call.error = exc
        finally:
            with self._wake:
                self._busy.pop((call.peer.host, call.peer.port), None)
                self._note(call)
                self._wake.notify_all()
            call.done.set()
        outcome = _told(call)
        if call.peer.name and outcome.state is not OutcomeState.CANCELLED:
            self._events.publish(ModalityTested(name=call.peer.name, outcome=outcome))

    def _note(self, call: _Call) -> None:
        outcome = _told(call)
        if call.peer.name and outcome.state is not OutcomeState.CANCELLED:
            self._record(call.peer).take(outcome, time.time())

    # -- the clock

    def _heard(self, event: Event) -> None:
        if isinstance(event, ModalitiesChanged):
            with self._wake:
                known = self._settings().modalities
                for name in set(self._records) - set(known):
                    del self._records[name]
                    self._watched.discard(name)
                self._wake.notify_all()

    def _run(self) -> None:
        with self._wake:
            while not self._stopped:
                wait = self._start_due()
                self._wake.wait(wait)

    def _start_due(self) -> float:
        """Start what is due; answer with the seconds until something is."""
        now, wait = time.monotonic(), _LOOK
        for peer in self._settings().modalities.values():
            interval = self._interval(peer)
            if interval <= 0:
                continue
            watched = peer.name in self._watched
            left = self._record(peer).due(interval, watched=watched) - now
            if left > 0:
                wait = min(wait, left)
            elif (peer.host, peer.port) not in self._busy and len(self._beating) < AT_ONCE:
                self._start(peer)
        return wait

    def _start(self, peer: Modality) -> None:
        call = self._begin(peer)
        thread = threading.Thread(
            target=self._beat, args=(call,), name=f"pulse {peer.name}", daemon=True
        )
        self._beating.add(thread)
        try:
            thread.start()
        except RuntimeError:  # no thread to be had: another time
            self._beating.discard(thread)
            del self._busy[(peer.host, peer.port)]
            call.done.set()
            self._record(peer).rest()

    def _beat(self, call: _Call) -> None:
        try:
            self._carry_out(call, self._own_echoer)
        finally:
            with self._wake:
                self._beating.discard(threading.current_thread())

    def _own_echoer(self) -> Echoer:
        made = self._silent() if self._own is None else None  # loads libraries: not under the lock
        with self._wake:
            self._own = own = self._own or made or self._silent()
            stopped = self._stopped
        if made is not None and made is not own:
            made.close()
        if stopped:
            own.close()
        return own


def _way(peer: Modality) -> tuple[object, ...]:
    """What an echo depends on."""
    return (peer.ae_title, peer.host, peer.port, peer.tls, peer.tls_host_name)


def _told(call: _Call) -> Outcome:
    """How a call went, as a value."""
    if call.outcome is not None:
        return call.outcome
    message = call.error.message if call.error else "an internal fault"
    hint = call.error.hint if call.error else "see the log"
    return Outcome(state=OutcomeState.FAILED, meaning=message, advice=hint)


def _result(call: _Call) -> Outcome:
    if call.error is not None:
        raise call.error
    return _told(call)
