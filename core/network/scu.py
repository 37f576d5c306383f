"""What we ask of peers: C-ECHO, C-FIND, C-MOVE, C-GET and C-STORE as SCU, PS3.4 annexes A, B and C.

Whatever a peer does comes back as a value; only misuse raises. Every wait has a limit, and a
cancel event or :meth:`Caller.close` ends each call soon, from any thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from core import model
from core.events import EventBus
from core.model import (
    Instance,
    Match,
    Modality,
    MoveResponse,
    Outcome,
    Query,
    Ref,
    Root,
    SendResult,
    Stored,
)
from core.network import (
    command,
    contexts,
    credentials,
    finding,
    getting,
    moving,
    outcomes,
    queries,
    sending,
)
from core.network.command import Verb
from core.network.commitment import asking
from core.network.commitment.asking import Answer, Patience
from core.network.commitment.awaited import AwaitedReports
from core.network.commitment.messages import Reference, Report
from core.network.contexts import NATIVE, VERIFICATION, Offer
from core.network.convert import Converter
from core.network.faults import LinkError
from core.network.line import Dial, IsAlive, Line, open_line
from core.network.ports import Exchange, SettingsSource, Taker
from core.network.registry import Registry

_MESSAGE_ID = 1


class Caller:
    """Calls peers with our AE title and time-outs; safe to use from several threads at once."""

    def __init__(self, store: SettingsSource, events: EventBus) -> None:
        self._store = store
        self._events = events
        self._registry = Registry()
        self._closed = threading.Event()
        self._converter = Converter()

    # -- live associations

    def associations(self) -> tuple[model.Association, ...]:
        """The open outgoing associations, oldest first."""
        return self._registry.about()

    def abort(self, association_id: int) -> bool:
        """Abort one of them; False where there is none by that id."""
        return self._registry.end(association_id, "aborted by a person here")

    def close(self) -> None:
        """End every call, and let no other begin."""
        self._closed.set()
        self._registry.end_all("the station closes")
        self._converter.close()

    # -- services

    def echo(self, peer: Modality) -> Outcome:
        """Ask whether the peer is there: association, C-ECHO, release.

        Raises SettingsError where it is to be called by TLS and our own files cannot be used.
        """
        credentials.require(self._store.current.station.tls, peer)
        start = time.monotonic()
        try:
            with self._line(peer, [Offer(VERIFICATION, NATIVE)], None) as line:
                context = line.context_for(VERIFICATION)
                fields = command.request(Verb.C_ECHO_RQ, _MESSAGE_ID, VERIFICATION, data_set=False)
                line.ask(context, command.encode(fields), None)
                answer = line.await_answer(Verb.C_ECHO_RSP, context, _MESSAGE_ID)
                return line.outcome("C-ECHO", answer)
        except LinkError as exc:
            return outcomes.from_fault(exc, time.monotonic() - start)

    def find(
        self, peer: Modality, query: Query, cancel: threading.Event | None = None
    ) -> Iterator[Match | Outcome]:
        """The matches of a query as they arrive, and as the last item how it ended.

        Raises UsageError, at once, for a query that cannot be asked, and SettingsError as
        :meth:`echo` does.
        """
        credentials.require(self._store.current.station.tls, peer)
        ds = queries.for_query(query)
        return finding.find(lambda offers: self._line(peer, offers, cancel), peer, query, ds)

    def move(
        self,
        peer: Modality,
        ref: Ref,
        destination: str,
        *,
        message_id: int,
        root: Root | None = None,
        cancel: threading.Event | None = None,
        is_alive: IsAlive | None = None,
    ) -> Iterator[MoveResponse]:
        """Ask the peer to send `ref` to the AE title `destination`; the last item has the outcome.

        `message_id` (1 to 65535) comes back with each object as Move Originator Message ID.
        Peers need not say anything before the end: `is_alive` is asked when dimse_timeout is over,
        and True (something arrived meanwhile) grants it again. Raises UsageError at once.
        """
        root = root or queries.root_for(ref)
        ds = queries.for_ref(ref, root)
        title = contexts.require_title(destination)
        request = moving.Request(root, ds, title, message_id, is_alive)
        return moving.move(lambda offers: self._line(peer, offers, cancel), request)

    def get(
        self,
        peer: Modality,
        ref: Ref,
        taker: Taker,
        *,
        root: Root | None = None,
        sop_classes: Sequence[str] = (),
        cancel: threading.Event | None = None,
    ) -> Iterator[MoveResponse | Stored]:
        """Have the peer send `ref` on the same association, to `taker`: an archive, or who waits.

        Yields each object that came and each response; the last item is a response with the
        outcome. Contexts are proposed for `sop_classes`; where these are empty, for the classes
        that the peer says are in the study, or else for those that are used most (PS3.4 C.4.3).
        Raises UsageError at once.
        """
        root = root or queries.root_for(ref)
        request = getting.Request(
            ref, root, queries.for_ref(ref, root), tuple(dict.fromkeys(sop_classes))
        )
        keeping = getting.Keeping(taker, self._store.current, self._events)
        return getting.get(lambda offers: self._line(peer, offers, cancel), peer, request, keeping)

    def store(
        self,
        peer: Modality,
        items: Sequence[Instance | Path],
        *,
        originator: tuple[str, int] | None = None,
        cancel: threading.Event | None = None,
    ) -> Generator[SendResult, None, None]:
        """Send objects; one result for each, the unreadable ones first.

        `originator` is AE title and message ID of the C-MOVE that asked for them. After a cancel
        the objects that are left come back as cancelled.
        """
        return sending.send(
            lambda offers: self._line(peer, offers, cancel),
            items,
            originator,
            cancel,
            self._converter,
        )

    def store_on(
        self, exchange: Exchange, instances: Sequence[Instance]
    ) -> Generator[SendResult, None, None]:
        """Send objects on an association that a peer opened for a C-GET; raises LinkError."""
        return sending.send_on(exchange, instances, self._converter)

    def commit(
        self,
        peer: Modality,
        references: Sequence[Reference],
        awaited: AwaitedReports,
        patience: Patience,
        cancel: threading.Event | None = None,
    ) -> Answer:
        """Ask the peer to commit to objects it was sent, and wait for its report.

        The report may come on this association, or on one that the peer opens to the listener that
        shares `awaited`.
        """

        def stop() -> bool:
            return self._closed.is_set() or (cancel is not None and cancel.is_set())

        return asking.commit(
            lambda offers: self._line(peer, offers, cancel),
            tuple(references),
            awaited,
            self._events,
            patience,
            stop,
        )

    def report(self, peer: Modality, report: Report) -> Outcome:
        """Tell the peer what came of the commitment it asked us for, on a new association."""
        title = self._store.current.station.ae_title.strip()
        return asking.deliver(lambda offers: self._line(peer, offers, None), report, title)

    def dial(self, peer: Modality, cancel: threading.Event | None = None) -> Dial:
        """Give a way to associate with the peer, for what is no service of its own.

        What it opens raises LinkError; SettingsError as :meth:`echo` does, at once.
        """
        credentials.require(self._store.current.station.tls, peer)
        return lambda offers: self._line(peer, offers, cancel)

    # -- inside

    def _line(
        self, peer: Modality, offers: Sequence[Offer], cancel: threading.Event | None
    ) -> AbstractContextManager[Line]:
        def stop() -> bool:
            return self._closed.is_set() or (cancel is not None and cancel.is_set())

        return open_line(
            peer, offers, self._store.current, self._events, self._registry, cancel, stop
        )
