"""How the links to the modalities do, over time."""

from __future__ import annotations

from msgspec import Struct

from core.model.outcome import Outcome


class Beat(Struct, frozen=True, kw_only=True):
    """One C-ECHO: when it ended (seconds since the epoch), and its round trip in seconds."""

    time: float
    seconds: float | None
    """None where it was not answered with success."""


class Link(Struct, frozen=True, kw_only=True):
    """What is known of the link to one modality; times are seconds since the epoch, 0 for never."""

    name: str
    beats: tuple[Beat, ...] = ()
    """The last C-ECHOs, oldest first."""
    outcome: Outcome | None = None
    """How the last one went."""
    at: float = 0.0
    since: float = 0.0
    """When the present state began: it answers, or it does not."""
    fault: Outcome | None = None
    """The last one that failed, though it may answer by now."""
    fault_at: float = 0.0
    interval: float = 0.0
    """Seconds between two echoes by the clock, 0 where there are none."""
    watched: bool = False
    """A person watches it."""
    next_at: float = 0.0
    calling: bool = False
    """An echo is under way."""
