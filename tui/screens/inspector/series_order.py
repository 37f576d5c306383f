"""The order of a series' instances."""

from __future__ import annotations

from collections.abc import Sequence

from core.model import Match


def in_order(matches: Sequence[Match]) -> tuple[str, ...]:
    """The SOP Instance UIDs of a series by Instance Number (0020,0013), those without it last."""

    def order(match: Match) -> tuple[float, str]:
        try:
            number = float(match.values.get("InstanceNumber") or "inf")
        except ValueError:
            number = float("inf")
        return number, match.values.get("SOPInstanceUID", "")

    uids = (match.values.get("SOPInstanceUID", "") for match in sorted(matches, key=order))
    return tuple(uid for uid in uids if uid)
