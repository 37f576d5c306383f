"""The listener: takes connections within limits, and runs each in a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from core import model
from core.errors import SettingsError
from core.events import (
    AssociationEnded,
    AssociationOpened,
    AssociationRejected,
    EventBus,
    Listening,
    Notice,
    Severity,
)
from core.network import acceptor, credentials, negotiation, pdu
from core.network.aside import AwaitedObjects
from core.network.association import next_id
from core.network.commitment.awaited import AwaitedReports
from core.network.commitment.promises import Promises
from core.network.doors import Door, open_doors
from core.network.faults import LinkError
from core.network.ports import Archive, SettingsSource
from core.network.registry import Registry
from core.network.scp import Provider
from core.network.scu import Caller
from core.network.services.call import Commitment
from core.network.wire import Wire

log = logging.getLogger(__name__)

_PAUSE = 0.2  # after the system refused us a socket
_SPARE = 16  # connections over the limits, to be told that these are reached
_RENEW_DAYS = 14  # before our certificate expires, for a person to be told
_IDLE = 0.5  # seconds without a message after which a closing listener waits no more


class _Connection:
    """A connection on its way through its thread."""

    def __init__(self, wire: Wire, host: str, port: int) -> None:
        self.wire = wire
        self.host = host
        self.address = f"{host}:{port}"
        self.silent = True
        """It has not yet asked for an association."""
        self.admitted = False
        """It is an association, and counts against the limits."""


class Listener:
    """Listens for associations and answers them out of the archive."""

    def __init__(
        self,
        store: SettingsSource,
        archive: Archive,
        events: EventBus,
        *,
        awaited: AwaitedReports | None = None,
        aside: AwaitedObjects | None = None,
        promises: Path | None = None,
    ) -> None:
        """Make a listener; `awaited` are the reports on commitment that its station waits for.

        `aside` are the objects that it waits for and that are not to go into the archive.
        `promises` is the folder in which its own reports are kept until they are delivered.
        """
        self._store = store
        self._archive = archive
        self._events = events
        self._caller = Caller(store, events)
        self._promises = Promises(store, archive, events, self._caller.report, promises)
        if aside is None:
            aside = AwaitedObjects()
        commitment = Commitment(self._promises, awaited or AwaitedReports())
        self._provider = Provider(store, archive, events, self._caller, commitment, aside)
        self._registry = Registry()
        self._connections: dict[_Connection, threading.Thread] = {}
        self._lock = threading.Lock()
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._thread: threading.Thread | None = None
        self._doors: tuple[Door, ...] = ()

    # -- life

    def start(
        self, port: int | None = None, tls_port: int | None = None, *, patience: float = 0.0
    ) -> int:
        """Bind, listen, and return the port: the plain one, or where there is none that of TLS.

        `port` and `tls_port` (0: any free one) override the settings. Who connects is let in once
        the archive is ready for a burst, or after `patience` seconds. Raises ListenError where an
        address cannot be had, or our certificate cannot be used.
        """
        if self._doors:
            return self._doors[0].port
        self._doors = open_doors(self._store.current.station, port, tls_port)
        self._wake = socket.socketpair()
        self._thread = threading.Thread(
            target=self._accept_loop,
            args=(self._doors, self._wake[0], patience),
            name="listener",
            daemon=True,
        )
        self._thread.start()
        self._promises.start()
        first, secured = self._doors[0], self.tls_address
        if secured:
            self._look_at_certificate()
        self._events.publish(
            Listening(host=first.host, port=first.port, tls_port=secured[1] if secured else 0)
        )
        return first.port

    def _look_at_certificate(self) -> None:
        with contextlib.suppress(SettingsError):  # it was good a moment ago, and is looked at anew
            days = credentials.days_left(self._store.current.station.tls)
            if days < _RENEW_DAYS:
                text = f"our TLS certificate expires in {days} days: renew station.tls.certificate"
                self._events.publish(Notice(severity=Severity.WARNING, text=text))

    def stop(self, grace: float) -> None:
        """Take no more, give associations `grace` seconds to end, abort the rest, join threads."""
        if self._thread is None or self._wake is None:
            return
        self._wake[1].send(b"x")
        self._thread.join()
        for sock in self._wake:
            sock.close()
        self._thread = self._wake = None
        self._doors = ()
        self._wait_for_associations(time.monotonic() + grace)
        self._caller.close()
        self._promises.close()
        left = self._snapshot()
        for connection, _ in left:  # all, before one is waited for: each may linger
            connection.wire.end("the listener closes")
        for _, thread in left:
            thread.join(10.0)
        self._events.publish(Listening(host=self._store.current.station.host, port=0))

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port where it is open, None while it is closed."""
        return next(((door.host, door.port) for door in self._doors), None)

    @property
    def tls_address(self) -> tuple[str, int] | None:
        """Host and port where it takes TLS, None while it takes none."""
        return next(((door.host, door.port) for door in self._doors if door.secure), None)

    def associations(self) -> tuple[model.Association, ...]:
        """The live associations, in and (for C-MOVE) out, oldest first."""
        both = self._registry.about() + self._caller.associations()
        return tuple(sorted(both, key=lambda about: about.id))

    def abort(self, association_id: int) -> bool:
        """Abort one association; False where there is none by that id."""
        ended = self._registry.end(association_id, "aborted by a person here")
        return ended or self._caller.abort(association_id)

    def _wait_for_associations(self, deadline: float) -> None:
        """Wait for those that are at work; whoever is silent meanwhile is not waited for."""
        while time.monotonic() < deadline:
            now = time.monotonic()
            live = self._registry.all()
            if all(a.idle_since is not None and now - a.idle_since > _IDLE for a in live):
                return
            for _, thread in self._snapshot()[:1]:
                thread.join(0.05)

    def _snapshot(self) -> list[tuple[_Connection, threading.Thread]]:
        with self._lock:
            return list(self._connections.items())

    # -- taking connections

    def _accept_loop(self, doors: Sequence[Door], wake: socket.socket, patience: float) -> None:
        if patience:
            self._archive.wait_ready(patience)
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        by_number = {door.socket.fileno(): door for door in doors}
        for number in by_number:
            poll.register(number, select.POLLIN)
        with contextlib.ExitStack() as open_sockets:
            for door in doors:
                open_sockets.enter_context(door.socket)
            failing = False
            while wake.fileno() not in (ready := [number for number, _ in poll.poll()]):
                for number in ready:
                    failing = self._take(by_number[number], wake, failing=failing)

    def _take(self, door: Door, wake: socket.socket, *, failing: bool) -> bool:
        """Begin the next connection at `door`; whether the system refused us one."""
        try:
            wire, host, port = door.accept()
        except (BlockingIOError, ConnectionError):
            return failing
        except OSError as exc:  # out of descriptors, buffers or memory: that passes
            self._say_failing(exc, before=failing)
            pause = select.poll()
            pause.register(wake, select.POLLIN)
            pause.poll(_PAUSE * 1000)
            return True
        self._begin(wire, host, port)
        return False

    def _say_failing(self, exc: OSError, *, before: bool) -> None:
        if not before:
            text = f"connections cannot be taken: {exc.strerror or exc}"
            self._events.publish(Notice(severity=Severity.ERROR, text=text))

    def _begin(self, wire: Wire, host: str, port: int) -> None:
        connection = _Connection(wire, host, port)
        try:
            thread = threading.Thread(
                target=self._run, args=(connection,), name=f"from {host}:{port}", daemon=True
            )
            if self._make_room(host):
                with self._lock:
                    self._connections[connection] = thread
                thread.start()
                return
        except RuntimeError as exc:  # no thread
            log.error("a connection from %r was dropped: %s", host, exc)
            with self._lock:
                self._connections.pop(connection, None)
        wire.close()

    def _make_room(self, host: str) -> bool:
        """Whether to talk to a new connection; where there are too many, a silent one gives way.

        There may be more connections than associations, so that those over the limit are told so
        in a proper way; and silent ones cannot lock out who shares their address.
        """
        station = self._store.current.station
        with self._lock:
            of_host = [c for c in self._connections if c.host == host]
            crowd: Iterable[_Connection] = ()
            if len(of_host) >= station.max_associations_per_address + _SPARE:
                crowd = of_host
            elif len(self._connections) >= station.max_associations + 2 * _SPARE:
                crowd = self._connections
            else:
                return True
            oldest = next((c for c in crowd if c.silent and not c.wire.ended), None)
        if oldest is not None:
            oldest.wire.end("gave way to a newer connection without having said anything")
        return oldest is not None

    def _admit(self, connection: _Connection) -> bool:
        """Count a connection as an association, where the limits allow one more."""
        station = self._store.current.station
        with self._lock:
            served = [c.host for c in self._connections if c.admitted]
            connection.admitted = (
                len(served) < station.max_associations
                and served.count(connection.host) < station.max_associations_per_address
            )
            return connection.admitted

    # -- one connection, in its thread

    def _run(self, connection: _Connection) -> None:
        calling = called = ""
        try:
            station = self._store.current.station
            acceptor.secure(connection.wire, station)
            body = acceptor.read_request(connection.wire, station.acse_timeout)
            connection.silent = False
            calling, called = pdu.titles(body)
            request = pdu.decode_associate(pdu.Type.ASSOCIATE_RQ, body)
            self._answer(connection, request)
        except LinkError as exc:
            acceptor.hang_up(connection.wire, exc)
            self._rejected(connection, calling, called, str(exc))
        except Exception:
            log.exception("a connection from %r failed", connection.address)
            connection.wire.close()
        finally:
            with self._lock:
                self._connections.pop(connection, None)

    def _answer(self, connection: _Connection, request: pdu.Associate) -> None:
        settings = self._store.current
        why = negotiation.judge(request, settings)
        if why is None and not self._admit(connection):
            why = negotiation.FULL
        if why is not None:
            acceptor.turn_away(connection.wire, why)
            self._rejected(connection, request.calling, request.called, why.text)
            return
        about = model.Association(
            id=next_id(),
            outgoing=False,
            peer=request.calling.strip(),
            address=connection.address,
            since=time.time(),
            calling=request.calling.strip(),
            called=request.called.strip(),
            tls=connection.wire.security,
        )
        association, proposed = acceptor.accept(connection.wire, request, settings, about)
        self._registry.add(association)
        reason = ""
        try:
            self._events.publish(AssociationOpened(association=about, contexts=proposed))
            reason = self._provider.serve(association)
        finally:
            self._registry.remove(association)
            self._events.publish(AssociationEnded(association=about, reason=reason))

    def _rejected(self, connection: _Connection, calling: str, called: str, reason: str) -> None:
        self._events.publish(
            AssociationRejected(
                address=connection.address, calling=calling, called=called, reason=reason
            )
        )
