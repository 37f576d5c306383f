"""A C-MOVE as a job: asked of one peer, watched at our own listener.

The peer's counters are promises. What arrived is counted by SOP Instance UID from the objects that
our own archive took with our AE title and our message ID as Move Originator (PS3.7 9.1.1.1), since
Pending responses are optional and their counters sometimes wrong.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence

from msgspec import Struct

from core.events import Event, EventBus, InstanceStored
from core.model import (
    Counters,
    JobState,
    Level,
    Modality,
    MoveResponse,
    Outcome,
    OutcomeState,
    Ref,
)
from core.network.scu import Caller
from core.transfers.queue import Progress, Work

STRAGGLERS_SECONDS = 3.0
"""How long arrivals may lag behind the peer's final response."""

_message_ids = itertools.cycle(range(1, 0x10000))
_message_ids_lock = threading.Lock()


def next_message_id() -> int:
    """Give the next Message ID; one sequence for the process tells concurrent moves apart."""
    with _message_ids_lock:
        return next(_message_ids)


class MoveOrder(Struct, frozen=True, kw_only=True):
    """What is to be moved: from whom, what, to which AE title, and who we are."""

    peer: Modality
    refs: tuple[Ref, ...]
    destination: str
    own_ae_title: str

    @property
    def to_ourselves(self) -> bool:
        """True where the objects come to our own listener."""
        return self.destination.strip() == self.own_ae_title.strip()


def move_job(order: MoveOrder, caller: Caller, events: EventBus) -> Work:
    """Make the work of one move job: the references one after another."""

    def work(progress: Progress) -> None:
        outcomes = []
        for ref in order.refs:
            if progress.cancelled.is_set():
                break
            outcomes.append(_OneMove(order, ref, progress).run(caller, events))
            if outcomes[-1].state in _HOPELESS:
                break
        _end(order, progress, outcomes)

    return work


_HOPELESS = (OutcomeState.UNREACHABLE, OutcomeState.REJECTED, OutcomeState.TIMEOUT)


class _OneMove:
    """One C-MOVE request: adds its counters to those of the requests before it."""

    def __init__(self, order: MoveOrder, ref: Ref, progress: Progress) -> None:
        self.order = order
        self.ref = ref
        self.progress = progress
        self.message_id = next_message_id()
        self.before = progress.job
        self.seen: set[str] = set()
        self.known = 0
        self.arrival = threading.Condition()

    def run(self, caller: Caller, events: EventBus) -> Outcome:
        unsubscribe = events.subscribe(self._on_event) if self.order.to_ourselves else None
        try:
            responses = caller.move(
                self.order.peer,
                self.ref,
                self.order.destination,
                message_id=self.message_id,
                cancel=self.progress.cancelled,
                is_alive=self._something_came,
            )
            return self._follow(responses)
        finally:
            if unsubscribe:
                unsubscribe()

    def _follow(self, responses: Iterator[MoveResponse]) -> Outcome:
        for response in responses:
            self._count(response.counters)
            if response.outcome is not None:
                self._wait_for_stragglers(response.counters)
                self._note_failures(response)
                return response.outcome
        raise AssertionError("a move ends with an outcome")

    def _something_came(self) -> bool:
        """Say whether objects arrived since this was last asked."""
        with self.arrival:
            came, self.known = len(self.seen) > self.known, len(self.seen)
            return came

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, InstanceStored) or not self._is_ours(event):
            return
        instance = event.stored.instance
        with self.arrival:
            if instance.sop_instance_uid in self.seen:
                return
            self.seen.add(instance.sop_instance_uid)
            self.arrival.notify_all()
        self.progress.arrived(instance.size)

    def _is_ours(self, event: InstanceStored) -> bool:
        if event.originator_id is not None:
            ours = event.originator_ae.strip() == self.order.own_ae_title.strip()
            return ours and event.originator_id == self.message_id
        # Some peers leave the originator out: then what was asked for decides.
        ref, instance = self.ref, event.stored.instance
        from_peer = event.source.strip() == self.order.peer.ae_title.strip()
        asked = (
            (ref.study_uid, instance.study_uid),
            (ref.series_uid, instance.series_uid),
            (ref.sop_instance_uid, instance.sop_instance_uid),
        )
        named = [have in want.split("\\") for want, have in asked if want]
        return from_peer and bool(named) and all(named)

    def _count(self, counters: Counters) -> None:
        done = [n for n in (counters.completed, counters.failed, counters.warnings) if n]
        if counters.completed is None and counters.remaining is None:
            return
        promised = sum(done) + (counters.remaining or 0)
        before = self.before
        self.progress.update(
            promised=(before.promised or 0) + promised,
            completed=(before.completed or 0) + (counters.completed or 0),
            warnings=before.warnings + (counters.warnings or 0),
            failed=before.failed + (counters.failed or 0),
            remaining=counters.remaining,
        )

    def _wait_for_stragglers(self, counters: Counters) -> None:
        if not self.order.to_ourselves:
            return
        due = (counters.completed or 0) + (counters.warnings or 0)
        with self.arrival:
            self.arrival.wait_for(lambda: len(self.seen) >= due, STRAGGLERS_SECONDS)

    def _note_failures(self, response: MoveResponse) -> None:
        outcome = response.outcome
        if outcome is None:
            return
        why = outcome.comment or outcome.meaning
        for uid in response.failed_uids:
            self.progress.failed(uid, why, count=0)
        if not outcome.ok and not response.failed_uids:
            self.progress.failed(self.ref.uid, outcome.meaning, count=0)


def _end(order: MoveOrder, progress: Progress, outcomes: Sequence[Outcome]) -> None:
    job = progress.job
    worst = max(outcomes, key=lambda outcome: list(OutcomeState).index(outcome.state), default=None)
    if progress.cancelled.is_set() or worst is None or worst.state is OutcomeState.CANCELLED:
        progress.end(JobState.CANCELLED, "cancelled", worst)
        return
    arrived = job.arrived if order.to_ourselves else (job.completed or 0) + job.warnings
    missing = max(0, (job.completed or 0) + job.warnings - arrived)
    if not worst.ok:
        progress.end(JobState.PARTIAL if arrived else JobState.FAILED, worst.meaning, worst)
    elif order.to_ourselves and not arrived:
        progress.end(JobState.FAILED, _nothing_came(job.promised), worst)
    elif job.failed or missing:
        progress.end(JobState.PARTIAL, _shortfall(job.failed, missing), worst)
    elif not order.to_ourselves and job.promised == 0:
        progress.end(JobState.FAILED, "the peer found nothing to send", worst)
    else:
        progress.end(JobState.DONE, "", worst)


def _nothing_came(promised: int | None) -> str:
    if promised:
        return (
            f"the peer says it sent {promised}, and nothing arrived: our AE title may be "
            "registered there with another address or port"
        )
    return "the peer says success and sent nothing: it holds nothing that matches"


def _shortfall(failed: int, missing: int) -> str:
    parts = []
    if failed:
        parts.append(f"{failed} failed at the peer")
    if missing:
        parts.append(f"{missing} reported as sent never arrived")
    return ", ".join(parts)


def title(refs: Sequence[Ref]) -> str:
    """Name what is moved in a few words."""
    nouns = {
        Level.PATIENT: ("patient", "patients"),
        Level.STUDY: ("study", "studies"),
        Level.SERIES: ("series", "series"),
        Level.IMAGE: ("instance", "instances"),
    }
    one, many = nouns[refs[0].level]
    return f"{one} {refs[0].uid}" if len(refs) == 1 else f"{len(refs)} {many}"
