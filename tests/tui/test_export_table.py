"""Rows as CSV and JSON: whole, harmless, and never over a file that is there."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from core.errors import UsageError
from tests.tui.console import Pair, paste, until, until_shown
from tui import export_table
from tui.app import ModalittyApp
from tui.screens.inspector import InspectorScreen
from tui.widgets.row_columns import Column, Kind

COLUMNS = (
    Column("name", "Name"),
    Column("day", "Day", Kind.DATE),
    Column("size", "Size", Kind.SIZE),
)


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_numbers_stay_numbers_and_text_is_as_shown(tmp_path: Path) -> None:
    rows = [{"name": 'Ä"b,c', "day": "20240131", "size": 2048}, {"name": "x"}]
    path = export_table.write(str(tmp_path / "a.csv"), COLUMNS, rows)
    assert read_csv(path) == [
        ["Name", "Day", "Size"],
        ['Ä"b,c', "2024-01-31", "2048"],
        ["x", "", ""],
    ]
    path = export_table.write(str(tmp_path / "a.json"), COLUMNS, rows)
    assert json.loads(path.read_text())[0] == {"name": 'Ä"b,c', "day": "2024-01-31", "size": 2048}
    assert path.stat().st_mode & 0o077 == 0, "it holds names of patients"


@pytest.mark.parametrize(
    "formula", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", " =1+1", "\t=1+1"]
)
def test_no_spreadsheet_takes_a_value_for_a_formula(tmp_path: Path, formula: str) -> None:
    path = export_table.write(str(tmp_path / "a.csv"), COLUMNS, [{"name": formula}])
    cell = read_csv(path)[1][0]
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))


def test_a_negative_number_is_no_formula(tmp_path: Path) -> None:
    path = export_table.write(str(tmp_path / "a.csv"), COLUMNS, [{"name": "-12.5"}])
    assert read_csv(path)[1][0] == "-12.5"


@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_nothing_in_the_file_can_steer_a_terminal(tmp_path: Path, name: str) -> None:
    hostile = "\x1b]52;c;AAAA\x07\x9b2J\u202egnp"
    path = export_table.write(str(tmp_path / name), COLUMNS, [{"name": hostile}])
    text = path.read_text(encoding="utf-8-sig")
    assert not set("\x1b\x07\x9b\u202e") & set(text)


def test_nothing_is_overwritten_not_even_through_a_link(tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("mine")
    dangling = tmp_path / "link.csv"
    dangling.symlink_to(tmp_path / "elsewhere.csv")
    for path in (there, dangling):
        assert "nothing is overwritten" in export_table.file_fault(str(path))
        with pytest.raises(UsageError, match="is there already"):
            export_table.write(str(path), COLUMNS, [])
    assert there.read_text() == "mine"
    assert not (tmp_path / "elsewhere.csv").exists()


def test_a_place_that_takes_no_file_is_said(tmp_path: Path) -> None:
    assert "no such folder" in export_table.file_fault(str(tmp_path / "none" / "a.csv"))
    assert ".csv or .json" in export_table.file_fault(str(tmp_path / "a.xls"))
    with pytest.raises(UsageError):
        export_table.write(str(tmp_path / "none" / "a.csv"), COLUMNS, [])


async def test_marked_rows_or_all_are_written_and_copied(stations: Pair, tmp_path: Path) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("2", "enter")
        await until_shown(pilot, "● 2 studies in")
        await pilot.press("E")
        await until_shown(pilot, "2 rows shown, to a new file")
        await paste(pilot, str(tmp_path / "all.csv"))
        await pilot.press("enter")
        await until(pilot, (tmp_path / "all.csv").exists)
        await until_shown(pilot, "Wrote 2 rows")
        rows = read_csv(tmp_path / "all.csv")
        assert rows[0][:2] == ["Patient", "Patient ID"]
        assert {row[-1] for row in rows[1:]} == {"1.2.3.1", "1.2.3.2"}

        await pilot.press("space", "E")
        await until_shown(pilot, "1 marked rows")
        await paste(pilot, str(tmp_path / "all.csv"))
        await pilot.press("enter")
        await until_shown(pilot, "nothing is overwritten")
        await paste(pilot, str(tmp_path / "one.json"))
        await pilot.press("enter")
        await until(pilot, (tmp_path / "one.json").exists)
        assert len(json.loads((tmp_path / "one.json").read_text())) == 1

        await pilot.press("asterisk", "y")
        await until_shown(pilot, "Copied 2 rows.")
        assert "ID2\t2024-01-03" in app.clipboard
        assert "\x1b" not in app.clipboard


async def test_tags_of_an_object_are_written(stations: Pair, tmp_path: Path) -> None:
    app = ModalittyApp(stations.pacs)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "2 studies")
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, InspectorScreen) and app.screen.tags.rows)
        await pilot.press("E")
        await until_shown(pilot, "elements, to a new file")
        await paste(pilot, str(tmp_path / "tags.json"))
        await pilot.press("enter")
        await until(pilot, (tmp_path / "tags.json").exists)
        await until_shown(pilot, "Wrote")
        tags = {row["keyword"]: row for row in json.loads((tmp_path / "tags.json").read_text())}
        assert tags["PatientID"]["value"].startswith("ID")
