"""The inspector: frames, windows, values in full, and objects that have no picture."""

from __future__ import annotations

from pathlib import Path

from pydicom.dataset import Dataset

from tests.samples import sample_file
from tests.tui.console import Pair, hold, image_object, open_inspector, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.screens.inspector import InspectorScreen
from tui.screens.inspector.value_reader import ValueReader


def _inspector(app: ModalittyApp) -> InspectorScreen:
    assert isinstance(app.screen, InspectorScreen)
    return app.screen


async def test_frames_and_windows_are_turned_by_keys(stations: Pair, tmp_path: Path) -> None:
    ds = image_object(1, 1, 1)
    ds.NumberOfFrames = 3
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "HU"
    ds.PixelData = bytes(range(256)) * 3
    ds.save_as(tmp_path / "frames.dcm", enforce_file_format=True)
    hold(stations.me, tmp_path / "frames.dcm")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await open_inspector(pilot, "frame 1 of 3", "▄▄▄▄", "(0008,0016)")
        await pilot.press("full_stop", "full_stop", "full_stop")
        await until_shown(pilot, "frame 3 of 3")
        await pilot.press("comma")
        await until_shown(pilot, "frame 2 of 3")
        await pilot.press("w")
        await until_shown(pilot, "automatic ")
        await pilot.press("w")
        await until_shown(pilot, "brain 40/80 HU")
        await pilot.press("escape")
        await until_shown(pilot, "1 study")


async def test_an_object_without_a_picture_says_so(stations: Pair, tmp_path: Path) -> None:
    ds: Dataset = image_object(1, 1, 1)
    del ds.PixelData
    ds.save_as(tmp_path / "bare.dcm", enforce_file_format=True)
    hold(stations.me, tmp_path / "bare.dcm")
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await open_inspector(pilot, "(0008,0016)", "no picture")
        assert _inspector(app).pictures.picture is None


async def test_tags_are_filtered_opened_and_copied(stations: Pair) -> None:
    hold(stations.me, sample_file("CT_small.dcm"))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_inspector(pilot, "(0002,0010)", "v: picture")
        await pilot.press("slash", *"patient id", "enter")
        await until(pilot, lambda: "(0002,0010)" not in text_of(app), "the filter")
        await until_shown(pilot, "(0010,0020)", "1CT1")
        await pilot.press("y")
        assert app.clipboard == "1CT1"
        await pilot.press("enter")
        await until_shown(pilot, "(0010,0020) LO PatientID", "esc Close")
        await pilot.press("escape", "v")
        await until_shown(pilot, "▄▄▄▄")
        await pilot.press("slash")
        await until_shown(pilot, "(0010,0020)")


async def test_a_long_value_is_read_by_the_page_and_as_bytes(stations: Pair) -> None:
    hold(stations.me, sample_file("CT_small.dcm"))
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_inspector(pilot, "(0002,0010)")
        await pilot.press("slash", *"7fe0,0010", "enter")
        await until(pilot, lambda: "(0002,0010)" not in text_of(app), "the filter")
        await pilot.press("enter")
        await until_shown(pilot, "words of 16 bits, page 1 of 4, 32,768 bytes", "00000000  00af")
        await pilot.press("right")
        await until_shown(pilot, "page 2 of 4", "00002000  ")
        await pilot.press("x")
        await until_shown(pilot, "bytes, page 2 of 4")
        await pilot.press("left")
        await until_shown(pilot, "bytes, page 1 of 4")
        reader = app.screen
        assert isinstance(reader, ValueReader)
        reader.action_turn(1)
        reader.action_turn(1)  # before the page is there
        await until_shown(pilot, "page 3 of 4", "00004000  ")
        await pilot.press("G")
        await until_shown(pilot, "page 4 of 4", "00006000  ")
        await pilot.press("escape")
        await until_shown(pilot, "(7FE0,0010)")
