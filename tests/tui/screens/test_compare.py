"""Comparing on the screen: two marked objects or series, one object with another or a file."""

from __future__ import annotations

import threading
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import pytest

from core.dump.compare import Side, side
from core.errors import NotHeldError
from core.model import Comparison
from tests.core.imaging.objects import image, write
from tests.tui.console import Pair, hold, image_object, open_inspector, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.mask import MASK
from tui.screens.compare import CompareScreen


def _hold_two_series(stations: Pair, folder: Path) -> None:
    paths = []
    for series in (1, 2):
        for instance in (1, 2):
            ds = image_object(1, series, instance)
            ds.SliceThickness = f"{series}.25"
            ds.PatientComments = f"note {series}"
            block = ds.private_block(0x0029, "ACME", create=True)
            block.add_new(0x08, "CS", f"PRIVATE{series}")
            paths.append(folder / f"{series}-{instance}.dcm")
            ds.save_as(paths[-1], enforce_file_format=True)
    hold(stations.me, *paths)


async def test_two_marked_series_are_compared(stations: Pair, tmp_path: Path) -> None:
    _hold_two_series(stations, tmp_path)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "1 study")
        await pilot.press("D")
        await until_shown(pilot, "Mark two series")
        await pilot.press("enter")
        await until_shown(pilot, "2 series")
        await pilot.press("asterisk", "D")
        await until_shown(pilot, "SliceThickness", "1.25", "2.25", "changed", "PRIVATE2")
        assert "InstanceNumber" not in text_of(app)
        await pilot.press("p")
        await until(pilot, lambda: "SliceThickness" not in text_of(app), "private only")
        await until_shown(pilot, "PRIVATE1", "private only: 1")
        await pilot.press("p", "slash", *"thickness", "enter")
        await until(pilot, lambda: "PRIVATE1" not in text_of(app), "the filter")
        await pilot.press("enter")
        await until_shown(pilot, "Slice Thickness", "left", "right")
        await pilot.press("escape", "escape", "escape")
        await until_shown(pilot, "2 series")


async def test_an_object_is_compared_with_a_file_and_the_mask_holds(
    stations: Pair, tmp_path: Path
) -> None:
    held = write(tmp_path, image(PatientName="Doe^Jane", Modality="OT"), "held.dcm")
    other = write(tmp_path, image(PatientName="Roe^John", Modality="OT"), "other.dcm")
    ds = image_object(1, 1, 1)
    ds.PatientName = "Doe^Jane"
    ds.save_as(held, enforce_file_format=True)
    hold(stations.me, held)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await open_inspector(pilot, "(0008,0016)")
        await pilot.press("D")
        await until_shown(pilot, "Compare with")
        await pilot.press("ctrl+u", *str(other), "enter")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen), "the comparison")
        await until_shown(pilot, "Doe^Jane", "Roe^John")
        try:
            await pilot.press("M")
            await until(pilot, lambda: "Roe^John" not in text_of(app), "the mask")
            assert "Doe^Jane" not in text_of(app)
            assert "PatientName" in text_of(app)
        finally:
            MASK.on = False


async def test_a_comparison_that_fails_claims_nothing(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    may_end = threading.Event()

    def work() -> NoReturn:
        may_end.wait(20)
        raise NotHeldError("nothing of the series is held here")

    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        app.push_screen(CompareScreen(app.session, "one  other", work))
        await until_shown(pilot, "comparing")
        assert "no element differs" not in text_of(app), "nothing has been compared yet"
        may_end.set()
        await until_shown(pilot, "nothing of the series is held here", "not compared")
        assert "comparing" not in text_of(app)
        assert "no element differs" not in text_of(app)


async def test_who_leaves_has_the_comparison_of_two_series_stopped(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hold_two_series(stations, tmp_path)
    read: list[Path] = []
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(file: Path) -> Side:
        read.append(file)
        begun.set()
        assert go_on.wait(20)
        return side(file)

    real = stations.me.objects.compare_series

    def told(*asked: Any) -> Comparison:
        try:
            return real(*asked)
        finally:
            ended.set()

    monkeypatch.setattr(import_module("core.dump.compare"), "side", slow)
    monkeypatch.setattr(stations.me.objects, "compare_series", told)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "1 study")
        await pilot.press("enter")
        await until_shown(pilot, "2 series")
        await pilot.press("asterisk", "D")
        await until_shown(pilot, "comparing")
        await until(pilot, begun.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, CompareScreen))
        go_on.set()
        await until(pilot, ended.is_set)
        assert len(read) == 1, "the other three are not read any more"


async def test_two_that_are_alike_are_said_to_be(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        alike = Comparison(differences=(), equal=7)
        app.push_screen(CompareScreen(app.session, "one  other", lambda: alike))
        await until_shown(pilot, "no element differs", "7 are equal")
