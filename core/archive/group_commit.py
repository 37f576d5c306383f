"""One sync at a time, shared by everybody who waits for one."""

from __future__ import annotations

import threading
from collections.abc import Callable


class GroupCommit:
    """Counts what was written to a file, and what of it is synced.

    All is called with the owner's `state` held. A sync lets go of it while it lasts, so that others
    write meanwhile; it covers what was counted when it began.
    """

    def __init__(self, state: threading.Condition) -> None:
        self._state = state
        self.syncing = False
        self.written = self.synced = 0
        """Bytes or records, as the owner counts."""

    def joined(self) -> bool:
        """Wait for a sync that is under way; False where there is none, and somebody is to lead."""
        if not self.syncing:
            return False
        self._state.wait()
        return True

    def wait(self) -> None:
        """Return when no sync is under way; none begins while the state is held."""
        while self.joined():
            pass

    def lead(self, sync: Callable[[], None]) -> None:
        """Run `sync` for everybody who waits; what it raises is passed on, and the others go on.

        After a failure, of whatever kind, no other sync is to be led: the kernel forgets what it
        could not write, so that a second one that succeeds would lie.
        """
        self.syncing = True
        target = self.written
        self._state.release()
        try:
            sync()
        finally:
            self._state.acquire()
            self.syncing = False
            self._state.notify_all()
        self.synced = target
