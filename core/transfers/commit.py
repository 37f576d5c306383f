"""Storage commitment as a job: does a peer keep what it was sent? Its report says so, per object.

Committed objects count as arrived. Until the report is here the job runs; one that is stopped
meanwhile, or that a restart goes on with, asks again with a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from core.errors import NotDicomError
from core.model import JobState, Outcome, OutcomeState
from core.network.commitment.asking import Answer, Patience
from core.network.commitment.messages import Reference, within, words
from core.network.part10 import open_object
from core.transfers.importing import files_below
from core.transfers.orders import CommitOrder
from core.transfers.progress import Progress
from core.transfers.tools import Tools

PART = 5000
"""Objects in one request; peers have their limits."""
_DEAF = (
    "the peer took the request, and no report came on the same association",
    "a later one cannot reach us, for our listener is not open: another program has its port, or "
    "another station the data folder",
)


def run_commit(order: CommitOrder, progress: Progress, tools: Tools) -> None:
    """Ask for commitment; what a former attempt was promised is passed over."""
    references = list(dict.fromkeys(_gather(order, progress, tools)))
    progress.update(promised=len(references) + len(progress.done))
    outcome: Outcome | None = None
    for part in within(references, PART):
        if progress.stop.is_set():
            break
        answer = _ask(order, part, progress, tools)
        outcome = answer.outcome
        if not outcome.ok:
            break
        _count(answer, progress)
    if outcome is not None and not outcome.ok:
        state = JobState.PARTIAL if progress.job.arrived else JobState.FAILED
        progress.end(state, outcome.meaning, outcome)
    else:
        progress.end_by_counts("there is nothing to ask for", outcome)


def _ask(
    order: CommitOrder, part: tuple[Reference, ...], progress: Progress, tools: Tools
) -> Answer:
    station = tools.settings().station
    here = station.commit_timeout
    hears = tools.listening()
    patience = Patience(
        here=here, in_all=max(here, station.commit_report_timeout) if hears else here
    )
    peer = tools.peer(order.peer)
    answer = tools.caller().commit(peer, part, tools.awaited, patience, progress.stop)
    if answer.outcome.state is OutcomeState.TIMEOUT and answer.asked and not hears:
        meaning, advice = _DEAF
        return replace(answer, outcome=replace(answer.outcome, meaning=meaning, advice=advice))
    return answer


def _count(answer: Answer, progress: Progress) -> None:
    for uid in answer.committed:
        progress.arrived(uid, 0)
    for uid, reason in answer.failed:
        why = "the peer's report says nothing of it" if reason is None else words(reason)
        progress.failed(uid, why)


def _gather(order: CommitOrder, progress: Progress, tools: Tools) -> Iterator[Reference]:
    for ref in order.refs:
        held = tools.archive().instances(ref)
        if not held:
            progress.failed(ref.uid, "not held here")
        for one in held:
            if one.sop_instance_uid not in progress.done:
                yield Reference(one.sop_class_uid, one.sop_instance_uid)
    for path in files_below([Path(path) for path in order.paths]):
        try:
            found = open_object(path)
        except NotDicomError:
            progress.skipped()
        except OSError as exc:
            progress.failed(str(path), exc.strerror or str(exc))
        else:
            if found.sop_instance_uid not in progress.done:
                yield Reference(found.sop_class_uid, found.sop_instance_uid)
