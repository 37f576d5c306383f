"""How long a large archive takes to open, what it costs in memory, how fast it answers.

    python -m benchmarks.archive [STUDIES [INSTANCES_OF_EACH [FOLDER]]]

Writes an index of so many studies (100,000 of 10 instances by default) without files, then opens it
in a process of its own.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.archive.archive import Archive
from core.archive.header import Header
from core.archive.index import Index
from core.archive.tables import JournalStorage
from core.events import EventBus
from core.model import Level, Query
from core.settings import ArchiveSettings

_PER_SERIES = 50


def fill(folder: Path, studies: int = 100_000, per_study: int = 10) -> float:
    """Write the journal of an archive of so many instances; the seconds it took."""
    (folder / "index").mkdir(parents=True)
    storage = JournalStorage(folder / "index")
    index = Index(storage)
    position = 0
    started = time.perf_counter()
    for number in range(studies * per_study):
        position = index.add(header(number, per_study), 525_000)
    storage.sync(position)
    storage.close()
    return time.perf_counter() - started


def header(number: int, per_study: int = 10) -> Header:
    """What an index takes of an object; up to 50 of a study make a series."""
    per_series = min(per_study, _PER_SERIES)
    study, series = number // per_study, number // per_series
    root = "1.2.826.0.1.3680043.8.498"
    date = f"20{study % 25:02}{study % 12 + 1:02}{study % 28 + 1:02}"
    return Header(
        study={
            "PatientName": f"Family{study % 700}^Given{study % 31}",
            "PatientID": f"P{study:07}",
            "PatientBirthDate": f"19{study % 90 + 10}0101",
            "PatientSex": "F" if study % 2 else "M",
            "StudyInstanceUID": f"{root}.{study}.1",
            "StudyDate": date,
            "StudyTime": "101112",
            "AccessionNumber": f"A{study:08}",
            "StudyDescription": f"Examination {study % 50}",
        },
        series={
            "SeriesInstanceUID": f"{root}.{study}.{series}.2",
            "Modality": ("CT", "MR", "US")[series % 3],
            "SeriesNumber": str(series % 20),
            "SeriesDescription": f"Series {series % 40}",
            "Manufacturer": "ACME",
        },
        common={
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
            "AvailableTransferSyntaxUID": "1.2.840.10008.1.2.1",
            "Rows": "512",
            "Columns": "512",
            "BitsAllocated": "16",
            "ImageType": "ORIGINAL\\PRIMARY\\AXIAL",
            "AcquisitionDate": date,
            "ContentDate": date,
        },
        own={
            "SOPInstanceUID": f"{root}.{study}.{series}.{number}.{number * 7919 % 1000003}",
            "InstanceNumber": str(number % per_series + 1),
            "ContentTime": "101112.123",
            "AcquisitionTime": "101110.5",
        },
    )


def measure(folder: Path) -> None:
    """Open the archive and put some questions to it."""
    started = time.perf_counter()
    archive = Archive.open(folder, settings=ArchiveSettings, events=EventBus(), read_only=True)
    opened = time.perf_counter() - started
    # The peak while opening; what is held afterwards is a little less.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    held = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
    count = archive.statistics().instances
    print(f"{count} instances: open {opened:.2f} s, {held} MB (peak {peak:.0f})")
    for level, keys in (
        (Level.STUDY, {"PatientName": "family1*"}),
        (Level.STUDY, {"StudyDate": "20100101-20101231", "ModalitiesInStudy": "CT"}),
        (Level.STUDY, {"PatientID": "P0000007"}),
        (Level.IMAGE, {"StudyInstanceUID": "1.2.826.0.1.3680043.8.498.7.1", "InstanceNumber": "7"}),
        (Level.STUDY, {"NumberOfStudyRelatedInstances": ""}),
    ):
        started = time.perf_counter()
        count = sum(1 for _ in archive.match(Query(level=level, keys=keys)))
        print(f"  {level.value} {keys}: {count} in {(time.perf_counter() - started) * 1e3:.1f} ms")
    started = time.perf_counter()
    for _ in range(1000):
        archive.lookup("A00000007")
    print(f"  look-up: {(time.perf_counter() - started) * 1e3:.1f} µs")


def main() -> None:
    """Fill a folder where it is empty, and measure in a fresh process."""
    if sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]))
        return
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    per_study = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(temporary) / "archive"
        if not (folder / "index").exists():
            seconds = fill(folder, studies, per_study)
            print(f"{seconds / studies / per_study * 1e6:.1f} µs for an insert beside the sync")
        subprocess.run(
            [sys.executable, "-m", "benchmarks.archive", "--measure", str(folder)], check=True
        )


if __name__ == "__main__":
    main()
