"""The picture of the inspector by its keys and by the mouse, over a real station."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from textual import events
from textual.pilot import Pilot

from core.model import Picture
from tests.tui.console import (
    Pair,
    hold,
    image_object,
    open_inspector,
    text_of,
    until,
    until_shown,
    write_studies,
)
from tui.app import ModalittyApp
from tui.screens.inspector import InspectorScreen
from tui.screens.inspector.picture_pane import PicturePane
from tui.widgets.image_view import ImageView
from tui.widgets.picture_stage import PictureStage
from tui.widgets.thumbnails import Thumbnail

IMAGES = 24


def _slice(number: int) -> Dataset:
    """A CT slice whose pixel at column x and row y is y * 16 + x, in HU 1000 less."""
    ds = image_object(1, 1, number)
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "-1000", "1", "HU"
    ds.WindowCenter, ds.WindowWidth = ["-900", "-800"], ["300", "100"]
    ds.WindowCenterWidthExplanation = ["WIDE", "NARROW"]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.ImagePositionPatient = ["0", "0", str(number)]
    return ds


@asynccontextmanager
async def looking_at(
    stations: Pair, tmp_path: Path, objects: list[Dataset], size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Pilot[object], PicturePane]]:
    """The console with the picture of the first of `objects` in sight."""
    folder = tmp_path / "objects"
    folder.mkdir()
    for number, ds in enumerate(objects):
        ds.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    hold(stations.me, folder)
    app = ModalittyApp(stations.me)
    async with app.run_test(size=size, notifications=True) as pilot:
        await open_inspector(pilot)
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen))
        screen = app.screen
        assert isinstance(screen, InspectorScreen)
        screen.show_view("picture")
        await until(pilot, lambda: screen.pictures.picture and len(screen.uids) == len(objects))
        yield pilot, screen.pictures


async def settled(pilot: Pilot[object], stage: PictureStage) -> None:
    await pilot.pause()
    await until(pilot, lambda: stage.seen_turn == stage.turn, "the picture to be written")


def colours(stage: PictureStage) -> list[str]:
    """Every cell of the picture by its style."""
    lines = (stage.render_line(y) for y in range(stage.size.height))
    return [f"{segment.text}{segment.style}" for line in lines for segment in line]


async def test_the_cursor_says_what_its_pixel_says_and_zoom_keeps_it(
    stations: Pair, tmp_path: Path
) -> None:
    async with looking_at(stations, tmp_path, [_slice(1)]) as (pilot, pane):
        await pilot.press("c")
        await until_shown(pilot, "x 8 y 8: -864 HU, stored 136")
        await pilot.press("ctrl+right", "ctrl+down", "ctrl+down")
        await until_shown(pilot, "x 9 y 10: -831 HU, stored 169")
        await pilot.press("plus", "plus", "equals_sign")
        await until_shown(pilot, "zoom ")
        assert pane.stage.is_zoomed
        for _ in range(20):
            await pilot.press("ctrl+left", "ctrl+up")
        await until_shown(pilot, "x 0 y 0: -1000 HU, stored 0")
        placement = pane.stage.placement
        assert placement is not None
        assert placement.box[:2] == (0, 0), "what is seen has come along"
        await pilot.press("0", "c")
        await until(pilot, lambda: "stored" not in text_of(pilot.app))
        assert pane.stage.cursor is None
        assert not pane.stage.is_zoomed


async def test_arrows_of_the_mouse_and_of_the_keys_move_what_is_zoomed(
    stations: Pair, tmp_path: Path
) -> None:
    async with looking_at(stations, tmp_path, [_slice(1), _slice(2)]) as (pilot, pane):
        stage = pane.stage
        await pilot.press(*["plus"] * 4)
        await settled(pilot, stage)
        seen = []
        for keys in ("shift+left", "h", "shift+up", "k"):
            await pilot.press(*[keys] * 12)
            await settled(pilot, stage)
            assert stage.placement is not None
            seen.append(stage.placement.box)
        assert seen[1][0] == 0
        assert seen[3][:2] == (0, 0)
        middle = stage.region.center
        await pilot.mouse_down(offset=(int(middle[0]), int(middle[1])))
        await pilot.hover(offset=(int(middle[0]) - 9, int(middle[1]) - 4))
        await pilot.mouse_up(offset=(int(middle[0]) - 9, int(middle[1]) - 4))
        assert stage.placement.box[0] > 0, "dragged to the left: what is at the right comes"
        assert stage.placement.box[1] > 0
        assert stage.cursor is None, "a drag is no click"
        assert "instance 1 of 2" in text_of(pilot.app)
        await pilot.press("0", "j")
        await until_shown(pilot, "instance 2 of 2")


async def test_the_wheel_goes_through_the_series_and_moves_or_zooms_what_is_zoomed(
    stations: Pair, tmp_path: Path
) -> None:
    async def turned(kind: type[events.MouseEvent], **held: bool) -> None:
        keys = {"shift": False, "meta": False, "ctrl": False, **held}
        x, y = stage.region.center
        event = kind(stage, x, y, 0, 0, 0, **keys, screen_x=x, screen_y=y)
        stage.post_message(event)
        await pilot.pause()

    down, up = events.MouseScrollDown, events.MouseScrollUp
    async with looking_at(stations, tmp_path, [_slice(1), _slice(2)]) as (pilot, pane):
        stage = pane.stage
        await turned(down)
        await until_shown(pilot, "instance 2 of 2")
        await turned(up)
        await until_shown(pilot, "instance 1 of 2")
        for _ in range(5):
            await turned(up, ctrl=True)
        assert stage.is_zoomed
        await settled(pilot, stage)
        boxes = [stage.placement.box if stage.placement else ()]
        for held in ({}, {"shift": True}):
            await turned(down, **held)
            await settled(pilot, stage)
            boxes.append(stage.placement.box if stage.placement else ())
        assert boxes[1][1] > boxes[0][1]
        assert boxes[1][0] == boxes[0][0]
        assert boxes[2][0] > boxes[1][0]
        assert "instance 1 of 2" in text_of(pilot.app)
        for _ in range(12):
            await turned(down, ctrl=True)
        assert not stage.is_zoomed


async def test_a_click_puts_the_cursor_where_it_was(stations: Pair, tmp_path: Path) -> None:
    async with looking_at(stations, tmp_path, [_slice(1)]) as (pilot, pane):
        stage = pane.stage
        whole = stage.placement
        assert whole is not None
        left = (stage.region.width - whole.size[0]) // 2
        at = (stage.region.x + left + whole.size[0] - 1, stage.region.y)
        await pilot.click(offset=at)
        await until(pilot, lambda: re.search(r"x 15 y 0: -985 HU", text_of(pilot.app)))
        await pilot.hover(offset=(stage.region.x + left, stage.region.y))
        await until_shown(pilot, "x 0 y 0: -1000 HU")


async def test_windows_are_chosen_by_turns_by_name_and_by_hand(
    stations: Pair, tmp_path: Path
) -> None:
    async with looking_at(stations, tmp_path, [_slice(1), _slice(2)]) as (pilot, pane):
        await until_shown(pilot, "WIDE -900/300 HU", "slice 1.0 mm")
        await pilot.press("w")
        await until_shown(pilot, "NARROW -800/100 HU")
        await pilot.press("w")
        await until_shown(pilot, "automatic ")
        await pilot.press("W")
        await until_shown(pilot, "temporal bone", "-600/1500")
        await pilot.press("l", "enter")
        await until_shown(pilot, "lung -600/1500 HU")
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "instance 2 of 2", "lung -600/1500 HU", "slice 2.0 mm")
        await pilot.press("right_parenthesis", "right_curly_bracket")
        await until_shown(pilot, "by hand -517.5/1650 HU")
        await pilot.press("a")
        await until_shown(pilot, "automatic ")
        before = colours(pane.stage)
        await pilot.press("i")
        await until_shown(pilot, "inverted")
        await settled(pilot, pane.stage)
        assert colours(pane.stage) != before
        await pilot.press("r")
        await until_shown(pilot, "WIDE -900/300 HU")
        assert "inverted" not in text_of(pilot.app)


async def test_dragging_changes_the_window_where_nothing_is_zoomed(
    stations: Pair, tmp_path: Path
) -> None:
    async with looking_at(stations, tmp_path, [_slice(1)]) as (pilot, pane):
        await pilot.mouse_down(offset=(40, 12))
        await pilot.hover(offset=(44, 12))
        await pilot.mouse_up(offset=(44, 12))
        await until_shown(pilot, "by hand -900/363 HU")
        assert pane.stage.cursor is None


async def test_letters_stand_at_the_edges_also_when_zoomed_and_go_by_a_key(
    stations: Pair, tmp_path: Path
) -> None:
    def edges() -> tuple[str, str, str, str]:
        lines = [stage.render_line(y).text for y in range(stage.size.height)]
        rows = [line for line in lines if line.strip()]
        middle = lines[stage.size.height // 2]
        return (
            middle.strip()[:1], middle.strip()[-1:], rows[0][39:41].strip("▄ "),
            rows[-1][39:41].strip("▄ "),
        )  # fmt: skip

    async with looking_at(stations, tmp_path, [_slice(1)]) as (pilot, pane):
        stage = pane.stage
        for keys in ((), ("plus", "plus", "plus")):
            await pilot.press(*keys)
            await settled(pilot, stage)
            assert edges() == ("R", "L", "A", "P")
        await pilot.press("t")
        await settled(pilot, stage)
        assert not any(letter in "RLAP" for letter in edges() if letter)


async def test_a_series_is_gone_through_by_one_ten_and_number(
    stations: Pair, tmp_path: Path
) -> None:
    slices = [_slice(number) for number in range(1, IMAGES + 1)]
    async with looking_at(stations, tmp_path, slices) as (pilot, _):
        for keys, instance in (
            (("down",), 2),
            (("pagedown",), 12),
            (("end",), IMAGES),
            (("down",), IMAGES),
            (("pageup", "up"), IMAGES - 11),
            (("home",), 1),
            (("g", "1", "7", "enter"), 17),
        ):
            await pilot.press(*keys)
            await until_shown(pilot, f"instance {instance} of {IMAGES}", f"slice {instance}.0 mm")
        await pilot.press("g", "9", "9", "enter")
        await until_shown(pilot, f"a number from 1 to {IMAGES}")
        await pilot.press("escape")


async def test_a_key_held_down_ends_where_it_was_let_go(stations: Pair, tmp_path: Path) -> None:
    slices = [_slice(number) for number in range(1, IMAGES + 1)]
    async with looking_at(stations, tmp_path, slices) as (pilot, pane):
        await pilot.press(*["down"] * 15, *["up"] * 4)
        await until_shown(pilot, f"instance 12 of {IMAGES}", "slice 12.0 mm")
        await until(pilot, lambda: pane.picture and pane.picture.position == "slice 12.0 mm")
        screen = pilot.app.screen
        assert isinstance(screen, InspectorScreen)
        await until(pilot, lambda: screen.tags.value("InstanceNumber") == "12", "the tags")


@pytest.mark.parametrize("sweeps", [False, True])
async def test_a_cine_plays_the_series_and_stops_with_its_tags(
    stations: Pair, tmp_path: Path, sweeps: bool
) -> None:
    slices = [_slice(number) for number in (1, 2, 3)]
    async with looking_at(stations, tmp_path, slices) as (pilot, pane):
        seen: list[str] = []
        show = pane.stage.show

        def noted(picture: object, *, coarse: bool = False) -> None:
            seen.append(f"{getattr(picture, 'position', '')[6:7]}{'coarse' * coarse}")
            show(picture, coarse=coarse)  # type: ignore[arg-type]

        pane.stage.show = noted  # type: ignore[method-assign,assignment]
        if sweeps:
            await pilot.press("S")
        await pilot.press(*["greater_than_sign"] * 5, "space")
        await until_shown(pilot, "30/s")
        await until(pilot, lambda: len(seen) > 12, "a dozen pictures")
        order = "".join(seen).replace("coarse", "")
        assert (("12321" if sweeps else "1231") in order) or (
            ("23212" if sweeps else "2312") in order
        )
        assert all("coarse" in one for one in seen)
        await until(pilot, lambda: " of 30/s" in text_of(pilot.app), "the rate that is achieved")
        await pilot.press("space")
        await until(pilot, lambda: "/s" not in text_of(pilot.app))
        await until(pilot, lambda: seen[-1] in "123", "the picture in full")
        screen = pilot.app.screen
        assert isinstance(screen, InspectorScreen)
        last = str(screen.index + 1)
        await until(pilot, lambda: screen.tags.value("InstanceNumber") == last, "the tags")


async def test_a_cine_takes_its_rate_from_the_header_and_from_the_user(
    stations: Pair, tmp_path: Path
) -> None:
    ds = image_object(1, 1, 1)
    ds.NumberOfFrames = 4
    ds.FrameTime = "50"
    ds.PixelData = bytes(range(256)) * 4
    async with looking_at(stations, tmp_path, [ds]) as (pilot, pane):
        await pilot.press("space")
        await until_shown(pilot, "20/s", "frame 3 of 4")
        assert pane.cine.keeps_time
        await pilot.press("less_than_sign")
        await until_shown(pilot, "15/s")
        await pilot.press("R")
        await until_shown(pilot, "The object says 20.")
        assert not pane.cine.is_playing, "nobody looks while a question lies over it"
        await pilot.press(*["backspace"] * 4, *"5000", "enter")
        await until_shown(pilot, "a number from 0.1 to 100")
        await pilot.press(*["backspace"] * 4, "4", "enter", "space")
        await until_shown(pilot, "4/s")


async def test_the_mask_hides_and_stops_what_plays(stations: Pair, tmp_path: Path) -> None:
    slices = [_slice(number) for number in (1, 2, 3)]
    async with looking_at(stations, tmp_path, slices) as (pilot, pane):
        await pilot.press("space")
        await until_shown(pilot, "/s")
        await pilot.press("M")
        await until_shown(pilot, "hidden by the mask", "no picture")
        assert pane.picture is None
        assert not pane.cine.is_playing
        await pilot.press("M")
        await until_shown(pilot, "slice ")


async def test_tab_leads_from_the_tags_to_the_picture_and_the_footer_follows(
    stations: Pair, tmp_path: Path
) -> None:
    async with looking_at(stations, tmp_path, [_slice(1)], (120, 30)) as (pilot, pane):
        await pilot.press("v")
        await until_shown(pilot, "(0008,0016)", "▄▄▄")
        assert "space Play" not in text_of(pilot.app)
        await pilot.press("tab")
        await until_shown(pilot, "space Play", "c Cursor")
        assert pilot.app.focused is pane.stage
        await pilot.press("tab")
        await until(pilot, lambda: "space Play" not in text_of(pilot.app))


def labels(pane: PicturePane) -> list[str]:
    """The numbers below the small pictures that are there, the chosen one in brackets."""
    return [
        f"[{slot.label_text}]" if slot.has_class("-chosen") else slot.label_text
        for slot in pane.query(Thumbnail)
        if slot.label_text
    ]


async def test_a_strip_follows_the_series_and_all_of_it_leads_anywhere(
    stations: Pair, tmp_path: Path
) -> None:
    slices = [_slice(number) for number in range(1, IMAGES + 1)]
    async with looking_at(stations, tmp_path, slices) as (pilot, pane):
        await pilot.press("T")
        await until(pilot, lambda: labels(pane) == ["[1]", "2", "3", "4", "5", "6"], "the strip")
        await until(
            pilot,
            lambda: all(slot.query_one(ImageView).picture for slot in pane.query(Thumbnail)),
            "every small picture",
        )
        assert pane.stage.display
        await pilot.press("pagedown")
        await until(pilot, lambda: "[11]" in labels(pane), "the strip to follow")
        assert len(labels(pane)) == 6
        await pilot.press("T")
        await until(pilot, lambda: len(labels(pane)) == 12, "two rows")
        assert not pane.stage.display
        await pilot.press("end", "left", "up")
        await until(pilot, lambda: f"[{IMAGES - 7}]" in labels(pane))
        await pilot.press("enter")
        await until_shown(pilot, f"instance {IMAGES - 7} of {IMAGES}", "slice 17.0 mm")
        assert pane.stage.has_focus
        assert pane.stage.display


async def test_a_small_picture_that_comes_before_its_place_is_composed_is_shown(
    stations: Pair, tmp_path: Path
) -> None:
    """As on a busy machine, where it was the end of the console."""
    async with looking_at(stations, tmp_path, [_slice(1)]) as (pilot, pane):
        slot = Thumbnail()
        mounted = pane.mount(slot)
        slot.label("7", is_chosen=True)
        slot.show(pane.picture)
        await mounted
        await until_shown(pilot, "7")
        assert slot.query_one(ImageView).picture is pane.picture
        assert labels(pane) == ["[7]"]


async def test_keys_that_are_typed_ahead_go_where_the_one_before_leads(
    stations: Pair, tmp_path: Path
) -> None:
    """Over a slow line several come at once, and the picture takes what follows the first one."""
    slices = [_slice(number) for number in range(1, IMAGES + 1)]
    async with looking_at(stations, tmp_path, slices) as (pilot, pane):
        await pilot.press("v", "v")
        await until(pilot, lambda: not pane.display and not pane.has_focus_within, "tags alone")
        for key in ("v", "T", "T"):
            pilot.app.post_message(events.Key(key, key))
        await until(pilot, lambda: len(labels(pane)) == 12, "small pictures in two rows")


async def test_small_pictures_are_hidden_by_the_mask_too(stations: Pair, tmp_path: Path) -> None:
    slices = [_slice(number) for number in (1, 2, 3)]
    async with looking_at(stations, tmp_path, slices) as (pilot, pane):
        await pilot.press("T")
        await until(pilot, lambda: labels(pane) == ["[1]", "2", "3"], "the strip")
        await pilot.press("M")
        await until(pilot, lambda: not labels(pane), "the strip to be empty")
        assert not any(slot.query_one(ImageView).picture for slot in pane.query(Thumbnail))
        await pilot.press("M")
        await until(pilot, lambda: labels(pane) == ["[1]", "2", "3"], "the strip again")


async def test_while_a_picture_is_loaded_nobody_is_told_that_there_is_none(
    stations: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    real = stations.me.objects.picture

    def slow(uid: str, **wanted: Any) -> Picture:
        assert go_on.wait(20)
        return real(uid, **wanted)

    monkeypatch.setattr(stations.me.objects, "picture", slow)
    write_studies(tmp_path / "new", 1, start=7)
    hold(stations.me, tmp_path / "new")
    async with ModalittyApp(stations.me).run_test(size=(80, 24)) as pilot:
        await open_inspector(pilot, "loading …")
        assert "no picture" not in text_of(pilot.app)
        go_on.set()
        await until_shown(pilot, "16 by 16")
