"""Which studies have gone quiet: one thread that waits for the next one to be due."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_LONGEST_NAP = 1.0  # so that a shorter time set meanwhile counts soon


class StudyWatch:
    """Calls `tell` with the number of a study that had no new object for `after()` seconds."""

    def __init__(
        self,
        tell: Callable[[int], None],
        after: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._after = after
        self._clock = clock
        self._state = threading.Condition()
        self._touched: OrderedDict[int, float] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._closed = False

    def touch(self, study: int) -> None:
        """An object of this study has come."""
        with self._state:
            if self._closed:
                return
            nothing_to_wait_for = not self._touched
            self._touched[study] = self._clock()
            self._touched.move_to_end(study)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="study-watch", daemon=True)
                self._thread.start()
            elif nothing_to_wait_for:
                # Else the thread looks again when the first was due: to wake it costs each object.
                self._state.notify()

    def awaits(self, study: int) -> bool:
        """True until a study is told: more objects of it may be on their way."""
        with self._state:
            return study in self._touched

    def close(self) -> None:
        """Watch no more."""
        with self._state:
            self._closed = True
            self._state.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while (study := self._next()) is not None:
            self._tell(study)

    def _next(self) -> int | None:
        """Wait for the next study to be due; None when closed."""
        with self._state:
            while not self._closed:
                if not self._touched:
                    self._state.wait()
                    continue
                study, touched = next(iter(self._touched.items()))
                left = touched + self._after() - self._clock()
                if left <= 0:
                    del self._touched[study]
                    return study
                self._state.wait(min(left, _LONGEST_NAP))
        return None
