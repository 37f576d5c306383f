"""What the checks of one examination share: the peer, the ways to call it, what was found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from core.doctor.visitors import Visitors
from core.model import Finding, Modality, Outcome, OutcomeState, Verdict
from core.network.contexts import Offer
from core.network.line import Line
from core.network.scu import Caller
from core.settings import Settings

TITLES = {
    "name": "Name",
    "tcp": "TCP",
    "tls": "TLS",
    "speaks": "Port",
    "association": "Association",
    "echo": "C-ECHO",
    "services": "Services",
    "find": "C-FIND",
    "move": "C-MOVE",
    "rest": "Not tried",
    "listener": "Our listener",
    "callers": "Calls from it",
}
"""Every check by its name, in the order in which they are climbed, and how a person reads it."""


@dataclass
class Examination:
    """One examination of the link to `peer`; used by one thread."""

    peer: Modality
    settings: Settings
    caller: Caller
    visitors: Visitors
    cancel: threading.Event
    listening: tuple[str, int] | None
    """Where our own listener is open in this process."""
    listening_tls: int = 0
    addresses: list[str] = field(default_factory=list)
    """What the peer's host name resolved to."""
    own_address: str = ""
    """Ours, as the connection to the peer has it."""
    services: set[str] = field(default_factory=set)
    """SOP classes that the peer accepted."""

    def stop(self) -> bool:
        """Whether the person wants no more."""
        return self.cancel.is_set()

    def dial(
        self, offers: Sequence[Offer], peer: Modality | None = None
    ) -> AbstractContextManager[Line]:
        """Open an association with the peer, or with the one given."""
        return self.caller.dial(peer or self.peer, self.cancel)(offers)

    @property
    def ours(self) -> str:
        """Our address as a person has to write it at the peer."""
        station = self.settings.station
        host = self.own_address or "this host's address"
        port = self.listening[1] if self.listening else station.port
        return f'AE title "{station.ae_title.strip()}", host {host}, port {port}'


Check = Callable[[Examination], "Sequence[Finding]"]


def good(check: str, seen: str, **more: object) -> Finding:
    """Make the finding of a check that went well."""
    return _finding(check, Verdict.GOOD, seen, more)


def odd(check: str, seen: str, **more: object) -> Finding:
    """Make the finding of a check that somebody should look at."""
    return _finding(check, Verdict.ODD, seen, more)


def unknown(check: str, seen: str, **more: object) -> Finding:
    """Make the finding of a check that cannot tell."""
    return _finding(check, Verdict.UNKNOWN, seen, more)


def bad(check: str, seen: str, **more: object) -> Finding:
    """Make the finding of a check that found a fault."""
    return _finding(check, Verdict.BAD, seen, more)


def failed(check: str, outcome: Outcome, means: str = "", advice: str = "") -> Finding:
    """Make the finding of an exchange that failed; its own advice comes first."""
    seen = outcome.meaning + (f" (0x{outcome.status:04X})" if outcome.status else "")
    if outcome.comment:
        seen += f'; the peer says "{outcome.comment}"'
    both = "; ".join(part for part in (outcome.advice, advice) if part)
    # Whoever cancelled knows why; that is no fault of the link.
    make = unknown if outcome.state is OutcomeState.CANCELLED else bad
    return make(check, seen, means=means, advice=both, outcome=outcome, seconds=outcome.seconds)


def _finding(check: str, verdict: Verdict, seen: str, more: dict[str, object]) -> Finding:
    return Finding(check=check, title=TITLES[check], verdict=verdict, seen=seen, **more)  # type: ignore[arg-type]
