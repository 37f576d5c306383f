"""A C-MOVE as a job: asked of one peer, watched at our own listener where we are its goal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from core.model import Counters, JobState, Outcome, Ref
from core.network.message_ids import next_message_id
from core.transfers.arrivals import Arrivals
from core.transfers.inventory import Inventory
from core.transfers.orders import MoveOrder
from core.transfers.progress import Progress
from core.transfers.retrieval import Retrieval
from core.transfers.tools import Tools

STRAGGLERS_SECONDS = 3.0
"""How long arrivals may lag behind the peer's final response."""


def run_move(order: MoveOrder, progress: Progress, tools: Tools) -> None:
    """Move the references one after another; a later attempt asks for what is missing only."""
    _Move(order, progress, tools).run()


class _Move(Retrieval):
    hint = ": our AE title may be registered there with another address or port"

    def __init__(self, order: MoveOrder, progress: Progress, tools: Tools) -> None:
        super().__init__(order.peer, order.refs, progress, tools)
        self.destination = order.destination
        self.to_ourselves = order.destination.strip() == tools.own_ae_title

    def left_of(self, ref: Ref, found: Inventory) -> Iterator[Ref]:
        if self.to_ourselves:
            yield from super().left_of(ref, found)
            return
        failed = {failure.what for failure in self.progress.former}
        again = [uid for uid in found.series_of if uid in failed]
        yield from found.refs(again) if again else (ref,)

    def ask(self, ref: Ref) -> Outcome:
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
            responses = self.tools.caller().move(
                self.peer,
                ref,
                self.destination,
                message_id=arrivals.message_id if self.to_ourselves else next_message_id(),
                cancel=self.progress.stop,
                is_alive=arrivals.came_since_asked,
            )
            for response in responses:
                self.count(before, response.counters)
                if response.outcome is not None:
                    self._wait_for_stragglers(arrivals, response.counters)
                    self.note_failures(ref, response)
                    return response.outcome
        raise AssertionError("a move ends with an outcome")

    def _wait_for_stragglers(self, arrivals: Arrivals, counters: Counters) -> None:
        if self.to_ourselves:
            due = (counters.completed or 0) + (counters.warnings or 0)
            arrivals.wait_for(due, STRAGGLERS_SECONDS)

    def end(self) -> None:
        if self.to_ourselves:
            super().end()
            return
        job, worst = self.progress.job, self.worst()
        if worst is None:
            self.progress.end(JobState.DONE, "nothing was left to do")
        elif not worst.ok:
            state = JobState.PARTIAL if job.completed else JobState.FAILED
            self.progress.end(state, worst.meaning, worst)
        elif job.failed:
            state = JobState.PARTIAL if job.completed else JobState.FAILED
            self.progress.end(state, self.shortfall(job.completed or 0, job.failed, 0), worst)
        elif job.promised == 0:
            self.progress.end(JobState.FAILED, "the peer found nothing to send", worst)
        else:
            self.progress.end(JobState.DONE, "", worst)
