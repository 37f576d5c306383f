"""The one table of commands holds together, and everything made from it does."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from textual.widget import Widget
from textual.widgets import Input

from tests.tui.console import Pair, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.commands import (
    _NOT_IN_TAGS,
    COMMANDS,
    MODES,
    PICTURE_PARTS,
    Command,
    Place,
    bindings,
    forbidden,
    of_pictures,
    of_place,
    of_tables,
)
from tui.places import SCREENS, screen_of
from tui.screens.compare import CompareScreen
from tui.screens.help import Help
from tui.screens.inspector import InspectorScreen
from tui.screens.inspector.picture_pane import PicturePane
from tui.screens.place import PlaceScreen
from tui.widgets.dataset_tree import DatasetTable
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.footer_bar import FooterBar, footer, footer_commands
from tui.widgets.picture_stage import PictureStage
from tui.widgets.row_table import RowTable
from tui.widgets.thumbnails import Thumbnails
from tui.widgets.waveform_plot import WaveformPlot

PARTS: dict[Place, type[Widget] | type[PlaceScreen]] = {
    Place.EVERYWHERE: PlaceScreen,
    Place.TABLE: RowTable,
    Place.FILTER: FilteredTable,
    Place.TAGS: DatasetTable,
    Place.PICTURE: PicturePane,
    Place.LENS: PictureStage,
    Place.THUMBNAILS: Thumbnails,
    Place.CURVES: WaveformPlot,
}
KINDS: dict[Place, type[PlaceScreen]] = {
    **{place: screen_of(place) for place in SCREENS},
    Place.INSPECTOR: InspectorScreen,
    Place.COMPARE: CompareScreen,
}


def test_every_place_has_a_screen() -> None:
    assert all(screen.PLACE is place for place, screen in KINDS.items())
    assert set(KINDS) == {*MODES, Place.INSPECTOR, Place.COMPARE}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.id)
def test_every_command_is_carried_out_by_a_method(command: Command) -> None:
    namespace, _, name = command.run.partition("(")[0].rpartition(".")
    owners = {**KINDS, **PARTS}
    owner = ModalittyApp if namespace == "app" else owners[command.place]
    assert hasattr(owner, f"action_{name}"), f"{command.id} would do nothing"
    assert command.help.endswith(".")


def test_ids_are_unique() -> None:
    assert len({c.id for c in COMMANDS}) == len(COMMANDS)


INSTEAD = {
    ("inspector.find", "filter.open"): "the picture alone has no filter line of its own",
    ("inspector.copy", "app.copy"): "the value, not the row",
    ("compare.close", "app.back"): "the same, said for the footer",
    ("compare.close", "filter.clear"): "a filter is cleared first",
    ("inspector.close", "app.back"): "the same, said for the footer",
    ("inspector.close", "filter.clear"): "a filter is cleared first",
    ("filter.clear", "app.back"): "a filter is cleared first",
}
"""Commands of one place that share a key because one is the other there."""


@pytest.mark.parametrize("place", KINDS)
def test_no_key_has_two_meanings_in_one_place(place: Place) -> None:
    everywhere = [c for c in COMMANDS if c.place is Place.EVERYWHERE]
    own = [c for c in COMMANDS if c.place is place and c.bound]
    pictures, apart = of_pictures(place), (Place.THUMBNAILS, Place.CURVES)
    curves = [c for c in pictures if c.place is Place.CURVES]
    pairs = [
        *combinations((*own, *of_tables(place), *everywhere), 2),
        *combinations((*own, *(c for c in pictures if c.place not in apart), *everywhere), 2),
        *combinations([c for c in pictures if c.place is Place.THUMBNAILS], 2),
        *combinations((*own, *curves, *everywhere), 2),
    ]
    for first, second in pairs:
        shared = set(first.key_list) & set(second.key_list)
        pair = (first.id, second.id)
        assert not shared or pair in INSTEAD or pair[::-1] in INSTEAD, (pair, shared)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.id)
def test_every_command_has_a_key_words_and_a_place_in_help_and_palette(command: Command) -> None:
    assert all(command.key_list)
    assert command.label
    assert command.help.endswith((".", ")."))
    place = command.place if command.place in KINDS else None
    for here in [place] if place else KINDS:
        if here is Place.INSPECTOR and command.id in _NOT_IN_TAGS:
            continue
        if command.place in (Place.TAGS, *PICTURE_PARTS) and here is not Place.INSPECTOR:
            continue
        found = [c.id for c in (*of_place(here), *of_pictures(here), *of_tables(here))]
        by_own = any(set(c.key_list) == set(command.key_list) for c in of_place(here))
        assert command.id in found or by_own, here
        if command.id in found:
            page = " ".join(Help(here, read_only=False).page().plain.split())
            assert command.help in page


@pytest.mark.parametrize("place", KINDS)
def test_read_only_takes_dangerous_commands_from_keys_footer_and_help(place: Place) -> None:
    dangerous = [c for c in COMMANDS if c.place is place and c.dangerous]
    left = of_place(place, read_only=True)
    assert not set(dangerous) & set(left)
    assert all(forbidden(place, c.run.partition("(")[0], read_only=True) for c in dangerous)
    assert not any(forbidden(place, c.run, read_only=False) for c in dangerous)
    page = Help(place, read_only=True).page().plain
    assert not any(c.help in page for c in dangerous)
    footer_ids = {c.id for c in footer_commands(place, read_only=True)}
    assert not footer_ids & {c.id for c in dangerous}


@pytest.mark.parametrize("place", KINDS)
@pytest.mark.parametrize("width", [20, 80, 200])
def test_footer_fits_and_keeps_help_and_quit(place: Place, width: int) -> None:
    segments = footer(footer_commands(place), width)
    text = "".join(segment.text for segment in segments)
    assert len(text) <= max(width, len(" ? Help  : Commands  q Quit "))
    if width >= 80:
        first = next(c for c in COMMANDS if c.place is place and c.footer)
        assert f" {first.label} " in text, "the most useful one is there"
    assert "? Help" in text
    assert "q Quit" in text
    if width == 200:
        own = [c for c in COMMANDS if c.place is place and c.footer]
        assert all(f" {c.label} " in text for c in own), "there is room for all"


def test_bindings_carry_id_and_help() -> None:
    for binding in bindings(Place.NETWORK):
        assert binding.id.startswith("network.")  # type: ignore[union-attr]
        assert binding.tooltip  # type: ignore[union-attr]


@pytest.mark.parametrize("place", KINDS)
def test_the_readme_names_every_key(place: Place) -> None:
    lines = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").splitlines()
    row = next(line for line in lines if f"{place.value.capitalize()} |" in line)
    shared = {command.key for command in COMMANDS if command.place is Place.EVERYWHERE}
    for command in COMMANDS:
        if command.place is place and command.key not in shared - {"y"}:
            assert any(f"`{key}`" in row for key in command.keys.split(" ")), command.id


def test_the_readme_names_every_key_of_a_picture() -> None:
    lines = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").splitlines()
    row = next(line for line in lines if " Picture |" in line)
    for command in of_pictures(Place.INSPECTOR):
        assert any(f"`{key}`" in row for key in command.keys.split(" ")), command.id


async def test_the_palette_runs_commands_of_screen_table_and_filter(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        table = app.screen.query_one(RowTable)
        await pilot.press("colon", *"invert marks")
        await until_shown(pilot, "Invert marks")
        await pilot.press("enter")
        await until(pilot, lambda: table.marked_keys == ["pacs"], "the mark")
        await pilot.press("colon", *"show only rows")
        await until_shown(pilot, "Filter  (/)")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.focused, Input), "the filter line")
        await pilot.press(*"zz", "enter")
        await until(pilot, lambda: table.visible_count == 0, "the filter")


async def test_the_palette_of_a_read_only_console_has_no_danger(stations: Pair) -> None:
    app = ModalittyApp(stations.me, read_only=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "read-only")
        await pilot.press("colon", *"modality")
        await until_shown(pilot, "Echo all  (A)")
        assert "Forget" not in text_of(app)
        await pilot.press("escape")
        await pilot.click(FooterBar, offset=(4, 0))
        await until_shown(pilot, "● answers")
        for command in COMMANDS:
            if command.place is Place.NETWORK and command.dangerous:
                await app.screen.run_action(f"run_command('{command.id}')")
                await pilot.pause()
                assert isinstance(app.screen, PlaceScreen), f"{command.id} opened a dialog"
