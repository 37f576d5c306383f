"""The journal's compaction, in a thread of its own when it is worth the while."""

from __future__ import annotations

import threading

from core.archive.mending import Tell
from core.archive.tables import JournalStorage
from core.errors import ArchiveError
from core.events import Severity


class Compactor:
    """Compacts a journal after changes, one compaction at a time."""

    def __init__(self, storage: JournalStorage, tell: Tell) -> None:
        self._storage = storage
        self._tell = tell
        self._thread: threading.Thread | None = None
        self._closing = threading.Lock()
        self._closed = False

    def after_change(self) -> None:
        """Start a compaction where most of the journal is overruled by later lines."""
        if not self._storage.wasteful or not self._closing.acquire(blocking=False):
            return
        try:
            if not self._closed and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._compact, name="archive-compaction")
                self._thread.start()
        finally:
            self._closing.release()

    def close(self) -> None:
        """Let a compaction end, and close the storage so that no other begins."""
        with self._closing:
            self._closed = True
            if self._thread is not None:
                self._thread.join()
            self._storage.close()

    def _compact(self) -> None:
        try:
            self._storage.compact()
        except ArchiveError as error:
            self._tell(Severity.WARNING, f"the index could not be compacted: {error}")
