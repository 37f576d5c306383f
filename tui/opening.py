"""What is left of a start when the first frame is up, and what the console says meanwhile.

An archive of a million instances takes seconds to open, and the DICOM libraries half a second to
load. Neither holds up the first frame, or the first keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.station import Station

PATIENCE = 0.5
"""Seconds in which the disk may be made ready before the first caller is let in."""


@dataclass(frozen=True)
class Opening:
    """What is left of a start: `work` is done in a thread, and may raise what the station raises.

    `words` say in the status bar what is under way; `ready` is said when it is done. With `asks`
    the questions of a first run come before it.
    """

    work: Callable[[], object]
    words: str
    ready: str = ""
    asks: bool = False


def log_path(station: Station) -> Path:
    """Where the console writes its log."""
    return station.data_folder / "log" / "modalitty.log"


def opening(station: Station, *, asks: bool = False) -> Opening:
    """Open the archive and the listener, and go on with the jobs that were kept."""

    def work() -> None:
        try:
            station.listen(patience=PATIENCE)
        finally:  # worth having without a listener
            station.jobs.keep()

    return Opening(work, "opening the archive", asks=asks)
