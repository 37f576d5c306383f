"""What the doctor finds out about a link, and who called us."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from core.model.outcome import Outcome


class Verdict(str, Enum):
    """How a check went, from best to worst."""

    GOOD = "good"
    ODD = "odd"
    """It works, but somebody should look at it."""
    UNKNOWN = "unknown"
    """It cannot be told from here."""
    BAD = "bad"


class Finding(Struct, frozen=True, kw_only=True):
    """What one check of the doctor saw, what that means, and what to do about it."""

    check: str
    """Name of the check: one of :data:`core.doctor.ladder.CHECKS`."""
    title: str
    verdict: Verdict
    seen: str
    means: str = ""
    advice: str = ""
    details: tuple[str, ...] = ()
    """Further facts, a line each."""
    outcome: Outcome | None = None
    """How the exchange with the peer went, where there was one."""
    seconds: float = 0.0


class Visitor(Struct, frozen=True, kw_only=True):
    """Somebody who called our listener: an AE title at an address, and how that went.

    Times are seconds since the epoch, 0 where it never happened. `reason` and `advice` are about
    the last thing that was refused.
    """

    calling: str
    host: str
    called: str
    """The AE title it last called us by."""
    first: float
    last: float
    accepted: int = 0
    """Associations with something in them that it may use."""
    accepted_at: float = 0.0
    refused: int = 0
    """Associations, presentation contexts and messages that were refused."""
    refused_at: float = 0.0
    reason: str = ""
    advice: str = ""
    name: str = ""
    """The modality that has this AE title, empty where none has."""

    @property
    def turned_away(self) -> bool:
        """Whether the last thing that happened was a refusal."""
        return self.refused_at > 0 and self.refused_at >= self.accepted_at
