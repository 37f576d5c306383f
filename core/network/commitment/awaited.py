"""Reports that we asked for and that have not come: who waits for which transaction."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the station has one of these before it needs a DICOM library
    from core.network.commitment.messages import Report


class Awaited:
    """One transaction of ours; its report may come on any association."""

    def __init__(self) -> None:
        self.report: Report | None = None
        self._came = threading.Event()

    def take(self, report: Report) -> None:
        """Keep the report; the first one counts."""
        if self.report is None:
            self.report = report
        self._came.set()

    def wait(self, seconds: float) -> bool:
        """Whether the report is here, within `seconds`."""
        return self._came.wait(max(0.0, seconds))


class AwaitedReports:
    """The open transactions of a station, shared by its callers and its listener."""

    def __init__(self) -> None:
        self._open: dict[str, Awaited] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def awaiting(self, transaction_uid: str) -> Iterator[Awaited]:
        """Wait for a transaction's report within the context."""
        awaited = Awaited()
        with self._lock:
            self._open[transaction_uid] = awaited
        try:
            yield awaited
        finally:
            with self._lock:
                self._open.pop(transaction_uid, None)

    def take(self, report: Report) -> bool:
        """Hand a report to whoever waits for it; False where nobody does.

        Who sends it is not asked: some archives call back by another AE title, and the transaction
        UID is a random number that only the peer was told.
        """
        with self._lock:
            awaited = self._open.get(report.transaction_uid)
        if awaited is not None:
            awaited.take(report)
        return awaited is not None
