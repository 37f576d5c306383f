"""How an exchange with a peer went."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class OutcomeState(str, Enum):
    """How an exchange with a peer ended, from best to worst."""

    OK = "ok"
    WARNING = "warning"
    CANCELLED = "cancelled"
    FAILED = "failed"
    TIMEOUT = "timeout"
    ABORTED = "aborted"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"


class Outcome(Struct, frozen=True, kw_only=True):
    """How an exchange with a peer ended, in words a person can act on.

    `status` is the DIMSE status (PS3.7 annex C) where the peer gave one. `seconds` is the round
    trip from the first packet to the answer. `comment` and `offending` are the peer's Error
    Comment (0000,0902) and Offending Element (0000,0901).
    """

    state: OutcomeState
    meaning: str
    advice: str = ""
    status: int | None = None
    comment: str = ""
    offending: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """True where the peer did what was asked, with or without a warning."""
        return self.state in (OutcomeState.OK, OutcomeState.WARNING)


class Counters(Struct, frozen=True, kw_only=True):
    """Sub-operation counters of one C-MOVE response, PS3.7 9.1.4; None where the peer gave none."""

    remaining: int | None = None
    completed: int | None = None
    failed: int | None = None
    warnings: int | None = None


class MoveResponse(Struct, frozen=True, kw_only=True):
    """One response to our C-MOVE: counters, and on the last one how it ended."""

    counters: Counters
    outcome: Outcome | None = None
    failed_uids: tuple[str, ...] = ()
    """Failed SOP Instance UID List (0008,0058) of the final response."""


class SendResult(Struct, frozen=True, kw_only=True):
    """One object offered by C-STORE: which, how many bytes went, and how it ended."""

    sop_instance_uid: str
    path: str
    size: int
    outcome: Outcome
    note: str = ""
    """What was done to the object for this peer, such as "decompressed from RLE Lossless"."""
