"""One thread at a time on one object."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Claims:
    """Lets one thread at a time work on one SOP Instance UID."""

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._held: set[str] = set()

    @contextlib.contextmanager
    def claim(self, uid: str) -> Iterator[None]:
        """Wait until nobody else works on `uid`, and keep others off it."""
        with self._state:
            while uid in self._held:
                self._state.wait()
            self._held.add(uid)
        try:
            yield
        finally:
            with self._state:
                self._held.discard(uid)
                self._state.notify_all()
