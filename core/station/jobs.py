"""Transfers: to order them, and to see and steer those under way."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import ArchiveLockedError, ListenError, UsageError
from core.model import Job, Modality, Ref, Retrieve
from core.settings import ae_title_fault
from core.transfers.ledger import Ledger
from core.transfers.orders import (
    CommitOrder,
    ExportOrder,
    GetOrder,
    ImportOrder,
    MoveOrder,
    Order,
    SendOrder,
)
from core.transfers.progress import Progress
from core.transfers.queue import JobQueue
from core.transfers.tools import Tools


class Jobs:
    """The station's jobs. What orders one answers at once with the queued job."""

    def __init__(self, tools: Tools, listen: Callable[[], int], *, reads_only: bool) -> None:
        self._settings = tools.settings
        self._archive = tools.archive
        self._listen = listen
        self._reads_only = reads_only
        self._queue = JobQueue(
            tools.events,
            tools.settings,
            lambda order, progress: _run(order, progress, tools),
            _give_up,
        )

    def close(self) -> None:
        """End every job."""
        self._queue.close()

    def move(
        self, peer: Modality, refs: Sequence[Ref], destination: str = "", priority: int = 0
    ) -> Job:
        """Ask a peer to send by C-MOVE to `destination` (an AE title; empty: to ourselves).

        Returns the queued job at once. Raises UsageError; ListenError where it is to come here
        and the listener cannot be opened.
        """
        own = self._settings().station.ae_title
        destination = destination or own
        if fault := ae_title_fault(destination):
            raise UsageError(f"destination {destination!r}: {fault}", "give an AE title")
        _need(refs)
        if destination.strip() == own.strip():
            self._listen()
        order = MoveOrder(peer=peer, refs=tuple(refs), destination=destination)
        return self._queue.start(order, priority)

    def get(self, peer: Modality, refs: Sequence[Ref], priority: int = 0) -> Job:
        """Have a peer send to ourselves by C-GET, over the association that asks for it.

        Returns the queued job at once. Raises UsageError, ArchiveLockedError.
        """
        _need(refs)
        _ = self._archive()
        return self._queue.start(GetOrder(peer=peer, refs=tuple(refs)), priority)

    def retrieve(
        self, peer: Modality, refs: Sequence[Ref], destination: str = "", priority: int = 0
    ) -> Job:
        """Have a peer send to `destination`, to ourselves in the way that the modality says.

        See `move` and `get`.
        """
        to_us = destination.strip() in ("", self._settings().station.ae_title.strip())
        if to_us and peer.retrieve is Retrieve.GET:
            return self.get(peer, refs, priority)
        return self.move(peer, refs, destination, priority)

    def send(
        self,
        peer: Modality,
        *,
        refs: Sequence[Ref] = (),
        paths: Sequence[Path] = (),
        priority: int = 0,
    ) -> Job:
        """Send objects held here, or files, to a peer by C-STORE; returns the queued job."""
        _need([*refs, *paths])
        order = SendOrder(peer=peer, refs=tuple(refs), paths=_absolute(paths))
        return self._queue.start(order, priority)

    def commit(
        self,
        peer: Modality,
        refs: Sequence[Ref] = (),
        *,
        paths: Sequence[Path] = (),
        priority: int = 0,
    ) -> Job:
        """Ask a peer whether it keeps objects held here, or those of files (PS3.4 annex J).

        Returns the queued job; what the peer commits to counts as arrived. The listener is opened
        where it can be, for the report may come there. Raises UsageError.
        """
        _need([*refs, *paths])
        if not self._reads_only:
            with contextlib.suppress(ListenError, ArchiveLockedError):
                self._listen()
        order = CommitOrder(peer=peer, refs=tuple(refs), paths=_absolute(paths))
        return self._queue.start(order, priority)

    def import_files(self, paths: Sequence[Path], priority: int = 0) -> Job:
        """Copy files and folders into the archive; returns the queued job."""
        _need(paths)
        _ = self._archive()
        return self._queue.start(ImportOrder(paths=_absolute(paths)), priority)

    def export(
        self,
        refs: Sequence[Ref],
        folder_or_zip: Path,
        *,
        dicomdir: bool = True,
        priority: int = 0,
    ) -> Job:
        """Write what is held of `refs` to a new or empty folder, or to a new file ending in .zip.

        The files are those of the archive, laid out as PS3.10 8 has it, with a DICOMDIR. Returns
        the queued job. Raises UsageError.
        """
        from core.transfers.export_places import check_target  # late: see core.station.station

        _need(refs)
        target = folder_or_zip.absolute()
        check_target(target)
        if target.resolve().is_relative_to(self._archive().folder.resolve()):
            raise UsageError(f"{target} lies in the archive's own folder", "name another folder")
        token = uuid.uuid4().hex
        order = ExportOrder(refs=tuple(refs), target=str(target), dicomdir=dicomdir, token=token)
        return self._queue.start(order, priority)

    def keep(self) -> None:
        """Keep jobs in the data folder from now on, and go on with those that are kept there.

        Raises ArchiveLockedError: jobs belong to the station that owns the folder.
        """
        self._queue.keep_in(Ledger(self._archive().folder / "jobs"))

    def all(self) -> tuple[Job, ...]:
        """Every job's snapshot, newest first."""
        return self._queue.jobs()

    def one(self, job_id: int) -> Job:
        """One job's snapshot; raises UsageError where there is none."""
        return self._queue.job(job_id)

    def refs(self, job_id: int) -> tuple[Ref, ...]:
        """The patients, studies, series or instances that a job is about; none where it has files.

        Raises UsageError where there is no such job.
        """
        refs: tuple[Ref, ...] = getattr(self._queue.order(job_id), "refs", ())
        return refs

    def cancel(self, job_id: int) -> bool:
        """Ask a job to end; False where it has ended already."""
        return self._queue.cancel(job_id)

    def pause(self, job_id: int) -> bool:
        """Hold a job until it is resumed; False where it has ended or is paused already."""
        return self._queue.pause(job_id)

    def resume(self, job_id: int) -> bool:
        """Let a paused job go on with what is left; False where it is not paused."""
        return self._queue.resume(job_id)

    def retry(self, job_id: int) -> bool:
        """Do again what failed or is missing of a job that has ended; False where it has not."""
        return self._queue.retry(job_id)

    def prioritise(self, job_id: int, priority: int) -> None:
        """Let a waiting job start before those of a lower priority."""
        self._queue.prioritise(job_id, priority)

    def wait(self, job_id: int, timeout: float | None = None) -> Job:
        """Wait until a job has ended, `timeout` seconds at most; answer with its snapshot."""
        return self._queue.wait(job_id, timeout)


def _run(order: Order, progress: Progress, tools: Tools) -> None:
    from core.transfers import work  # late: see core.station.station

    work.run(order, progress, tools)


def _give_up(order: Order) -> None:
    from core.transfers import work

    work.give_up(order)


def _need(things: Sequence[object]) -> None:
    if not things:
        raise UsageError("there is nothing to do", "name at least one study, series or file")


def _absolute(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(str(path.absolute()) for path in paths)
