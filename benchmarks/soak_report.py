"""What a soak saw: samples of the server, operations by their kind, and what is wrong with them."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import process

RETRIEVALS = ("move", "get")


@dataclass(frozen=True)
class Sample:
    """The server at one moment; memory in MB, counted over its processes."""

    seconds: float
    rss: float
    memory: float
    """What no file is behind: RssAnon, and RssShmem, in which associations read."""
    descriptors: int
    threads: int
    objects: int
    megabytes: float
    """What the objects take on the disk."""


class Tally:
    """Operations done and failed, by their kind; from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.done: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def count(self, kind: str, fault: BaseException | None = None) -> None:
        """One more of a kind; with a fault, which is told at once, it is one that failed."""
        with self._lock:
            (self.failed if fault else self.done)[kind] += 1
        if fault:
            print(f"FAILED {kind}: {type(fault).__name__}: {fault}", file=sys.stderr, flush=True)

    def tried(self, kind: str) -> int:
        """How many operations of a kind there were, however they went."""
        with self._lock:
            both = (self.done, self.failed)
            return sum(n for counter in both for k, n in counter.items() if k.split(":")[0] == kind)


def sample(pid: int, objects: Path, started: float) -> Sample:
    """Look at the server and at what it holds on the disk."""
    descriptors = threads = 0
    for member in process.tree(pid):
        with contextlib.suppress(OSError):
            descriptors += sum(1 for _ in Path(f"/proc/{member}/fd").iterdir())
            threads += sum(1 for _ in Path(f"/proc/{member}/task").iterdir())
    sizes = list(_sizes(objects))
    return Sample(
        seconds=time.monotonic() - started,
        rss=process.resident_mb(pid),
        memory=sum(process.resident_mb(pid, field) for field in ("RssAnon", "RssShmem")),
        descriptors=descriptors,
        threads=threads,
        objects=len(sizes),
        megabytes=sum(sizes) / 1e6,
    )


def _sizes(folder: Path) -> Iterator[int]:
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):  # deleted by the quota meanwhile
                yield (Path(root) / name).stat().st_size


def growth(samples: Sequence[Sample], field: str) -> tuple[float, float]:
    """The means of a figure over the first and over the last quarter of the samples."""
    quarter = max(1, len(samples) // 4)

    def mean(part: Sequence[Sample]) -> float:
        return sum(float(getattr(sample, field)) for sample in part) / quarter

    return mean(samples[:quarter]), mean(samples[-quarter:])


def line(at: Sample, tally: Tally) -> str:
    """A sample in words."""
    return (
        f"{at.seconds / 60:6.1f} min  RSS {at.rss:6.1f} MB  memory {at.memory:6.1f} MB"
        f"  descriptors {at.descriptors:4}  threads {at.threads:4}  objects {at.objects:6}"
        f" ({at.megabytes:.0f} MB)  done {tally.done.total()}  failed {tally.failed.total()}"
    )


def summary(samples: Sequence[Sample], tally: Tally) -> str:
    """Quarters against each other, and the operations of each kind."""
    rows = ["first quarter → last quarter"]
    for field in ("rss", "memory", "descriptors", "threads", "objects"):
        first, last = growth(samples, field)
        rows.append(f"  {field:12}{first:9.1f} → {last:9.1f}  ({last - first:+.1f})")
    kinds = sorted({*tally.done, *tally.failed})
    rows += [
        f"  {kind:16} done {tally.done[kind]:6}  failed {tally.failed[kind]}" for kind in kinds
    ]
    return "\n".join(rows)


def judge(
    before: Sample, samples: Sequence[Sample], after: Sample, most: float, tally: Tally
) -> list[str]:
    """What is wrong although each operation was well; memory may grow by `most` MB."""
    wrong = [
        f"no {kind} brought a whole study: the quota may be too small"
        for kind in RETRIEVALS
        if not tally.done[kind]
    ]
    first, last = growth(samples, "memory")
    if last - first > most:
        wrong.append(f"memory grew by {last - first:.1f} MB")
    for field in ("descriptors", "threads"):
        was, is_now = getattr(before, field), getattr(after, field)
        if is_now > was:
            wrong.append(f"{is_now - was} {field} are left over at rest")
    return wrong
