"""A large index at work in a process of its own; prints one JSON object, quantity → value.

    python -m benchmarks.large_index ask FOLDER EMPTY
    python -m benchmarks.large_index change FOLDER

`ask` opens the archive in FOLDER and an empty one beside it, and puts questions to both. `change`
inserts into the one in FOLDER, then compacts its journal while others read and write.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from benchmarks.archive import fill, header
from benchmarks.faults import require
from benchmarks.process import resident_mb
from core.archive.archive import Archive
from core.archive.index import Index
from core.archive.lookup import look_up
from core.archive.tables import JournalStorage
from core.events import EventBus
from core.model import Root
from core.settings import ArchiveSettings

STUDIES, PER_STUDY = 100_000, 10
WILDCARD = "*69^Given1*"
"""Fits few studies, here and there."""
_REPEATS = 50
_INSERTS = 20_000
_SIZE = 525_000


def make(folder: Path) -> None:
    """Write the index of STUDIES studies, unless it is there."""
    if not folder.exists():
        part = folder.with_suffix(".part")
        fill(part, STUDIES, PER_STUDY)
        part.rename(folder)


# -- questions


def ask(folder: Path, empty: Path) -> dict[str, float]:
    """Time from closed to open, memory, and answers beside those of an empty archive."""
    before = resident_mb(os.getpid())
    started = time.perf_counter()
    archive = _opened(folder)
    opened = time.perf_counter() - started
    memory = resident_mb(os.getpid())
    nothing = _opened(empty)
    with archive, nothing:
        require("instances", archive.statistics().instances, STUDIES * PER_STUDY)
        first, last = _wildcard(archive)
        return {
            "open": opened,
            "resident": memory,
            "of it the index": memory - before,
            "unique key": _unique_key(archive, 1) - _unique_key(nothing, 0),
            "look-up": _look_up(archive, 1) - _look_up(nothing, 0),
            "wildcard, first": first,
            "wildcard, last": last,
        }


def _opened(folder: Path) -> Archive:
    return Archive.open(folder, settings=ArchiveSettings, events=EventBus())


def _identifier(**keys: str) -> Dataset:
    identifier = Dataset()
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    return identifier


def _unique_key(archive: Archive, matches: int) -> float:
    """Milliseconds of a C-FIND by unique keys: the worst of the levels' medians."""
    own = header(STUDIES * PER_STUDY // 2, PER_STUDY)
    study, series = own.study["StudyInstanceUID"], own.series["SeriesInstanceUID"]
    instance = own.own["SOPInstanceUID"]
    above = {"StudyInstanceUID": study}
    identifiers = (
        _identifier(QueryRetrieveLevel="STUDY", PatientName="", **above),
        _identifier(QueryRetrieveLevel="SERIES", SeriesInstanceUID=series, Modality="", **above),
        _identifier(
            QueryRetrieveLevel="IMAGE",
            SeriesInstanceUID=series,
            SOPInstanceUID=instance,
            **above,
        ),
    )
    return max(
        _milliseconds(partial(_count, archive, identifier), matches) for identifier in identifiers
    )


def _count(archive: Archive, identifier: Dataset) -> int:
    return sum(1 for _ in _answers(archive, identifier))


def _answers(archive: Archive, identifier: Dataset) -> Iterator[bytes]:
    """Answers as they go to the wire; what comes between them is no answer."""
    found = archive.find(identifier, Root.STUDY, transfer_syntax=ImplicitVRLittleEndian)
    return (answer for answer in found if answer is not None)


def _look_up(archive: Archive, hits: int) -> float:
    """Milliseconds to find what bears an accession number or a SOP Instance UID: the worse."""
    own = header(STUDIES * PER_STUDY // 2, PER_STUDY)
    words = (own.study["AccessionNumber"], own.own["SOPInstanceUID"])
    return max(_milliseconds(partial(_hits, archive, word), hits) for word in words)


def _hits(archive: Archive, word: str) -> int:
    return len(archive.lookup(word))


def _milliseconds(work: Callable[[], int], wanted: int) -> float:
    """The median of _REPEATS, each of which has to give `wanted`."""
    times = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        found = work()
        times.append((time.perf_counter() - started) * 1e3)
        require("answers", found, wanted)
    return median(times)


def _wildcard(archive: Archive) -> tuple[float, float]:
    """Seconds to the first match and until the last study is looked at."""
    wanted = sum(_fits(number) for number in range(STUDIES))
    identifier = _identifier(QueryRetrieveLevel="STUDY", PatientName=WILDCARD, StudyInstanceUID="")
    started = time.perf_counter()
    matches = _answers(archive, identifier)
    next(matches)
    first = time.perf_counter() - started
    found = 1 + sum(1 for _ in matches)
    last = time.perf_counter() - started
    require("matches of a wildcard", found, wanted)
    return first, last


def _fits(study: int) -> bool:
    """Say whether WILDCARD fits the name that `header` gives a study."""
    family, given = str(study % 700), str(study % 31)
    return family.endswith("69") and given.startswith("1")


# -- changes


def change(folder: Path) -> dict[str, float]:
    """Time for an insert beside the sync, and the longest wait during a compaction."""
    storage = JournalStorage(folder / "index")
    index = Index(storage)
    start = STUDIES * PER_STUDY
    headers = [header(number, PER_STUDY) for number in range(start, start + _INSERTS)]
    position = 0
    started = time.perf_counter()
    for one in headers:
        position = index.add(one, _SIZE)
    insert = (time.perf_counter() - started) / _INSERTS * 1e6
    for one in headers:
        # Overrules the line before, which compaction is to take out.
        position = index.add(one, _SIZE)
    storage.sync(position)
    require("instances", len(index.instances), start + _INSERTS)
    waits = _compacted(index, storage, start + _INSERTS)
    storage.close()
    return {"insert": insert, **waits}


def _compacted(index: Index, storage: JournalStorage, start: int) -> dict[str, float]:
    """Compact while others read, add, and add durably; seconds of the longest wait of each."""
    over = threading.Event()
    word = header(start // 2, PER_STUDY).study["AccessionNumber"]

    def read() -> None:
        require("hits", len(look_up(index, word)), 1)

    def adding(numbers: Iterator[int]) -> int:
        return index.add(header(next(numbers), PER_STUDY), _SIZE)

    some, others = count(start), count(2 * start)
    works: dict[str, Callable[[], object]] = {
        "compaction, look-up": read,
        "compaction, insert": lambda: adding(some),
        "compaction, insert and sync": lambda: storage.sync(adding(others)),
    }
    waits = {name: _Repeated(work, over) for name, work in works.items()}
    with contextlib.ExitStack() as exits:
        for wait in waits.values():
            exits.enter_context(wait)
        before = storage.journal.lines
        storage.compact()
        over.set()
    require("a journal without what is overruled", storage.journal.lines < before, True)
    return {name: wait.longest for name, wait in waits.items()}


class _Repeated(contextlib.AbstractContextManager["_Repeated"]):
    """Does something again and again in a thread until `over`; keeps how long one took at most."""

    def __init__(self, work: Callable[[], object], over: threading.Event) -> None:
        self._work, self._over = work, over
        self._thread = threading.Thread(target=self._run)
        self._fault: BaseException | None = None
        self.longest = 0.0

    def __enter__(self) -> _Repeated:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._fault:
            raise self._fault

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                started = time.perf_counter()
                self._work()
                self.longest = max(self.longest, time.perf_counter() - started)
                self._over.wait(0.001)  # the pace of a caller, who does other things too
        except BaseException as fault:  # for the thread that waits for this one
            self._fault = fault


def main() -> None:
    """Do what the words say."""
    verb, *folders = sys.argv[1:]
    paths = [Path(folder) for folder in folders]
    found = ask(*paths) if verb == "ask" else change(*paths)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
