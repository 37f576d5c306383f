"""The one table of commands holds together, and everything made from it does."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest
from textual.widget import Widget

from tui.app import SCREENS, ModalittyApp
from tui.commands import (
    COMMANDS,
    MODES,
    Command,
    Place,
    bindings,
    forbidden,
    of_place,
    of_tables,
)
from tui.screens.help import Help
from tui.screens.inspector import InspectorScreen
from tui.screens.place import PlaceScreen
from tui.widgets.dataset_tree import DatasetTable
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.footer_bar import footer
from tui.widgets.row_table import RowTable

PARTS: dict[Place, type[Widget] | type[PlaceScreen]] = {
    Place.EVERYWHERE: PlaceScreen,
    Place.TABLE: RowTable,
    Place.FILTER: FilteredTable,
    Place.TAGS: DatasetTable,
}
KINDS: dict[Place, type[PlaceScreen]] = {
    **{screen.PLACE: screen for screen in SCREENS},
    Place.INSPECTOR: InspectorScreen,
}


def test_every_place_has_a_screen() -> None:
    assert set(KINDS) == {*MODES, Place.INSPECTOR}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.id)
def test_every_command_is_carried_out_by_a_method(command: Command) -> None:
    namespace, _, name = command.run.partition("(")[0].rpartition(".")
    owners = {**KINDS, **PARTS}
    owner = ModalittyApp if namespace == "app" else owners[command.place]
    assert hasattr(owner, f"action_{name}"), f"{command.id} would do nothing"
    assert command.help.endswith(".")


def test_no_two_commands_share_an_id_or_a_key_of_one_place() -> None:
    assert len({c.id for c in COMMANDS}) == len(COMMANDS)
    for place, commands in groupby(COMMANDS, key=lambda c: c.place):
        keys = [key for c in commands for key in c.key.split(",")]
        assert len(keys) == len(set(keys)), place


def test_no_command_is_hidden_behind_a_key_of_the_tables() -> None:
    taken = {key for c in of_tables(Place.NETWORK) for key in c.key_list} - {"escape"}
    for command in COMMANDS:
        own = command.place not in (Place.INSPECTOR, Place.TABLE, Place.FILTER, Place.TAGS)
        if command.bound and own:
            assert not taken & set(command.key_list), command.id


@pytest.mark.parametrize("place", KINDS)
def test_read_only_takes_dangerous_commands_from_keys_footer_and_help(place: Place) -> None:
    dangerous = [c for c in COMMANDS if c.place is place and c.dangerous]
    left = of_place(place, read_only=True)
    assert not set(dangerous) & set(left)
    assert all(forbidden(place, c.run.partition("(")[0], read_only=True) for c in dangerous)
    assert not any(forbidden(place, c.run, read_only=False) for c in dangerous)
    page = Help(place, read_only=True).page().plain
    assert not any(c.help in page for c in dangerous)


@pytest.mark.parametrize("place", KINDS)
@pytest.mark.parametrize("width", [20, 80, 200])
def test_footer_fits_and_keeps_help_and_quit(place: Place, width: int) -> None:
    segments = footer([c for c in of_place(place) if c.footer], width)
    text = "".join(segment.text for segment in segments)
    assert len(text) <= max(width, len(" ? Help  : Commands  q Quit "))
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
