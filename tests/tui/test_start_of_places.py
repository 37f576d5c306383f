"""What opening a place costs, and going back to one: rules are parsed once, nothing is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.app import App
from textual.css.stylesheet import Stylesheet

from core.station import Station
from tests.tui.console import open_station, until_shown
from tui.app import ModalittyApp
from tui.stylesheet import Rules


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path / "me", "ME", None) as opened:
        yield opened


def test_rules_are_parsed_anew_only_with_other_variables() -> None:
    rules = Rules(variables={"ground": "red"})
    rules.add_source("Label { background: $ground; }", read_from=("here", ""))
    before = rules.rules
    rules.set_variables({"ground": "red"})
    rules.reparse()
    assert rules.rules is before
    rules.set_variables({"ground": "blue"})
    rules.reparse()
    assert rules.rules is not before
    assert "blue" in rules.css.casefold() or "#0000ff" in rules.css.casefold()


def test_variables_that_are_set_and_taken_back_leave_nothing() -> None:
    rules = Rules(variables={"ground": "red"})
    rules.set_variables({"ground": "blue"})
    rules.set_variables({"ground": "red"})
    rules.add_source("Label { background: $ground; }", read_from=("here", ""))
    assert "red" in rules.css.casefold() or "#ff0000" in rules.css.casefold()


def test_rules_that_come_later_are_taken_in() -> None:
    rules = Rules(variables={"ground": "red"})
    rules.add_source("Label { background: $ground; }", read_from=("here", ""))
    assert len(rules.rules) == 1
    rules.add_source("Input { background: $ground; }", read_from=("there", ""))
    rules.set_variables({"ground": "red"})
    rules.reparse()
    assert len(rules.rules) == 2


async def test_no_place_has_all_rules_parsed_again_but_a_theme_has(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []
    reparse = Stylesheet.reparse
    monkeypatch.setattr(Stylesheet, "reparse", lambda self: (parsed.append(1), reparse(self))[1])
    app = ModalittyApp(station)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "no modalities yet")
        await pilot.press("4")
        await until_shown(pilot, "nothing is held here")
        assert not parsed
        before = app.screen.styles.background
        app.theme = "high-contrast-light"
        await pilot.pause()
        assert parsed
        assert app.screen.styles.background != before


async def test_only_a_place_that_is_opened_first_is_hidden_for_a_while(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[float] = []
    delay_update = App.delay_update

    def noted(app: App[object], delay: float = 0.05) -> None:
        hidden.append(delay)
        delay_update(app, delay)

    monkeypatch.setattr(App, "delay_update", noted)
    app = ModalittyApp(station)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "no modalities yet")
        hidden.clear()
        await pilot.press("4")
        await until_shown(pilot, "nothing is held here")
        assert hidden
        hidden.clear()
        await pilot.press("1")
        await until_shown(pilot, "no modalities yet")
        await pilot.press("4", "1", "4")
        await until_shown(pilot, "nothing is held here")
        assert not hidden
        assert not app._batch_count, "what is shown is painted"
