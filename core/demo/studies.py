"""The sample studies, and their way into files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from pydicom.dataset import Dataset

from core.demo import cr, ct, documents, mr, people, us
from core.demo.objects import Series, Study


def make_studies(today: date) -> list[Dataset]:
    """All instances of all studies, dated back from `today`; the same ones for the same day."""

    def study(number: int, patient: people.Patient, days: int, what: str, part: str) -> Study:
        time = f"{8 + number % 10:02d}{number * 7 % 60:02d}00"
        return Study(number, patient, today, days, time, what, part)

    first = study(1, people.THORAX, 0, "CT thorax with contrast", "CHEST")
    thorax = ct.study_of(first)
    follow_up = study(12, people.THORAX, 95, "CT thorax", "CHEST")
    return [
        *thorax,
        documents.report_of(first, 4, thorax[14]),
        *mr.study_of(
            study(2, people.JAPANESE, 0, "MR head", "HEAD"), 12, ("T1 SE", "T2 TSE", "T2 FLAIR")
        ),
        *cr.chest_of(study(3, people.KOREAN, 1, "Chest PA", "CHEST")),
        *us.cine_of(study(4, people.GREEK, 2, "Echocardiography", "HEART")),
        documents.pdf_of(study(5, people.ARABIC, 3, "Discharge letter", "")),
        *mr.study_of(study(6, people.CHINESE, 5, "MR head, control", "HEAD"), 8, ("T2 TSE",)),
        *cr.hand_of(replace(study(7, people.FRENCH, 6, "Hand right", "HAND"), laterality="R")),
        *ct.series(
            Series(study(8, people.SHARED_ID_HARBOUR, 12, "CT thorax low dose", "CHEST"),
                   1, "CT", "Low dose 8.0"), 10, noise=40, seed=8,
        ),
        *cr.chest_of(study(9, people.SHARED_ID_HILLSIDE, 20, "Chest PA", "CHEST")),
        *mr.study_of(study(10, people.RUSSIAN, 33, "MR head", "HEAD"), 6, ("T1 SE", "T2 FLAIR")),
        *ct.series(
            Series(study(11, people.ANONYMOUS, 60, "CT phantom quality test", "CHEST"),
                   1, "CT", "Constancy"), 6, noise=8, seed=11,
        ),
        *ct.series(Series(follow_up, 2, "CT", "Thorax 5.0 B31f"), 16, noise=14, seed=12),
    ]  # fmt: skip


def write_studies(folder: Path, today: date) -> list[Path]:
    """Write the studies as Part 10 files under `folder`, one folder per study and series."""
    written = []
    for ds in make_studies(today):
        place = folder / f"STUDY{int(ds.StudyID):02d}" / f"SERIES{int(ds.SeriesNumber):02d}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"IM{int(ds.InstanceNumber):04d}.dcm"
        ds.save_as(path, enforce_file_format=True)
        written.append(path)
    return written
