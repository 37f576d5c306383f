"""Jobs on disk, so that a restart goes on where the station stopped.

One file per job with its order and last snapshot, written anew (and renamed) when its state
changes; beside it a list of what is through, one line each. The lines are not synced: at worst
something is sent a second time.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from core.model import Job
from core.transfers.orders import Order

_BYTES: Any = {"encoding": "utf-8", "errors": "surrogateescape"}
"""File names that are not UTF-8 go through text and come back as they were."""

log = logging.getLogger(__name__)


class Entry(msgspec.Struct, frozen=True):
    """A job as it is kept."""

    order: Order
    job: Job


def _encode(entry: Entry) -> bytes:
    try:
        return msgspec.json.encode(entry)
    except UnicodeEncodeError:  # a file name that is not UTF-8 has surrogates (PEP 383)
        return json.dumps(msgspec.to_builtins(entry)).encode()


def _decode(data: bytes) -> Entry:
    try:
        return msgspec.json.decode(data, type=Entry)
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(data), Entry)


class Ledger:
    """The folder in which jobs are kept."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    def load(self) -> Iterator[tuple[Entry, set[str]]]:
        """Yield the jobs kept, by id; a file that cannot be read is left alone and logged."""
        files = [path for path in self._folder.glob("*.json") if path.stem.isdigit()]
        for path in sorted(files, key=lambda path: int(path.stem)):
            try:
                entry = _decode(path.read_bytes())
                lines = self._done(entry.job.id).read_text(**_BYTES).split("\n")
                done = set(filter(None, lines))
            except FileNotFoundError:
                done = set()
            except (OSError, msgspec.DecodeError, ValueError) as exc:
                log.warning("a job cannot be read from %s: %s", path.name, exc)
                continue
            yield entry, done

    def keep(self, order: Order, job: Job) -> None:
        """Write a job down as it stands; a disk that does not take it is logged."""
        path = self._folder / f"{job.id}.json"
        temp = path.with_suffix(".new")
        try:
            temp.write_bytes(_encode(Entry(order, job)))
            os.replace(temp, path)  # noqa: PTH105
        except OSError as exc:
            log.error("job %d cannot be kept: %s", job.id, exc)

    def through(self, job_id: int, what: str) -> None:
        """Note that one object or file of a job is through."""
        if "\n" in what:  # a path may have one; such a file is done twice rather than wrong
            return
        with contextlib.suppress(OSError), self._done(job_id).open("a", **_BYTES) as file:
            file.write(what + "\n")

    def renumber(self, former_id: int, order: Order, job: Job) -> None:
        """Keep a job under another number than it was."""
        with contextlib.suppress(OSError):
            self._done(former_id).rename(self._done(job.id))
        self.keep(order, job)
        if (self._folder / f"{job.id}.json").exists():
            self.forget(former_id)

    def forget(self, job_id: int) -> None:
        """Remove a job."""
        (self._folder / f"{job_id}.json").unlink(missing_ok=True)
        self._done(job_id).unlink(missing_ok=True)

    def _done(self, job_id: int) -> Path:
        return self._folder / f"{job_id}.done"
