"""A C-MOVE as a job: asked of one peer, watched at our own listener.

The peer's counters are promises: optional, 16 bits, sometimes wrong. What arrived is counted by SOP
Instance UID; where promise and arrivals differ, the peer is asked by C-FIND what it holds, and
what is missing is known object by object.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from core.model import Counters, JobState, MoveResponse, Outcome, OutcomeState, Ref
from core.transfers import inventory
from core.transfers.arrivals import Arrivals, next_message_id
from core.transfers.inventory import Inventory
from core.transfers.orders import MoveOrder
from core.transfers.progress import Progress
from core.transfers.tools import Tools

STRAGGLERS_SECONDS = 3.0
"""How long arrivals may lag behind the peer's final response."""
_HOPELESS = (OutcomeState.UNREACHABLE, OutcomeState.REJECTED, OutcomeState.TIMEOUT)


def run_move(order: MoveOrder, progress: Progress, tools: Tools) -> None:
    """Move the references one after another; a later attempt asks for what is missing only."""
    _Move(order, progress, tools).run()


class _Move:
    def __init__(self, order: MoveOrder, progress: Progress, tools: Tools) -> None:
        self.order = order
        self.progress = progress
        self.tools = tools
        self.peer = tools.peer(order.peer)
        self.to_ourselves = order.destination.strip() == tools.own_ae_title
        self.outcomes: list[Outcome] = []

    def run(self) -> None:
        refs = list(self._left_to_ask())
        if refs:
            self.progress.update(promised=None, completed=None, warnings=0, remaining=None)
        for ref in refs:
            if self.progress.stop.is_set():
                break
            outcome = self._one(ref)
            self.outcomes.append(outcome)
            if outcome.state in _HOPELESS:
                break
        self._end()

    # -- what to ask for

    def _left_to_ask(self) -> Iterator[Ref]:
        job = self.progress.job
        if job.attempt == 1 and not self.progress.done:
            yield from self.order.refs
            return
        failed = {failure.what for failure in job.failures}
        for ref in self.order.refs:
            found = self._inventory(ref)
            if found is None:
                yield ref
            elif self.to_ourselves:
                yield from found.refs(self._not_held(found))
            else:
                yield from (
                    found.refs([uid for uid in found.series_of if uid in failed])
                    if (failed & found.series_of.keys())
                    else (ref,)
                )

    def _inventory(self, ref: Ref) -> Inventory | None:
        return inventory.take(self.tools.caller, self.peer, ref, self.progress.stop)

    def _not_held(self, found: Inventory) -> list[str]:
        held: set[str] = set()
        for series in set(found.series_of.values()):
            held.update(one.sop_instance_uid for one in self.tools.archive().instances(series))
        return [uid for uid in found.series_of if uid not in held]

    # -- one request

    def _one(self, ref: Ref) -> Outcome:
        arrivals = Arrivals(
            self.peer,
            ref,
            self.tools.own_ae_title,
            lambda instance: self.progress.arrived(instance.sop_instance_uid, instance.size),
        )
        before = self.progress.job
        with contextlib.ExitStack() as watching:
            if self.to_ourselves:
                watching.enter_context(arrivals.watched(self.tools.events))
            responses = self.tools.caller.move(
                self.peer,
                ref,
                self.order.destination,
                message_id=arrivals.message_id if self.to_ourselves else next_message_id(),
                cancel=self.progress.stop,
                is_alive=arrivals.came_since_asked,
            )
            for response in responses:
                self._count(before.promised, before.completed, before.failed, response.counters)
                if response.outcome is not None:
                    self._wait_for_stragglers(arrivals, response.counters)
                    self._note_failures(ref, response)
                    return response.outcome
        raise AssertionError("a move ends with an outcome")

    def _count(
        self, promised: int | None, completed: int | None, failed: int, counters: Counters
    ) -> None:
        if counters.completed is None and counters.remaining is None:
            return
        done = (counters.completed or 0) + (counters.failed or 0) + (counters.warnings or 0)
        self.progress.update(
            promised=(promised or 0) + done + (counters.remaining or 0),
            completed=(completed or 0) + (counters.completed or 0) + (counters.warnings or 0),
            failed=failed + (counters.failed or 0),
            warnings=counters.warnings or 0,
            remaining=counters.remaining,
        )

    def _wait_for_stragglers(self, arrivals: Arrivals, counters: Counters) -> None:
        if self.to_ourselves:
            due = (counters.completed or 0) + (counters.warnings or 0)
            arrivals.wait_for(due, STRAGGLERS_SECONDS)

    def _note_failures(self, ref: Ref, response: MoveResponse) -> None:
        outcome = response.outcome
        if outcome is None or self.progress.stop.is_set():
            return
        for uid in response.failed_uids:
            self.progress.failed(uid, outcome.comment or outcome.meaning, count=0)
        if not outcome.ok and not response.failed_uids:
            self.progress.failed(ref.uid, outcome.meaning, count=0)

    # -- the end

    def _end(self) -> None:
        if self.to_ourselves:
            self._end_here()
        else:
            self._end_elsewhere()

    def _worst(self) -> Outcome | None:
        order = list(OutcomeState)
        return max(self.outcomes, key=lambda outcome: order.index(outcome.state), default=None)

    def _end_here(self) -> None:
        job, worst = self.progress.job, self._worst()
        promised = job.promised
        if not self.progress.stop.is_set() and (job.failed or (promised or 0) != job.arrived):
            self._look_for_missing()
            job = self.progress.job
        if worst is None or (worst.ok and not job.missing and not job.failed):
            nothing = not job.arrived and worst is not None
            state = JobState.FAILED if nothing else JobState.DONE
            self.progress.end(state, _nothing_came(promised) if nothing else "", worst)
        elif not worst.ok:
            state = JobState.PARTIAL if job.arrived else JobState.FAILED
            self.progress.end(state, worst.meaning, worst)
        else:
            state = JobState.PARTIAL if job.arrived else JobState.FAILED
            self.progress.end(state, _shortfall(job.arrived, job.failed, job.missing), worst)

    def _look_for_missing(self) -> None:
        """Find out by UID what did not come; where the peer does not tell, by the counters."""
        job = self.progress.job
        found = [self._inventory(ref) for ref in self.order.refs]
        known = [one for one in found if one is not None]
        if len(known) == len(found):
            missing = [uid for one in known for uid in self._not_held(one)]
            noted = {failure.what for failure in job.failures}
            for uid in missing:
                if uid not in noted:
                    self.progress.failed(uid, "promised, and never arrived", count=0)
            total = sum(len(one.series_of) for one in known)
            self.progress.update(promised=total, missing=len(missing))
        else:
            missed = max(0, (job.completed or 0) - job.arrived)
            self.progress.update(
                missing=missed + job.failed, promised=max(job.promised or 0, job.arrived)
            )

    def _end_elsewhere(self) -> None:
        job, worst = self.progress.job, self._worst()
        if worst is None:
            self.progress.end(JobState.DONE, "nothing was left to do")
        elif not worst.ok:
            state = JobState.PARTIAL if job.completed else JobState.FAILED
            self.progress.end(state, worst.meaning, worst)
        elif job.failed:
            state = JobState.PARTIAL if job.completed else JobState.FAILED
            self.progress.end(state, _shortfall(job.completed or 0, job.failed, 0), worst)
        elif job.promised == 0:
            self.progress.end(JobState.FAILED, "the peer found nothing to send", worst)
        else:
            self.progress.end(JobState.DONE, "", worst)


def _nothing_came(promised: int | None) -> str:
    if promised:
        return (
            f"the peer says it sent {promised}, and nothing arrived: our AE title may be "
            "registered there with another address or port"
        )
    return "the peer says success and sent nothing: it holds nothing that matches"


def _shortfall(arrived: int, failed: int, missing: int) -> str:
    parts = []
    if not arrived:
        parts.append("nothing arrived")
    if failed:
        parts.append(f"{failed} failed at the peer")
    if missing:
        parts.append(f"{missing} missing")
    hint = " (our AE title may be registered there with another address or port)"
    return ", ".join(parts) + (hint if not arrived and not failed else "")
