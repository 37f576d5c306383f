"""The doctor: why a link does not work, and who called us in vain."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.doctor.visitors import Visitors
from core.events import EventBus
from core.model import Finding, Modality, Visitor
from core.settings import Settings

if TYPE_CHECKING:
    from core.network.scu import Caller


class Doctor:
    """Examines links, and remembers callers."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        caller: Callable[[], Caller],
        events: EventBus,
        listening: Callable[[], tuple[tuple[str, int] | None, int]],
        folder: Path,
    ) -> None:
        self._settings = settings
        self._caller = caller
        self._listening = listening
        self._visitors = Visitors(settings, folder / "callers.json")
        events.subscribe(self._visitors.heard)

    def close(self) -> None:
        """Write down who called."""
        self._visitors.close()

    def examine(self, peer: Modality, cancel: threading.Event | None = None) -> Iterator[Finding]:
        """Climb the ladder of checks: each finding as it is made; `cancel` ends it soon.

        No data moves: the C-MOVE that is tried names a study that cannot exist.
        """
        from core.doctor import ladder
        from core.doctor.examination import Examination

        listening, tls_port = self._listening()
        return ladder.examine(
            Examination(
                peer=peer,
                settings=self._settings(),
                caller=self._caller(),
                visitors=self._visitors,
                cancel=cancel or threading.Event(),
                listening=listening,
                listening_tls=tls_port,
            )
        )

    def visitors(self) -> tuple[Visitor, ...]:
        """Who called our listener, the latest first, with why they were refused and what to do."""
        return self._visitors.all()

    def visits_of(self, peer: Modality) -> tuple[Visitor, ...]:
        """Callers with the AE title of this modality, or from its address."""
        return self._visitors.of(peer)

    @staticmethod
    def addresses(host: str) -> tuple[str, ...]:
        """What a host name resolves to, empty where it does not; may take seconds."""
        try:
            entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, ValueError):
            return ()
        return tuple(dict.fromkeys(str(address[0]) for *_, address in entries))
