"""What the work of a job needs of the station around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.archive.archive import Archive
from core.events import EventBus
from core.model import Modality
from core.network.commitment.awaited import AwaitedReports
from core.network.scu import Caller
from core.settings import Settings


@dataclass(frozen=True)
class Tools:
    """The station's parts that jobs work with; the archive is opened when it is first asked for."""

    settings: Callable[[], Settings]
    archive: Callable[[], Archive]
    caller: Caller
    events: EventBus
    awaited: AwaitedReports
    """Reports on storage commitment that jobs wait for; the listener takes them too."""
    listening: Callable[[], bool]
    """Whether our listener is open."""

    def peer(self, peer: Modality) -> Modality:
        """Give a peer as it is known now: it may have been edited since the order was written."""
        return self.settings().modalities.get(peer.name, peer)

    @property
    def own_ae_title(self) -> str:
        """Our own AE title."""
        return self.settings().station.ae_title.strip()
