"""`V` in the inspector: what is wrong at a glance, and the way to the element."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.imaging.objects import item, write
from tests.core.validation.objects import good_ct
from tests.tui.console import HOSTILE, Pair, hold, open_inspector, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.mask import MASK
from tui.screens.inspector import InspectorScreen
from tui.screens.inspector.validation_dialog import ValidationDialog


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
async def test_breaches_are_listed_and_lead_to_their_element(
    stations: Pair, tmp_path: Path
) -> None:
    ds = good_ct()
    del ds.PatientID
    ds.ReferencedStudySequence = [item(ReferencedSOPInstanceUID="1.02.3")]
    hold(stations.me, write(tmp_path, ds))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_inspector(pilot, "(0002,0010)")
        await pilot.press("slash", *"patient id", "enter")
        await until(pilot, lambda: "(0002,0010)" not in text_of(app), "the filter")
        await pilot.press("V")
        await until_shown(
            pilot,
            "CT Image Storage",
            "3 errors",
            "a component of a UID begins with 0",
            "is missing: type 1",
            "Not judged: ",
        )
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen), "the way back")
        assert isinstance(app.screen, InspectorScreen)
        current = app.screen.tags.dataset_tree.current
        assert current is not None
        assert current.path == "ReferencedStudySequence[0].ReferencedSOPInstanceUID"
        await pilot.press("V")
        await until_shown(pilot, "3 errors")
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen), "the way back")
        current = app.screen.tags.dataset_tree.current
        assert current is not None
        assert current.path == "PatientName", "the patient's ID would stand behind it"
        await until_shown(pilot, "PatientID would stand behind this element")
        await pilot.press("V")
        await until_shown(pilot, "3 errors")
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen), "the way back")
        current = app.screen.tags.dataset_tree.current
        assert current is not None
        assert current.path == "ReferencedStudySequence[0]"


async def test_the_report_is_copied_and_what_is_not_judged_is_read_in_full(
    stations: Pair, tmp_path: Path
) -> None:
    hold(stations.me, write(tmp_path, good_ct()))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_inspector(pilot, "(0002,0010)")
        await pilot.press("V")
        await until_shown(pilot, "nothing found against it")
        await pilot.press("y")
        assert "? not judged" in app.clipboard
        await pilot.press("n")
        await until_shown(pilot, "whether conditional attributes")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen), "the way back")


async def test_the_mask_hides_the_value_that_is_wrong(stations: Pair, tmp_path: Path) -> None:
    ds = good_ct()
    ds.PatientComments = HOSTILE
    hold(stations.me, write(tmp_path, ds))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_inspector(pilot, "(0002,0010)")
        await pilot.press("V")
        await until_shown(pilot, "PatientComments", "Evil^[/b]")
        await pilot.press("escape", "M")
        await until(pilot, lambda: MASK.on, "the mask")
        try:
            await pilot.press("V")
            await until(pilot, lambda: isinstance(app.screen, ValidationDialog), "the dialog")
            await until_shown(pilot, "PatientComments", "••")
            assert "Evil" not in text_of(app)
        finally:
            await pilot.press("escape", "M")
