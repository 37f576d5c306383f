"""The callers of the listener in a file, for a doctor in another process, and after a restart."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from core.model import Visitor

log = logging.getLogger(__name__)

DELAY = 1.0
"""Seconds in which what happens is gathered before it is written."""
_MAX_BYTES = 1 << 20


class Page(Struct, frozen=True, kw_only=True):
    """What is in the file; times are seconds since the epoch."""

    since: float = 0.0
    """Since when callers are remembered; 0 where nothing was ever written."""
    at: float = 0.0
    """When it was written."""
    visitors: tuple[Visitor, ...] = ()


class GuestBook:
    """Reads and writes that file; whatever is wrong with it is logged, and hurts nobody."""

    def __init__(self, path: Path, page: Callable[[], Page]) -> None:
        """Keep `path`; `page` gives what is to be written."""
        self.path = path
        self._page = page
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def read(self) -> Page:
        """What was written last, by whichever process listened."""
        try:
            with self.path.open("rb") as file:
                return msgspec.json.decode(file.read(_MAX_BYTES), type=Page)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, RecursionError) as exc:
            log.warning("%s cannot be read: %s", self.path, exc)
        return Page()

    def soon(self) -> None:
        """Write in a moment, once for all that happens until then."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(DELAY, self._write)
                self._timer.daemon = True
                with contextlib.suppress(RuntimeError):  # no thread: with the next caller then
                    self._timer.start()
                    return
                self._timer = None

    def close(self) -> None:
        """Write what waits to be written."""
        with self._lock:
            timer = self._timer
        if timer is not None:
            timer.cancel()
            self._write()

    def _write(self) -> None:
        with self._lock:
            self._timer = None
            temp = self.path.with_suffix(".new")
            try:
                # With the archive elsewhere nobody else needs it.
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                with os.fdopen(os.open(temp, flags, 0o600), "wb") as file:
                    file.write(msgspec.json.encode(self._page()))
                temp.replace(self.path)
            except OSError as exc:
                log.warning("callers cannot be written down: %s", exc)


def new_page(since: float, visitors: tuple[Visitor, ...]) -> Page:
    """A page of now."""
    return Page(since=since, at=time.time(), visitors=visitors)
