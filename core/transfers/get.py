"""A C-GET as a job: the objects come on the association that asks for them."""

from __future__ import annotations

from collections.abc import Iterator

from core.model import Outcome, Ref, Stored
from core.transfers.inventory import Inventory
from core.transfers.orders import GetOrder
from core.transfers.progress import Progress
from core.transfers.retrieval import Retrieval
from core.transfers.tools import Tools


def run_get(order: GetOrder, progress: Progress, tools: Tools) -> None:
    """Get the references one after another; a later attempt asks for what is missing only."""
    _Get(order, progress, tools).run()


class _Get(Retrieval):
    hint = ": what came was not taken here, see Traffic"

    def __init__(self, order: GetOrder, progress: Progress, tools: Tools) -> None:
        super().__init__(order.peer, order.refs, progress, tools)
        self._sop_classes: tuple[str, ...] = ()

    def left_of(self, ref: Ref, found: Inventory) -> Iterator[Ref]:
        # A class that no context was proposed for is the usual reason for a second attempt.
        self._sop_classes = () if "" in found.sop_classes else tuple(sorted(found.sop_classes))
        yield from super().left_of(ref, found)

    def ask(self, ref: Ref) -> Outcome:
        before = self.progress.job
        answers = self.tools.caller().get(
            self.peer,
            ref,
            self.tools.archive(),
            sop_classes=self._sop_classes,
            cancel=self.progress.stop,
        )
        for answer in answers:
            if isinstance(answer, Stored):
                instance = answer.instance
                self.progress.arrived(instance.sop_instance_uid, instance.size)
                continue
            self.count(before, answer.counters)
            if answer.outcome is not None:
                self.note_failures(ref, answer)
                return answer.outcome
        raise AssertionError("a get ends with an outcome")
