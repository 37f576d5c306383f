"""What was measured, and what it says: medians, ratios, and whether a target is met."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from msgspec import Struct

OURS = "Modalitty"


class Target(Struct, frozen=True):
    """At most `limit`: times the median of `peer`, or without a peer in the row's own unit."""

    limit: float
    peer: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """One quantity of a scenario, less of which is better.

    `values` are contestant → one value a round, in `unit`.
    """

    name: str
    unit: str
    targets: tuple[Target, ...] = ()
    values: Mapping[str, list[float]] = {}


class Verdict(Struct, frozen=True, kw_only=True):
    """How we stand: `found` is a ratio of medians, or our median where the target has no peer."""

    target: Target
    found: float

    @property
    def met(self) -> bool:
        return self.found <= self.target.limit


def middle(row: Row, contestant: str = OURS) -> float:
    """The median of a contestant's rounds; KeyError where it had none."""
    return median(row.values[contestant])


def ratio(row: Row, peer: str) -> float:
    """Our median divided by that of a peer: below 1 we are ahead."""
    return middle(row) / middle(row, peer)


def verdicts(row: Row) -> list[Verdict]:
    """Each target that could be looked at; one against a peer that did not run says nothing."""
    found = []
    for target in row.targets:
        if not row.values.get(OURS) or (target.peer and not row.values.get(target.peer)):
            continue
        value = ratio(row, target.peer) if target.peer else middle(row)
        found.append(Verdict(target=target, found=value))
    return found
