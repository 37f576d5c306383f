"""What /proc says of a server and the processes it started: processor time and memory."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

_PROC = Path("/proc")
_PACE = 0.02
"""Seconds between two looks at the memory."""


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                # Behind the name in parentheses: state, parent.
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(stat[1]), []).append(int(folder.name))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def processor_seconds(pid: int) -> float:
    """Processor time of a tree so far, by the scheduler's nanoseconds for each thread."""
    nanoseconds = 0
    for member in tree(pid):
        with contextlib.suppress(OSError):
            for task in (_PROC / str(member) / "task").iterdir():
                nanoseconds += int((task / "schedstat").read_text().split()[0])
    return nanoseconds / 1e9


def resident_mb(pid: int, field: str = "VmRSS") -> float:
    """Memory of a tree that is resident (`VmRSS`), or that was at the most (`VmHWM`); in MB."""
    kilobytes = 0
    for member in tree(pid):
        with contextlib.suppress(OSError):
            for line in (_PROC / str(member) / "status").read_text().splitlines():
                if line.startswith(f"{field}:"):
                    kilobytes += int(line.split()[1])
    return kilobytes * 1024 / 1e6


def forget_peak(pid: int) -> None:
    """Let the kernel count the peak (VmHWM) anew from now on."""
    for member in tree(pid):
        (_PROC / str(member) / "clear_refs").write_text("5")


class PeakWatch:
    """Watches a tree's memory; `peak` is the most it had while the block ran, in MB.

    The kernel's own peaks are taken in at the end, those of processes that ended meanwhile are
    only seen by looking.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory-watch")
        self.peak = 0.0

    def __enter__(self) -> PeakWatch:
        forget_peak(self._pid)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.peak = max(self.peak, resident_mb(self._pid, "VmHWM"))

    def _look(self) -> None:
        while not self._over.wait(_PACE):
            self.peak = max(self.peak, resident_mb(self._pid))
