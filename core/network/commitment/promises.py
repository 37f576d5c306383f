"""Storage commitment as SCP: requests taken, checked one after another, and reported.

A report goes back on the association of its request where that is still open and has been quiet for
a moment; else on a new one to the address that is configured for the caller, tried a few times. One
thread checks and calls; promises outlive it on disk.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from core.events import EventBus, Notice, Severity
from core.model import Modality, Outcome
from core.network.association import Association, Context
from core.network.commitment import checking
from core.network.commitment.drawer import MAX_AGE, Drawer, Kept
from core.network.commitment.messages import (
    DUPLICATE_TRANSACTION,
    PROCESSING_FAILURE,
    Refusal,
    Report,
    Request,
)
from core.network.ports import Archive, SettingsSource

log = logging.getLogger(__name__)

MAX_PROMISES = 256
"""Reports that may be due at once."""
MAX_PENDING = 200_000
"""Objects in them beyond which no more is taken."""
DELAYS = (1.0, 5.0, 30.0, 120.0)
"""Seconds before each call of a caller whose association is gone."""

Deliver = Callable[[Modality, Report], Outcome]


class FullError(Exception):
    """As many reports are due as may be."""


@dataclass(eq=False)
class Promise:
    """A request that was acknowledged. `bound` is the id of the association that may carry it."""

    name: str
    kept: Kept
    bound: int | None = None
    context: Context | None = None
    due: float = 0.0

    @property
    def transaction(self) -> tuple[str, str]:
        """What tells requests apart: who asked, and the Transaction UID."""
        return self.kept.caller, self.kept.request.transaction_uid


class Promises:
    """The promises of a listener; all methods may be called from any thread."""

    def __init__(
        self,
        store: SettingsSource,
        archive: Archive,
        events: EventBus,
        deliver: Deliver,
        folder: Path | None = None,
    ) -> None:
        self._store = store
        self._archive = archive
        self._events = events
        self._deliver = deliver
        self._drawer = Drawer(folder)
        self._open: list[Promise] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    # -- life

    def start(self) -> None:
        """Go on with what an earlier run promised."""
        for name, kept in self._drawer.load():
            if time.time() - kept.made > MAX_AGE:
                self._drawer.drop(name)
            else:
                self._add(Promise(name, replace(kept, tries=0)))

    def close(self) -> None:
        """Stop; what is left is gone on with by the next :meth:`start`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(10.0)

    # -- taking requests

    def make(self, caller: str, request: Request) -> Promise:
        """Promise to check and report; durable when it returns.

        Raises FullError, and OSError where the disk does not take it. A transaction UID that is in
        use is told in the report, for each object (PS3.3 C.14.1.1).
        """
        kept = Kept(caller=caller, request=request, made=time.time())
        promise = Promise(self._drawer.new_name(), kept)
        with self._changed:
            asked = sum(len(p.kept.request.references) for p in self._open)
            if len(self._open) >= MAX_PROMISES or asked >= MAX_PENDING:
                raise FullError
            if any(other.transaction == promise.transaction for other in self._open):
                failed = tuple(Refusal(r, DUPLICATE_TRANSACTION) for r in request.references)
                report = Report(request.transaction_uid, failed=failed)
                promise.kept = replace(kept, report=report)
        self._drawer.put(promise.name, promise.kept)
        return promise

    def release(self, promise: Promise, association: Association, context: Context) -> None:
        """Let a promise be worked on, now that the request is answered."""
        promise.bound = association.about.id
        promise.context = context
        self._add(promise)

    def forget(self, promise: Promise) -> None:
        """Take a promise back that was never acknowledged."""
        self._drawer.drop(promise.name)

    # -- reports on the association of the request

    def bound_to(self, association_id: int) -> bool:
        """Whether the report of a request of this association is due."""
        with self._changed:
            return any(p.bound == association_id for p in self._open)

    def ready_for(self, association_id: int) -> Promise | None:
        """A report that is ready and may go on this association."""
        with self._changed:
            return next(
                (p for p in self._open if p.bound == association_id and p.kept.report), None
            )

    def settled(self, promise: Promise) -> None:
        """The report arrived."""
        with self._changed:
            if promise in self._open:
                self._open.remove(promise)
        self._drawer.drop(promise.name)

    def unbind(self, promise: Promise) -> None:
        """Report on a new association."""
        with self._changed:
            promise.bound = promise.context = None
            promise.due = time.monotonic() + DELAYS[0]
            self._changed.notify_all()

    def let_go(self, association_id: int) -> None:
        """The association is over: what it has not carried goes on a new one."""
        with self._changed:
            bound = [p for p in self._open if p.bound == association_id]
        for promise in bound:
            self.unbind(promise)

    # -- the worker

    def _add(self, promise: Promise) -> None:
        with self._changed:
            self._open.append(promise)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="commitment", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _work(self) -> None:
        for promise in self._turns():
            try:
                if promise.kept.report is None:
                    self._check(promise)
                else:
                    self._call(promise)
            except Exception:
                log.exception("a commitment to %r could not be reported", promise.kept.caller)
                self.settled(promise)

    def _turns(self) -> Iterator[Promise]:
        """What is to be checked, in its order, before what is to be reported, when it is due."""
        while True:
            with self._changed:
                while not self._closed and (found := self._next()) is None:
                    self._changed.wait(self._until_due())
                if self._closed:
                    return
            if found is not None:
                yield found

    def _next(self) -> Promise | None:
        unchecked = next((p for p in self._open if p.kept.report is None), None)
        if unchecked is not None:
            return unchecked
        now = time.monotonic()
        return next((p for p in self._open if p.bound is None and p.due <= now), None)

    def _until_due(self) -> float | None:
        waiting = [p.due for p in self._open if p.bound is None]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _check(self, promise: Promise) -> None:
        report = checking.check(self._archive, promise.kept.request, lambda: self._closed)
        if report is not None:
            self._warn(promise.kept.caller, report)
            with self._changed:
                promise.kept = replace(promise.kept, report=report)
                self._changed.notify_all()

    def _warn(self, caller: str, report: Report) -> None:
        damaged = [one for one in report.failed if one.reason == PROCESSING_FAILURE]
        if damaged:
            uid = damaged[0].reference.sop_instance_uid
            text = (
                f"{caller} asked for commitment to {len(damaged)} objects damaged on disk, "
                f"{uid} among them: see what modalitty check says"
            )
            self._events.publish(Notice(severity=Severity.ERROR, text=text))

    def _call(self, promise: Promise) -> None:
        caller, report = promise.kept.caller, promise.kept.report
        peer = self._peer(caller)
        if report is None:
            return
        if peer is None:
            self._give_up(promise, "it is not among the modalities: add it, with address and port")
            return
        outcome = self._deliver(peer, report)
        if outcome.ok or outcome.status is not None:
            # An answer in the negative is one too: asking again would not change it.
            self.settled(promise)
            if not outcome.ok:
                self._tell(promise, f"it answered: {outcome.meaning}")
        elif not self._closed:
            self._again(promise, outcome)

    def _again(self, promise: Promise, outcome: Outcome) -> None:
        tries = promise.kept.tries + 1
        if tries >= len(DELAYS):
            self._give_up(promise, outcome.meaning)
            return
        with self._changed:
            promise.kept = replace(promise.kept, tries=tries)
            promise.due = time.monotonic() + DELAYS[tries]

    def _peer(self, caller: str) -> Modality | None:
        known = self._store.current.modalities.values()
        return next((m for m in known if m.ae_title.strip() == caller), None)

    def _give_up(self, promise: Promise, why: str) -> None:
        self.settled(promise)
        self._tell(promise, why)

    def _tell(self, promise: Promise, why: str) -> None:
        text = (
            f"the storage commitment that {promise.kept.caller} asked for was not reported: {why}"
        )
        self._events.publish(Notice(severity=Severity.WARNING, text=text))
