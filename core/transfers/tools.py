"""What the work of a job needs of the station around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.events import EventBus
from core.model import Modality
from core.network.commitment.awaited import AwaitedReports
from core.settings import Settings

if TYPE_CHECKING:  # both load the DICOM libraries, and are made when they are first needed
    from core.archive.archive import Archive
    from core.network.scu import Caller


@dataclass(frozen=True)
class Tools:
    """The station's parts that jobs work with.

    Archive and caller are made when they are first asked for.
    """

    settings: Callable[[], Settings]
    archive: Callable[[], Archive]
    caller: Callable[[], Caller]
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
