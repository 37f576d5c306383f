"""What every place does with its rows: copy a cell or rows in a form, choose columns."""

from __future__ import annotations

import json

from textual.widgets import OptionList

from tests.tui.console import Pair, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.screens.choose_columns import ChooseColumns
from tui.widgets.row_table import RowTable


async def test_a_cell_and_rows_as_json_are_copied(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.press("Y")
        await until_shown(pilot, "the row as JSON", "AE title")
        await pilot.press("j")
        await pilot.press("A", "enter")
        await until(pilot, lambda: app.clipboard == "PACS", "the cell")
        await until_shown(pilot, "Copied AE title.")
        await pilot.press("Y", "down", "enter")
        await until(pilot, lambda: app.clipboard.startswith("["), "JSON")
        assert json.loads(app.clipboard)[0]["ae_title"] == "PACS"


async def test_no_spreadsheet_takes_a_pasted_row_for_a_formula(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        table = app.screen.query_one(RowTable)
        table.add_rows([("x", {"name": "=cmd|' /C calc'!A0\n\tx", "ae_title": "+1"})])
        await pilot.press("end", "y")
        await until(pilot, lambda: "calc" in app.clipboard, "the copy")
        cells = app.clipboard.split("\t")
        assert cells[0].startswith("'=cmd")
        assert "\n" not in app.clipboard
        assert len(cells) == len(table.shown_columns)


async def test_columns_are_chosen_moved_and_reset_by_keys(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        table = app.screen.query_one(RowTable)
        usual = [column.key for column in table.columns_in_sight]
        await pilot.press("vertical_line", "space", "down", "plus")
        await until_shown(pilot, "[ ] Name", "[✓] State")
        await pilot.press("enter")
        await until(pilot, lambda: table.state.columns, "the choice")
        assert table.state.columns == (usual[2], usual[1], *usual[3:])
        await pilot.press("vertical_line", "r")
        await until(pilot, lambda: not table.state.columns, "the usual ones")


async def test_columns_are_chosen_by_mouse(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        table = app.screen.query_one(RowTable)
        await pilot.click(table, offset=(4, 0), button=3)
        await until(pilot, lambda: isinstance(app.screen, ChooseColumns), "the dialog")
        await pilot.click(OptionList, offset=(3, 1))
        await until_shown(pilot, "[ ] State")
        await pilot.click("#done")
        await until(pilot, lambda: "state" not in table.state.columns, "the choice")
        assert "State" not in text_of(app)


async def test_a_table_keeps_one_column_at_least(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        table = app.screen.query_one(RowTable)
        await pilot.press("vertical_line")
        for _ in table.columns_in_sight:
            await pilot.press("space", "down")
        await pilot.press("enter")
        await until(pilot, lambda: len(table.state.columns) == 1, "one column")
