"""Looks at single objects of peers, kept out of the archive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from core.errors import NotHeldError
from core.model import Modality, Outcome, Ref, Stored
from core.model.look import Look
from core.network.aside import AwaitedObjects
from core.transfers.look_files import LookFolder
from core.transfers.tools import Tools

FOLDER = "looks"


class Looks:
    """Objects that were fetched to be looked at; their files go when they are closed."""

    def __init__(
        self, tools: Tools, listen: Callable[[], int], folder: Path, aside: AwaitedObjects
    ) -> None:
        self._tools = tools
        self._listen = listen
        self._files = LookFolder(folder)
        self._aside = aside
        self._open: dict[str, Path] = {}
        self._files.clear_left_over()

    def fetch(
        self, peer: Modality, ref: Ref, cancel: threading.Event | None = None
    ) -> Iterator[str | Look | Outcome]:
        """Fetch one instance of `ref` by C-GET or C-MOVE: the middle of its largest image series.

        Yields what is being done, in words; the last item is the object, or why there is none. The
        modality says which way is tried first. What is held here is not fetched. Until it is
        closed, tags and picture are had by its SOP Instance UID as of any object.
        """
        from core.transfers.look import look  # late: see core.station.station

        for item in look(
            peer,
            ref,
            cancel or threading.Event(),
            tools=self._tools,
            files=self._files,
            aside=self._aside,
            listen=self._listen,
        ):
            if isinstance(item, Look) and not item.held:
                self._open[item.instance.sop_instance_uid] = Path(item.instance.path)
            yield item

    def path_of(self, sop_instance_uid: str) -> Path | None:
        """The file of an object that is being looked at; None where there is none."""
        return self._open.get(sop_instance_uid)

    def keep(self, look: Look) -> Stored:
        """Store it in the archive; the look stays open.

        Raises NotHeldError where it is closed, ArchiveError.
        """
        path = self.path_of(look.instance.sop_instance_uid)
        if path is None:
            raise NotHeldError("it is no longer there to be kept", "fetch it again")
        return self._tools.archive().take_file(path)

    def close(self, look: Look) -> None:
        """Take its file away; what is held stays."""
        if look.held:
            return
        path = Path(look.instance.path)
        if self._open.get(look.instance.sop_instance_uid) == path:
            del self._open[look.instance.sop_instance_uid]
        self._files.remove(path)

    def close_all(self) -> None:
        """Take all files away."""
        self._open.clear()
        self._files.remove_all()
