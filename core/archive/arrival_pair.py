"""The two files of the log of arrivals: one takes what comes while the other is emptied.

Which of them does is told here, and here they are made ready for a burst and tidied after it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from core.archive.arrival_log import LogFile, next_page

_FULL = 32 << 20
_MANY = 8192
"""Records with which it is emptied, however small: who replaces an object waits for that."""
_MOST = 4
"""How many times as long a log file may become where the other one takes long to be emptied."""


class LogPair:
    """Two log files by turns.

    All is called with the owner's `state` held. What does a piece of work lets go of it meanwhile:
    what was known of the files before is to be looked at again.
    """

    def __init__(self, folder: Path, state: threading.Condition) -> None:
        self._state = state
        self._files = tuple(LogFile(folder / f"arrivals-{number}", state) for number in range(2))
        self._making: list[int] = []
        self._ready = (0, 0)
        self.number = 0
        """Which of them takes what comes."""
        self.is_tidy = False
        """Nothing lingers in them, and they are as long as they are to be."""

    def __iter__(self) -> Iterator[LogFile]:
        return iter(self._files)

    def __getitem__(self, number: int) -> LogFile:
        return self._files[number]

    @property
    def current(self) -> LogFile:
        """The one that takes what comes."""
        return self._files[self.number]

    def turn(self) -> int:
        """Let the other one take what comes; the number of the one that did, to be emptied."""
        self.number = 1 - self.number
        return 1 - self.number

    @property
    def is_empty(self) -> bool:
        """Whether there is no record in either."""
        return not any(file.size for file in self._files)

    @property
    def is_full(self) -> bool:
        """Whether the one that takes what comes is to be emptied."""
        file = self.current
        return file.size >= max(_FULL, file.room) or file.count >= _MANY

    @property
    def is_overfull(self) -> bool:
        """Whether it may not become longer, however long the other one takes to be emptied."""
        file = self.current
        return file.size >= _MOST * max(_FULL, file.room)

    # -- a piece at a time

    def make_ready(self, size: int) -> None:
        """Have `size` bytes made ready for a burst, by :meth:`makes_ready`."""
        # The second one takes what comes while the first one is made ready.
        self._ready = (next_page(size), next_page(size // 4))
        self._making = [1, 0]
        self.is_tidy = False

    @property
    def is_ready(self) -> bool:
        """Whether what was to be made ready is."""
        return not self._making

    def makes_ready(self) -> bool:
        """Do a piece of making a file ready while the other one takes what comes."""
        for number in self._making:
            if not self._files[number].size:
                if not self._tidied(number):
                    # It is ready, or as long as the disk allows.
                    self.number = number
                    self._making.remove(number)
                    self._state.notify_all()
                return True
        return False

    def tidies(self) -> bool:
        """Do a piece of what is to be done once nothing comes; False where all is done."""
        # Until something comes: into the other file perhaps, while one is tidied.
        self.is_tidy = True
        for number, file in enumerate(self._files):
            if file.size or self._tidied(number):
                self.is_tidy = False
                return True
        self.number = 0
        return False

    def _tidied(self, number: int) -> bool:
        """Do a piece of tidying an empty file; False where all is done."""
        self.number = 1 - number
        self._state.release()
        try:
            return self._files[number].tidy(self._ready[number])
        except OSError:
            return False  # it goes without
        finally:
            self._state.acquire()
