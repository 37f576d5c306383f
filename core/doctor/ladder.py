"""The order of the checks: each rung stands on the one below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.doctor.associating import association, services
from core.doctor.examination import TITLES, Examination, unknown
from core.doctor.ourselves import callers, listener
from core.doctor.reach import name, tcp
from core.doctor.retrieving import find, move
from core.model import Finding, Verdict
from core.network.faults import EndedHereError

Rung = Callable[[Examination], Iterator[Finding]]

LADDER: tuple[tuple[str, Rung], ...] = (
    ("name", name),
    ("tcp", tcp),
    ("association", association),
    ("services", services),
    ("find", find),
    ("move", move),
)
"""From us to the peer: a rung that breaks ends the climb."""
GROUND: tuple[tuple[str, Rung], ...] = (("listener", listener), ("callers", callers))
"""From the peer to us: looked at in any case."""
_NEEDED = frozenset({"name", "tcp", "tls", "association", "speaks"})
"""Without these nothing further can be tried."""


def examine(exam: Examination) -> Iterator[Finding]:
    """Yield the findings one by one, as they are made; ends soon after a cancel."""
    try:
        yield from _climb(exam)
        for _, rung in GROUND:
            if not exam.stop():
                yield from rung(exam)
    except EndedHereError:
        return


def _climb(exam: Examination) -> Iterator[Finding]:
    for index, (_, rung) in enumerate(LADDER):
        broken = False
        for finding in rung(exam):
            broken |= finding.verdict is Verdict.BAD and finding.check in _NEEDED
            yield finding
        if exam.stop():
            return
        if broken:
            left = [TITLES[check] for check, _ in LADDER[index + 1 :]]
            if left:
                yield unknown("rest", ", ".join(left))
            return
