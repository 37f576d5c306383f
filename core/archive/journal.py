"""An append-only journal of changes, one JSON line each, with group commit and compaction.

Beside `journal` lies `mark`: how many of its bytes were acknowledged as durable. It is written
without sync, so it survives the end of the process but promises nothing after a power cut. A
journal that is shorter than its mark was cut by somebody. Until what a journal lost has been found
again its mark is longer than any journal, so that whoever is killed over it does it anew.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core.archive.apart import write_all
from core.archive.disk import fault, sync_folder, synced_meanwhile
from core.archive.group_commit import GroupCommit
from core.archive.journal_lines import CHUNK, HEADER, Loaded, read_lines, write_lines
from core.archive.records import AnyLine, Change
from core.errors import ArchiveError

_ROUNDS = 10
_UNMENDED = 10**20 - 1
"""Instead of a length: as many digits as the mark has."""


class Journal:
    """The file. `append` is cheap and returns a position, `sync` waits until it is durable."""

    def __init__(self, folder: Path, *, read_only: bool = False, mends: bool = False) -> None:
        """Not opened yet; with `mends` somebody will find again what it lost, and call `mended`."""
        self.path = folder / "journal"
        self._mends = mends
        self._mark_path = folder / "mark"
        self._read_only = read_only
        self._state = threading.Condition()
        self._commit = GroupCommit(self._state)
        self._suspect = False
        self._mended = True
        self._rewriting = threading.Lock()
        self._fd = -1
        self._mark_fd = -1
        self._size = 0
        self.lines = 0
        """Lines in the file, those that later ones overrule included."""

    def load(self, take: Callable[[Sequence[AnyLine]], None]) -> Loaded:
        """Hand all lines to `take`, many at once, cut off a torn end, and open it to append."""
        loaded = Loaded()
        with contextlib.nullcontext() if self._read_only else synced_meanwhile(self.path):
            good_end = self._read(take, loaded)
        self.lines = loaded.lines
        self._mended = loaded.whole or not self._mends
        if not self._read_only:
            self._open(good_end, loaded)
        return loaded

    def append(self, data: bytes, lines: int) -> int:
        """Add lines to the end; returns the position to hand to `sync`.

        Raises OutOfResourcesError where the disk is full; the file is then as it was before.
        """
        with self._state:
            self._writable()
            try:
                write_all(self._fd, data)
            except OSError as error:
                self._take_back()
                raise fault(error, "write the index") from error
            self._size += len(data)
            self._commit.written += len(data)
            self.lines += lines
            return self._commit.written

    def sync(self, position: int) -> None:
        """Return when everything up to `position` is durable; simultaneous callers share a sync."""
        with self._state:
            while self._commit.synced < position:
                if not self._commit.joined():
                    self._writable()
                    self._lead_sync()

    def rewrite(self, lines: Callable[[], Iterator[Change]]) -> None:
        """Replace the file by one that holds only `lines`, without holding up others for long.

        `lines` is called after the position from which later appends are carried over is known, and
        gives what is current then or later.
        """
        if not self._rewriting.acquire(blocking=False):
            return
        try:
            with self._state:
                self._require_open()
                start, old_lines = self._size, self.lines
            new = self.path.with_name("journal.new")
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
            fd = os.open(new, flags, 0o600)
            try:
                count = write_lines(fd, lines())
                at = self._carry_over(fd, start)
                with self._state:
                    self._finish_rewrite(fd, start, at, count - old_lines)
            except BaseException:
                if fd != self._fd:
                    os.close(fd)
                    with contextlib.suppress(OSError):
                        new.unlink()
                raise
        except OSError as error:
            raise fault(error, "write the index") from error
        finally:
            self._rewriting.release()

    def _carry_over(self, fd: int, at: int) -> int:
        """Copy what was appended meanwhile, durably, until little is left; where that begins."""
        for _ in range(_ROUNDS):
            with self._state:
                end = self._size
            self._copy(fd, at, end)
            os.fdatasync(fd)
            copied, at = end - at, end
            if copied < CHUNK:
                break
        return at

    def _finish_rewrite(self, fd: int, start: int, at: int, more_lines: int) -> None:
        """Put the new file in place of the old one, with the state held but for the last sync."""
        self._commit.wait()
        self._require_open()
        if self._suspect and self._size > start:
            # What was appended meanwhile cannot be had from the old file.
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._copy(fd, at, self._size)
        # The smaller of both: whatever is killed when, the file is no shorter than its mark.
        self._write_mark(min(self._size, os.fstat(fd).st_size))
        self.path.with_name("journal.new").replace(self.path)
        self._swap(fd, self.lines + more_lines)
        # From here on others append to the new file; nothing is acknowledged before its name and
        # what it has are durable.
        self._lead_sync(lambda: sync_folder(self.path.parent))

    def mended(self) -> None:
        """Count as whole again, since what was lost has its lines; until then it counts as cut."""
        self.sync(self.end)
        with self._state:
            self._mended = True
            self._write_mark(self._size)

    @property
    def end(self) -> int:
        """The position behind everything appended so far."""
        return self._commit.written

    @property
    def suspect(self) -> bool:
        """True where a sync failed: nothing may be appended before a `rewrite`."""
        return self._suspect

    def close(self) -> None:
        """Make everything durable and let the file go."""
        with self._state:
            self._commit.wait()
            if self._fd < 0:
                return
            if not self._suspect:
                with contextlib.suppress(OSError):
                    os.fdatasync(self._fd)
                    self._write_mark(self._size)
            self._let_go()

    def _let_go(self) -> None:
        opened = [fd for fd in (self._fd, self._mark_fd) if fd >= 0]
        self._fd = self._mark_fd = -1
        for fd in opened:
            os.close(fd)

    def _read(self, take: Callable[[Sequence[AnyLine]], None], loaded: Loaded) -> int:
        """Read all lines; returns where the last good one ends."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            loaded.missing = True
            return 0
        with file:
            # In this order: beside a station at work both grow, and the file may be replaced.
            marked = self._marked()
            good_end = read_lines(file, take, loaded)
        loaded.end_at(good_end, marked)
        return good_end

    def _open(self, good_end: int, loaded: Loaded) -> None:
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._fd = os.open(self.path, flags | os.O_APPEND, 0o600)
            self._mark_fd = os.open(self._mark_path, flags, 0o600)
            if not self._mended:
                # Before what says so is cut off, and durably: the finding may take long.
                self._write_mark(good_end)
                os.fsync(self._mark_fd)
            os.ftruncate(self._fd, good_end)
            if loaded.missing:
                write_all(self._fd, HEADER)
                good_end = len(HEADER)
            self._size = good_end
            os.fsync(self._fd)
            sync_folder(self.path.parent)
            self._write_mark(self._size)
        except BaseException as error:
            self._let_go()
            if isinstance(error, OSError):
                raise fault(error, "open the index") from error
            raise

    def _marked(self) -> int:
        try:
            return int(self._mark_path.read_bytes()[:20] or b"0")
        except (OSError, ValueError):
            return 0

    def _write_mark(self, size: int) -> None:
        # Overwritten in place and always as long: needs no room. A lost mark costs only the check.
        with contextlib.suppress(OSError):
            os.pwrite(self._mark_fd, b"%020d" % (size if self._mended else _UNMENDED), 0)

    def _require_open(self) -> None:
        if self._fd < 0:
            raise ArchiveError("the archive is closed or opened for reading only")

    def _writable(self) -> None:
        self._require_open()
        if self._suspect:
            raise ArchiveError(
                "the index could not be made durable",
                "see to the disk, then open the archive again",
            )

    def _take_back(self) -> None:
        # Half a line would spoil the next one.
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            self._suspect = True

    def _lead_sync(self, first: Callable[[], None] = lambda: None) -> None:
        """Sync for everybody who waits, after `first`; entered and left with the state held."""
        size, fd = self._size, self._fd

        def sync() -> None:
            first()
            os.fdatasync(fd)

        try:
            self._commit.lead(sync)
        except BaseException as error:
            self._suspect = True
            if isinstance(error, OSError):
                raise fault(error, "write the index") from error
            raise
        self._write_mark(size)

    def _copy(self, fd: int, at: int, end: int) -> None:
        while at < end:
            chunk = os.pread(self._fd, min(CHUNK, end - at), at)
            if not chunk:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            write_all(fd, chunk)
            at += len(chunk)

    def _swap(self, fd: int, lines: int) -> None:
        old, self._fd = self._fd, fd
        self._size = os.fstat(fd).st_size
        self._suspect = False
        self.lines = lines
        with contextlib.suppress(OSError):
            os.close(old)
