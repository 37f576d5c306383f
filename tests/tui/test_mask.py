"""The mask hides who patients are wherever text passes, and nothing that is needed to help."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.console import (
    Pair,
    hold,
    image_object,
    open_inspector,
    paste,
    text_of,
    until,
    until_shown,
)
from tui.app import ModalittyApp
from tui.mask import MASK, is_sensitive, sensitive
from tui.safe_text import safe_content, safe_text
from tui.screens.dialogs import safe_lines
from tui.screens.inspector import InspectorScreen
from tui.widgets.dataset_tree import DatasetTree

TELLING = ("Patient Number 2", "ID2", "ACC2", "study 2")
"""What the second study says of its patient."""


@pytest.fixture(autouse=True)
def _mask_off() -> Iterator[None]:
    yield
    MASK.on = False


@pytest.mark.parametrize(
    "keyword",
    [
        *("PatientName", "PatientID", "OtherPatientIDs", "PatientBirthDate", "AccessionNumber"),
        *("StudyDescription", "SeriesDescription", "PatientComments", "AdditionalPatientHistory"),
        *("ReferringPhysicianName", "StudyID", "PatientAddress", "TextValue", "ReasonForStudy"),
        "ScheduledProcedureStepSequence.ScheduledProcedureStepDescription",
    ],
)
def test_what_tells_who_a_patient_is_is_hidden(keyword: str) -> None:
    assert is_sensitive(keyword)


@pytest.mark.parametrize(
    "keyword",
    [
        *("StudyInstanceUID", "SOPClassUID", "StudyDate", "StudyTime", "Modality", "Rows"),
        *("ModalitiesInStudy", "StationName", "RetrieveAETitle", "Manufacturer", "InstanceNumber"),
        *("NumberOfStudyRelatedInstances", "WindowCenter", "what", "state", ""),
    ],
)
def test_what_one_shares_a_screen_for_is_not(keyword: str) -> None:
    assert not is_sensitive(keyword)


def test_private_text_is_hidden_and_private_numbers_are_not() -> None:
    assert is_sensitive("", "LO", private=True)
    assert is_sensitive("", "UN", private=True)
    assert not is_sensitive("", "DS", private=True)


def test_one_value_has_one_stand_in_that_says_nothing_of_it() -> None:
    MASK.on = True
    first = safe_text(f"{sensitive('Smith John')} 2024-01-31")
    assert "Smith" not in first
    assert first.endswith(" 2024-01-31")
    assert safe_text(sensitive("Smith John")) in first
    assert safe_text(sensitive("Smith Jane")) not in first
    assert len(safe_text(sensitive("x" * 500))) == len(safe_text(sensitive("x")))


def test_marks_are_gone_where_the_mask_is_off_and_cannot_be_forged() -> None:
    assert safe_text(sensitive("Smith [b]")) == "Smith [b]"
    MASK.on = True
    forged = sensitive("a\ufdd1Smith\ufdd0b")
    assert "Smith" not in safe_text(forged)
    assert "Smith" not in safe_content(forged, limit=40).plain
    assert "\ufdd0" not in safe_text("\ufdd0open")


def test_a_cut_does_not_let_the_value_through() -> None:
    MASK.on = True
    assert "s" not in safe_text(sensitive("s" * 5000), 8)  # stand-ins are capitals and digits


async def test_every_place_hides_at_once_and_shows_again(stations: Pair) -> None:
    stations.me.jobs.wait(
        stations.me.jobs.retrieve(stations.pacs_modality, _studies(stations)).id, 30
    )
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(200, 50), notifications=True) as pilot:
        await pilot.press("2", "r")
        await until_shown(pilot, "Patient Number 2", "ID2")
        await pilot.press("4")
        await until_shown(pilot, "Patient Number 2", "ACC2", "study 2")
        await pilot.press("M")
        await until_shown(pilot, " masked ", "••", "2024-01-03")
        assert not [word for word in TELLING if word in text_of(app)]
        await pilot.press("2")
        assert not [word for word in TELLING if word in text_of(app)], "not for one frame"
        await until_shown(pilot, " masked ", "2024-01-03", "CT")
        await pilot.press("4", "M")
        await until_shown(pilot, *TELLING)
        assert " masked " not in text_of(app)


async def test_tags_pictures_ways_and_dialogs_are_hidden(stations: Pair) -> None:
    stations.me.jobs.wait(
        stations.me.jobs.retrieve(stations.pacs_modality, _studies(stations)).id, 30
    )
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(200, 50), notifications=True) as pilot:
        await pilot.press("4", "M")
        await until_shown(pilot, "2024-01-03", " masked ")
        await pilot.press("G", "enter")
        await until_shown(pilot, "2 series", "→ ••")
        assert not [word for word in TELLING if word in text_of(app)]
        await pilot.press("i")
        await until_shown(pilot, "Patient's Name", "hidden by the mask")
        assert not [word for word in TELLING if word in text_of(app)]
        assert isinstance(app.screen, InspectorScreen)
        tree = app.screen.query_one(DatasetTree)
        tree.dataset_table.filter_text = "PatientName"
        await until(pilot, lambda: tree.current and tree.current.keyword == "PatientName", "row")
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard.startswith("••"), "a masked copy")
        await pilot.press("enter")
        await until_shown(pilot, "esc Close")
        assert not [word for word in TELLING if word in text_of(app)]
        await pilot.press("escape", "M")
        await until_shown(pilot, "Patient Number 2", "16 by 16")


async def test_copies_and_exports_are_masked_and_say_so(stations: Pair, tmp_path: Path) -> None:
    stations.me.jobs.wait(
        stations.me.jobs.retrieve(stations.pacs_modality, _studies(stations)).id, 30
    )
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4", "M")
        await until_shown(pilot, "2024-01-03")
        await pilot.press("asterisk", "y")
        await until(pilot, lambda: "2024-01-03" in app.clipboard, "the copy")
        assert not [word for word in TELLING if word in app.clipboard]
        await pilot.press("E")
        await until_shown(pilot, "The mask is on")
        target = tmp_path / "rows.json"
        await paste(pilot, str(target))
        await pilot.press("enter")
        await until(pilot, target.exists, "the file")
        rows = json.loads(target.read_text())
        assert {row["StudyDate"] for row in rows} == {"2024-01-02", "2024-01-03"}
        assert not [word for word in TELLING if word in target.read_text()]


async def test_it_is_on_from_the_start_where_the_settings_say_so(stations: Pair) -> None:
    stations.me.change("ui.mask_phi", True)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, " masked ")


def _studies(stations: Pair):  # type: ignore[no-untyped-def]
    from core.model import Level, Ref

    return [Ref(level=Level.STUDY, study_uid=f"1.2.3.{n}") for n in (1, 2)]


async def test_text_of_several_lines_is_hidden_whole_where_it_is_read_in_full(
    stations: Pair, tmp_path: Path
) -> None:
    ds = image_object(1, 1, 1)
    ds.PatientComments = "Smith is tired\r\nSmith is well"
    ds.save_as(tmp_path / "comments.dcm", enforce_file_format=True)
    hold(stations.me, tmp_path / "comments.dcm")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await open_inspector(pilot, "(0008,0016)")
        await pilot.press("slash", *"patientcomments", "enter")
        await until(pilot, lambda: "(0008,0016)" not in text_of(app), "the filter")
        await pilot.press("enter")
        await until_shown(pilot, "Smith is tired", "Smith is well")
        await pilot.press("escape", "M", "enter")
        await until_shown(pilot, "esc Close", "••")
        assert "Smith" not in text_of(app)


@pytest.mark.parametrize("text", ["Smith\nSmith", "Smith" * 100])
def test_lines_that_are_cut_or_parted_hold_nothing_of_what_is_hidden(text: str) -> None:
    assert "Smith" in safe_lines(f"{sensitive(text)}\nopen", 50).plain
    MASK.on = True
    shown = safe_lines(f"{sensitive(text)}\nopen", 50).plain
    assert "Smith" not in shown
    assert shown.endswith("open")
