"""What a C-MOVE to ourselves and a C-GET have in common as jobs.

The peer's counters are promises: optional, 16 bits, sometimes wrong. What arrived is counted by SOP
Instance UID; where promise and arrivals differ, the peer is asked by C-FIND what it holds, and
what is missing is known object by object.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from core.model import Counters, Job, JobState, Modality, MoveResponse, Outcome, OutcomeState, Ref
from core.transfers import inventory
from core.transfers.inventory import Inventory
from core.transfers.progress import Progress
from core.transfers.tools import Tools

_HOPELESS = (OutcomeState.UNREACHABLE, OutcomeState.REJECTED, OutcomeState.TIMEOUT)


class Retrieval(ABC):
    """Asks a peer for references one after another; a later attempt for what is missing only."""

    hint = ""
    """What may be wrong where nothing arrived at all."""

    def __init__(
        self, peer: Modality, refs: Sequence[Ref], progress: Progress, tools: Tools
    ) -> None:
        self.peer = tools.peer(peer)
        self.refs = refs
        self.progress = progress
        self.tools = tools
        self.outcomes: list[Outcome] = []

    @abstractmethod
    def ask(self, ref: Ref) -> Outcome:
        """Make one request, and count what comes of it."""

    def left_of(self, ref: Ref, found: Inventory) -> Iterator[Ref]:
        """What to ask for again of `ref`, of which the peer has told what it holds."""
        yield from found.refs(self.not_held(found))

    def run(self) -> None:
        """Do it all, and end the job."""
        refs = list(self._left_to_ask())
        if refs:
            self.progress.update(promised=None, completed=None, warnings=0, remaining=None)
        for ref in refs:
            if self.progress.stop.is_set():
                break
            outcome = self.ask(ref)
            self.outcomes.append(outcome)
            if outcome.state in _HOPELESS:
                break
        self.end()

    # -- what to ask for

    def _left_to_ask(self) -> Iterator[Ref]:
        job = self.progress.job
        if job.attempt == 1 and not self.progress.done:
            yield from self.refs
            return
        for ref in self.refs:
            found = self._inventory(ref)
            if found is None:
                yield ref
            else:
                yield from self.left_of(ref, found)

    def _inventory(self, ref: Ref) -> Inventory | None:
        return inventory.take(self.tools.caller(), self.peer, ref, self.progress.stop)

    def not_held(self, found: Inventory) -> list[str]:
        """The objects of an inventory that are not in our archive."""
        held: set[str] = set()
        for series in set(found.series_of.values()):
            held.update(one.sop_instance_uid for one in self.tools.archive().instances(series))
        return [uid for uid in found.series_of if uid not in held]

    # -- one request

    def count(self, before: Job, counters: Counters) -> None:
        """Add a response's counters to what there was before its request."""
        if counters.completed is None and counters.remaining is None:
            return
        done = (counters.completed or 0) + (counters.failed or 0) + (counters.warnings or 0)
        self.progress.update(
            promised=(before.promised or 0) + done + (counters.remaining or 0),
            completed=(before.completed or 0)
            + (counters.completed or 0)
            + (counters.warnings or 0),
            failed=before.failed + (counters.failed or 0),
            warnings=before.warnings + (counters.warnings or 0),
            remaining=counters.remaining,
        )

    def note_failures(self, ref: Ref, response: MoveResponse) -> None:
        """Keep why objects did not come, as the final response tells it."""
        outcome = response.outcome
        if outcome is None or self.progress.stop.is_set():
            return
        for uid in response.failed_uids:
            self.progress.failed(uid, outcome.comment or outcome.meaning, count=0)
        if not outcome.ok and not response.failed_uids:
            self.progress.failed(ref.uid, outcome.meaning, count=0)

    # -- the end

    def end(self) -> None:
        """Say how it ended, by what is here."""
        job, worst = self.progress.job, self.worst()
        promised = job.promised
        if not self.progress.stop.is_set() and (job.failed or (promised or 0) != job.arrived):
            self._look_for_missing()
            job = self.progress.job
        if worst is None or (worst.ok and not job.missing and not job.failed):
            nothing = not job.arrived and worst is not None
            state = JobState.FAILED if nothing else JobState.DONE
            self.progress.end(state, self._nothing_came(promised) if nothing else "", worst)
        elif not worst.ok:
            state = JobState.PARTIAL if job.arrived else JobState.FAILED
            self.progress.end(state, worst.meaning, worst)
        else:
            state = JobState.PARTIAL if job.arrived else JobState.FAILED
            self.progress.end(state, self.shortfall(job.arrived, job.failed, job.missing), worst)

    def _look_for_missing(self) -> None:
        """Find out by UID what did not come; where the peer does not tell, by the counters."""
        job = self.progress.job
        found = [self._inventory(ref) for ref in self.refs]
        known = [one for one in found if one is not None]
        if len(known) == len(found):
            missing = [uid for one in known for uid in self.not_held(one)]
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

    def worst(self) -> Outcome | None:
        """The worst of what the requests came to, None where there was none."""
        order = list(OutcomeState)
        return max(self.outcomes, key=lambda outcome: order.index(outcome.state), default=None)

    def _nothing_came(self, promised: int | None) -> str:
        if promised:
            return f"the peer says it sent {promised}, and nothing arrived{self.hint}"
        return "the peer says success and sent nothing: it holds nothing that matches"

    def shortfall(self, arrived: int, failed: int, missing: int) -> str:
        """What is not as it should be, in words."""
        parts = []
        if not arrived:
            parts.append("nothing arrived")
        if failed:
            parts.append(f"{failed} failed at the peer")
        if missing:
            parts.append(f"{missing} missing")
        return ", ".join(parts) + (self.hint if not arrived and not failed else "")
