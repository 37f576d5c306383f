"""Query keys as people type them: dates and times become those of DICOM."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from pydicom.datadict import DicomDictionary

from core.errors import UsageError
from core.model import Level
from tests.tui.commandline import CommandLine
from tui.verbs.keys import is_date, keys_of, read_keys


def test_every_date_is_known_by_its_keyword() -> None:
    kinds = {entry[4]: entry[0] for entry in DicomDictionary.values()}
    assert all(kinds[keyword] == "DA" for keyword in kinds if is_date(keyword))
    assert {"StudyDate", "PatientBirthDate", "DateOfSecondaryCapture"} <= set(
        filter(is_date, kinds)
    )


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("StudyDate=today", f"{date.today():%Y%m%d}"),
        ("PatientBirthDate=-7d", f"{date.today() - timedelta(days=7):%Y%m%d}-"),
        ("SeriesDate=2024-01-31", "20240131"),
        ("StudyDate=20240101-20240131", "20240101-20240131"),
        ("StudyDate", ""),
        ("StudyDate=202401*", "202401*"),
        ("StudyTime=10:15-12:00", "1015-1200"),
        ("PatientName=today", "today"),
        ("StudyDescription=a=b", "a=b"),
    ],
)
def test_what_is_typed_is_what_is_asked(typed: str, asked: str) -> None:
    keyword = typed.partition("=")[0]
    assert read_keys([typed]) == {keyword: asked}
    assert keys_of(Level.STUDY, [typed])[keyword] == asked


@pytest.mark.parametrize("typed", ["StudyDate=someday", "=today", "ContentDate=20241340"])
def test_what_cannot_be_asked_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        read_keys([typed])


def test_find_and_list_take_words_for_dates(tmp_path: Path) -> None:
    cli = CommandLine(tmp_path)
    peer = ("--aet", "PEER", "--host", "127.0.0.1", "--port", 1)
    assert cli("find", *peer, "-k", "StudyDate=today").code == 3, "asked, and nobody is there"
    for words in (("find", *peer), ("list",)):
        said = cli(*words, "-k", "StudyDate=someday")
        assert said.code == 2
        assert "StudyDate=someday: this is no date" in said.err
    assert cli("list", "-k", "StudyDate=-7d").code == 1, "understood, and nothing is held"
