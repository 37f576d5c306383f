"""Keys that a person has chosen: checked when the console starts, and shown wherever keys are."""

from __future__ import annotations

import pytest

from core.errors import SettingsError
from core.settings import UiSettings
from core.settings_file import parse
from tests.tui.console import Pair, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.command import Place
from tui.commands import of_place, of_tables
from tui.keymap import chosen_keys, clashes


def keys_of(text: str) -> dict[str, str]:
    return dict(chosen_keys(parse(f"[ui.keys]\n{text}", "c.toml").ui, "c.toml"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('"network.echo" = "E"', "E"),
        ('network.echo = "E"', "E"),
        ('network.echo = "^e, ?, f5, shift+f2"', "ctrl+e,question_mark,f5,shift+f2"),
        ('network.echo = "comma, esc, space, /"', "comma,escape,space,slash"),
        ("network.echo = '\\, _, ä'", "backslash,underscore,ä"),
    ],
)
def test_keys_are_written_as_they_stand_on_a_keyboard(text: str, key: str) -> None:
    assert keys_of(text) == {"network.echo": key}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('network.eco = "E"', 'did you mean "network.echo"'),
        ('"zzz" = "E"', "names what there is"),
        ('network.edit = "E"', "no such command"),  # goes with table.open
        ('network.echo = "entre"', '"entre" is no key'),
        ('network.echo = ""', '"" is no key'),
        ('network.echo = "e,,f"', '"" is no key'),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        keys_of(text)
    assert words in str(caught.value)
    assert str(caught.value).startswith("c.toml: ui.keys.")


def test_a_clash_is_said_with_who_wins_and_one_without_a_chosen_key_is_none() -> None:
    assert clashes({}) == []
    assert clashes({"network.echo": "ctrl+e"}) == []
    said = clashes({"network.echo": "a"})
    assert said == ["ui.keys: a is network.echo and network.add: network.echo wins"]
    assert any("table.up wins" in words for words in clashes({"transfers.retry": "k"}))
    assert clashes({"network.echo": "a", "network.add": "e"}) == [], "swapped"


def test_what_follows_a_table_s_key_goes_with_it() -> None:
    keys = {"table.open": "ctrl+o"}
    assert next(c for c in of_place(Place.ARCHIVE, keys=keys) if c.id == "archive.open").key == (
        "ctrl+o"
    )
    assert next(c for c in of_tables(Place.ARCHIVE, keys=keys) if c.id == "table.open").keys == "^o"


def test_no_keys_are_chosen_by_default() -> None:
    assert chosen_keys(UiSettings(), "") == {}


async def test_chosen_keys_work_and_stand_in_footer_help_and_palette(stations: Pair) -> None:
    _choose(stations, '"network.echo" = "ctrl+e"\n"app.archive" = "f4"\n"table.down" = "ctrl+n"\n')
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "^e Echo", "f4 Archive")
        await pilot.press("e")
        await pilot.press("ctrl+e")
        await until_shown(pilot, "● answers")
        await pilot.press("question_mark")
        await until_shown(pilot, "^e ")
        await pilot.press("n")
        await until_shown(pilot, "network.echo")
        await pilot.press("escape", "f4")
        await until(pilot, lambda: app.current_mode == "archive", "the archive")
        await pilot.press("colon", *"down")
        await until_shown(pilot, "Down  (^n)")


async def test_a_clash_is_said_on_the_screen(stations: Pair) -> None:
    _choose(stations, '"network.echo" = "a"\n')
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 24), notifications=True) as pilot:
        await until_shown(pilot, "network.echo wins")
        assert "a Echo" in text_of(app)


def _choose(stations: Pair, text: str) -> None:
    config = stations.me.config_path
    config.write_text(config.read_text() + f"[ui.keys]\n{text}")
    stations.me.change("ui.theme", "nord")  # reads the file again
