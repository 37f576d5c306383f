"""Promises on disk: what was acknowledged is reported, also after a restart."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import msgspec

from core.archive.disk import sync_folder
from core.network.commitment.messages import Report, Request

log = logging.getLogger(__name__)

MAX_AGE = 7 * 24 * 3600.0
"""Seconds after which a report is of use to nobody."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose report is due: who asked, what, when, and what came of it so far."""

    caller: str
    request: Request
    made: float
    report: Report | None = None
    tries: int = 0


class Drawer:
    """A folder of promises, one file each; without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load(self) -> Iterator[tuple[str, Kept]]:
        """The promises kept, by name; a file that cannot be read is left alone and logged."""
        if self._folder is None:
            return
        for half in self._folder.glob("*.new"):  # of a process that was killed meanwhile
            with contextlib.suppress(OSError):
                half.unlink()
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield path.stem, msgspec.json.decode(path.read_bytes(), type=Kept)
            except (OSError, msgspec.DecodeError, UnicodeDecodeError) as exc:
                log.warning("a promised commitment cannot be read from %r: %s", path.name, exc)

    def new_name(self) -> str:
        """A name for a promise; nothing from outside is in it."""
        return uuid4().hex

    def put(self, name: str, kept: Kept) -> None:
        """Write a promise down, durably; raises OSError."""
        if self._folder is None:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temp = self._folder / f"{name}.new"
        try:
            with temp.open("wb") as file:
                file.write(msgspec.json.encode(kept))
                file.flush()
                os.fsync(file.fileno())
            temp.replace(self._folder / f"{name}.json")
        except OSError:
            with contextlib.suppress(OSError):
                temp.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)

    def drop(self, name: str) -> None:
        """Forget a promise; one that cannot be removed is logged."""
        if self._folder is None:
            return
        try:
            (self._folder / f"{name}.json").unlink(missing_ok=True)
        except OSError as exc:
            log.error("a promised commitment cannot be removed: %s", exc)
