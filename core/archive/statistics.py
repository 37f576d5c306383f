"""How much is held."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.archive.index import Index
from core.archive.protection import Protection
from core.model import ModalityCount, Statistics


def count(index: Index, protection: Protection, quota: int, folder: Path) -> Statistics:
    """Numbers and bytes, in time that grows with the number of series."""
    patients, studies, series, instances = index.counts()
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        free = 0
    return Statistics(
        patients=patients,
        studies=studies,
        series=series,
        instances=instances,
        size=index.size,
        quota=quota,
        free=free,
        protected=len(protection.all()),
        modalities=_by_modality(index),
    )


def _by_modality(index: Index) -> tuple[ModalityCount, ...]:
    sums: dict[str, list[int]] = {}
    for series in index.series():
        of = sums.setdefault(str(series.attributes.get("Modality", "")), [0, 0, 0])
        of[0] += 1
        of[1] += len(series.members)
        of[2] += series.size
    counts = [
        ModalityCount(modality=modality, series=series, instances=instances, size=size)
        for modality, (series, instances, size) in sums.items()
    ]
    return tuple(sorted(counts, key=lambda each: (-each.size, each.modality)))
