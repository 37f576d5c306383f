from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from tests.tui.widgets.waiting import settled
from tui.typed_ahead import KeysInOrder
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Kind, Tone
from tui.widgets.row_table import RowTable, TableState

COLUMNS = (
    Column("name", "Name", Kind.NAME, min_width=8, flex=1, priority=0),
    Column("count", "Count", Kind.NUMBER),
    Column("state", "State", tone=lambda value: Tone.ERROR if value == "down" else Tone.PLAIN),
    Column("uid", "UID", priority=2, max_width=64),
)


class TableApp(KeysInOrder):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "danger", "Danger"),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self, columns: tuple[Column, ...] = COLUMNS) -> None:
        super().__init__()
        self.table = RowTable(columns, empty="no modalities yet: press a", id="table")
        self.seen: list[Message] = []
        self.backs = 0
        self.dangers = 0

    def compose(self) -> ComposeResult:
        yield FilteredTable(self.table)

    def action_danger(self) -> None:
        self.dangers += 1

    def action_back(self) -> None:
        self.backs += 1

    @on(RowTable.RowHighlighted)
    @on(RowTable.RowOpened)
    @on(RowTable.MarksChanged)
    @on(RowTable.FilterChanged)
    def note(self, message: Message) -> None:
        self.seen.append(message)

    def last(self, kind: type[Message]) -> Any:
        return next((m for m in reversed(self.seen) if isinstance(m, kind)), None)


def rows(count: int, start: int = 0) -> Iterator[tuple[str, dict[str, object]]]:
    for i in range(start, start + count):
        state = "down" if i % 3 == 0 else "up"
        values = {"name": f"Name{i:04}^X", "count": i * 7 % 100, "state": state, "uid": f"1.2.{i}"}
        yield f"k{i}", values


@asynccontextmanager
async def running(count: int = 0, size: tuple[int, int] = (80, 24)):  # type: ignore[no-untyped-def]
    app = TableApp()
    async with app.run_test(size=size) as pilot:
        app.table.add_rows(rows(count))
        app.table.focus()
        await settled(pilot)
        yield app, app.table, pilot


def lines(table: RowTable) -> list[str]:
    return [table.render_line(y).text for y in range(table.size.height)]


async def test_rows_are_painted_with_their_header_numbers_at_the_right() -> None:
    async with running(3) as (_, table, _pilot):
        header, first, second, *_ = lines(table)
        assert header.split() == ["Name", "Count", "State", "UID"]
        assert first.startswith("> Name0000 X")
        assert second.startswith("  Name0001 X")
        assert header.index("Count") + 4 == second.index(" 7 ") + 1
        assert all(len(line) == table.scrollable_content_region.width for line in lines(table))


async def test_nothing_to_show_says_what_to_do() -> None:
    async with running() as (_, table, pilot):
        assert "no modalities yet: press a" in "\n".join(lines(table))
        assert table.cursor_key is None
        assert table.selected() == []
        await pilot.press("enter", "space", "j", "G", "asterisk", "o", "O", "right")
        assert table.cursor_key is None
        table.add_rows(rows(2))
        table.filter_text = "absent"
        await settled(pilot)
        assert "no row passes the filter" in "\n".join(lines(table))


async def test_the_keys_move_the_cursor_and_keep_it_in_sight() -> None:
    async with running(1000) as (app, table, pilot):
        page = table.size.height - 1
        for key, row in (
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("up", 0),
            ("up", 0),
            ("G", 999),
            ("end", 999),
            ("pageup", 999 - page + 1),
            ("pagedown", 999),
            ("g", 0),
            ("ctrl+d", page // 2),
            ("home", 0),
        ):
            await pilot.press(key)
            assert table.cursor_row == row, key
            top = table.scroll_offset.y
            assert top <= row < top + page, key
        await pilot.press("G")
        await settled(pilot)
        assert lines(table)[-1].startswith("> Name0999")
        assert app.last(RowTable.RowHighlighted).key == "k999"


async def test_enter_and_a_double_click_open_the_row() -> None:
    async with running(5) as (app, table, pilot):
        await pilot.press("j", "enter")
        assert app.last(RowTable.RowOpened).key == "k1"
        await pilot.click(table, offset=(10, 4))
        assert table.cursor_key == "k3"
        assert app.last(RowTable.RowOpened).key == "k1"
        await pilot.click(table, offset=(10, 5), times=2)
        assert app.last(RowTable.RowOpened).key == "k4"
        await pilot.click(table, offset=(10, 15))
        assert table.cursor_key == "k4"


async def test_marks_are_seen_without_colour_and_counted() -> None:
    async with running(4) as (app, table, pilot):
        await pilot.press("space", "space")
        assert table.marked_keys == ["k0", "k1"]
        assert [line[:2] for line in lines(table)[1:5]] == ["● ", "● ", "> ", "  "]
        await pilot.press("k")
        assert lines(table)[2].startswith("◉ ")
        await pilot.press("tilde")
        assert table.marked_keys == ["k2", "k3"]
        await pilot.press("asterisk")
        assert app.last(RowTable.MarksChanged).count == 4
        await pilot.press("U")
        assert table.marked_keys == []
        assert table.selected() == ["k1"]
        await pilot.click(table, offset=(0, 3))
        assert table.selected() == ["k2"]


async def test_marks_outlive_a_filter_and_what_it_hides_is_said() -> None:
    async with running(10) as (app, table, pilot):
        await pilot.press("space")
        table.filter_text = "Name0005"
        await settled(pilot)
        await pilot.press("asterisk")
        assert table.selected() == ["k0", "k5"]
        assert app.last(RowTable.MarksChanged).hidden == 1


@pytest.mark.parametrize("reverse", [False, True])
async def test_the_cursor_stays_on_its_row_whatever_happens_to_the_others(reverse: bool) -> None:
    async with running(200) as (_, table, pilot):
        table.move_cursor(100)
        table.sort("count", reverse)
        assert table.cursor_key == "k100"
        await settled(pilot)
        line = table.cursor_row - table.scroll_offset.y
        table.add_rows(rows(500, start=200))
        assert table.cursor_key == "k100"
        await settled(pilot)
        assert table.cursor_row - table.scroll_offset.y == line
        assert lines(table)[line + 1].startswith("> Name0100")
        table.update_row("k100", {"count": 1000})
        assert table.cursor_key == "k100"
        assert table.cursor_row == (0 if reverse else 699)
        table.remove_row("k3")
        table.filter_text = "~Name01|Name02"
        assert table.cursor_key == "k100"
        table.set_rows(list(rows(300)))
        assert table.cursor_key == "k100"
        assert table.visible_count == 200


async def test_the_cursor_comes_back_to_the_row_that_a_filter_hid() -> None:
    async with running(100) as (_, table, pilot):
        table.move_cursor(50)
        table.filter_text = "Name007"
        assert table.cursor_key == "k70"
        table.filter_text = ""
        assert table.cursor_key == "k50"
        table.filter_text = "Name007"
        await pilot.press("j")
        table.filter_text = ""
        assert table.cursor_key == "k71"


async def test_removing_the_row_under_the_cursor_leaves_it_at_the_next() -> None:
    async with running(3) as (_, table, pilot):
        await pilot.press("j")
        table.remove_row("k1")
        assert table.cursor_key == "k2"
        table.remove_row("k2")
        assert table.cursor_key == "k0"
        table.clear()
        assert table.cursor_key is None
        assert table.row_count == 0


async def test_following_stays_at_the_end_until_the_cursor_leaves_it() -> None:
    async with running(50) as (_, table, pilot):
        await pilot.press("F")
        table.add_rows(rows(50, start=50))
        await settled(pilot)
        assert table.cursor_key == "k99"
        assert lines(table)[-1].startswith("> Name0099")
        await pilot.press("k")
        table.add_rows(rows(50, start=100))
        await settled(pilot)
        assert table.cursor_key == "k98"
        await pilot.press("G")
        table.add_rows(rows(1, start=150))
        await settled(pilot)
        assert table.cursor_key == "k150"


async def test_sorting_by_key_and_by_header() -> None:
    async with running(10) as (_, table, pilot):
        await pilot.press("o")
        assert table.state.sort == "name"
        await pilot.press("o", "O")
        await settled(pilot)
        assert (table.state.sort, table.state.reverse) == ("count", True)
        assert "Count▼" in lines(table)[0]
        await pilot.press("o", "o", "o")
        assert table.state.sort == ""
        x = lines(table)[0].index("State")
        for sort, reverse in (("state", False), ("state", True), ("", False)):
            await pilot.click(table, offset=(x + 1, 0))
            assert (table.state.sort, table.state.reverse) == (sort, reverse)


async def test_columns_and_order_are_kept_and_what_is_gone_is_left_out() -> None:
    async with running(10) as (_, table, pilot):
        state = TableState(columns=("count", "gone", "name"), sort="count", reverse=True)
        table.restore(state)
        await settled(pilot)
        assert lines(table)[0].split()[1] == "Name"
        assert table.cells("k1") == ["7", "Name0001 X"]
        assert table.state == TableState(columns=("count", "name"), sort="count", reverse=True)
        table.show_columns(["uid"])
        assert table.state.sort == ""
        table.restore(TableState(sort="gone", filter="~("))
        assert table.state.columns == (), "nobody chose any"
        assert len(table.shown_columns) == 4
        assert table.visible_count == 10


async def test_hostile_values_are_shown_harmless_and_as_written() -> None:
    async with running() as (_, table, pilot):
        table.add_rows(
            [("x", {"name": "[/b]\x1b]52;c;x\x07\u202e", "state": "[@click=app.exit]x"})]
        )
        await settled(pilot)
        line = lines(table)[1]
        assert "[/b]␛]52;c;x␇⟨U+202E⟩" in line
        assert "[@click=app.exit]x" in line


async def test_filtering_as_one_types_in_one_burst() -> None:
    async with running(100) as (app, table, pilot):
        table.sort("count")
        for key in ("slash", *"name001m/", "backspace", "backspace", "enter", "j", "space"):
            app.simulate_key(key)
        await settled(pilot)
        assert app.dangers == 0
        assert table.filter_text == "name001"
        assert table.visible_count == 10
        assert app.focused is table
        assert len(table.marked_keys) == 1
        assert table.cursor_row == 2
        assert "10 of 100" in str(app.query_one("#filter-count").render())


async def test_escape_clears_the_filter_and_only_then_goes_back() -> None:
    async with running(100) as (app, table, pilot):
        await pilot.press("slash", "9", "escape")
        assert table.filter_text == ""
        assert app.focused is table
        await pilot.press("slash", "9", "enter", "escape")
        assert table.filter_text == ""
        assert not app.query_one(Input).is_on_screen
        assert app.backs == 0
        await pilot.press("escape")
        assert app.backs == 1


async def test_a_broken_expression_is_said_and_changes_nothing() -> None:
    async with running(100) as (app, table, pilot):
        table.filter_text = "name00"
        table.filter_text = "~("
        await settled(pilot)
        assert table.filter_error
        assert app.last(RowTable.FilterChanged).error
        assert "regular expression" in str(app.query_one("#filter-count").render())
        table.filter_text = "~^1[.]2[.][0-9]$"
        assert not table.filter_error
        assert table.visible_count == 10


async def test_a_filter_set_by_the_program_is_seen_and_goes_again() -> None:
    async with running(10) as (app, table, pilot):
        table.filter_text = "name"
        await settled(pilot)
        assert app.query_one(Input).value == "name"
        assert app.query_one(Input).is_on_screen
        table.filter_text = ""
        await settled(pilot)
        assert not app.query_one(Input).is_on_screen


async def test_matches_are_marked_by_more_than_colour() -> None:
    async with running(10) as (_, table, pilot):
        table.filter_text = "name000"
        await settled(pilot)
        marked = [s.text for s in table.render_line(2) if s.style and s.style.underline]
        assert marked == ["Name000"]


@pytest.mark.parametrize("size", [(20, 5), (10, 3), (80, 24), (250, 60)])
async def test_any_size_is_painted_to_the_edge(size: tuple[int, int]) -> None:
    async with running(200, size=size) as (_, table, pilot):
        await pilot.press("right", "G", "space")
        await pilot.resize_terminal(*reversed(size))
        await pilot.resize_terminal(*size)
        await settled(pilot)
        strips = [table.render_line(y) for y in range(table.size.height)]
        assert {strip.cell_length for strip in strips} == {table.scrollable_content_region.width}
        top = table.scroll_offset.y
        assert top <= table.cursor_row < top + max(1, table._page)


async def test_wide_columns_scroll_sideways_and_the_gutter_stays() -> None:
    async with running(5, size=(20, 10)) as (_, table, pilot):
        before = lines(table)[1]
        await pilot.press("right")
        await settled(pilot)
        after = lines(table)[1]
        assert before[:2] == after[:2] == "> "
        assert before[2:] != after[2:]


async def test_many_rows_filter_and_scroll() -> None:
    async with running(30_000) as (_, table, pilot):
        await pilot.press("G")
        assert table.cursor_key == "k29999"
        table.filter_text = "name2999"
        await pilot.pause()
        assert table.visible_count == 11
        await settled(pilot)
        assert "Name2999 X" in lines(table)[1]


async def test_a_range_is_marked_from_the_row_marked_last() -> None:
    async with running(20) as (_, table, pilot):
        await pilot.press("j", "space", "j", "j")
        await pilot.press("ctrl+@")
        assert table.marked_keys == ["k1", "k2", "k3", "k4"]
        await pilot.press("U", "G", "shift+up", "shift+up")
        assert table.marked_keys == ["k17", "k18", "k19"]
        await pilot.press("U")
        await pilot.click(table, offset=(0, 3))
        await pilot.click(table, offset=(10, 6), shift=True)
        assert table.marked_keys == ["k2", "k3", "k4", "k5"], "by the mouse as well"


async def test_a_range_keeps_to_the_rows_shown_in_their_order() -> None:
    async with running(30) as (_, table, pilot):
        table.filter_text = "down"
        table.sort("uid", reverse=True)
        await settled(pilot)
        first, *_, last = table.visible_keys
        await pilot.press("home", "space", "end", "ctrl+@")
        assert set(table.marked_keys) == {
            key for key, values in rows(30) if values["state"] == "down"
        }
        assert {first, last} <= set(table.marked_keys)


async def test_columns_for_wide_tables_stay_out_of_narrow_ones_until_they_are_chosen() -> None:
    columns = (*COLUMNS[:3], Column("uid", "UID", from_width=100))
    app = TableApp(columns)
    async with app.run_test(size=(80, 24)) as pilot:
        app.table.add_rows(rows(3))
        await settled(pilot)
        assert "UID" not in lines(app.table)[0]
        app.table.show_columns(["uid", "name"])
        await settled(pilot)
        assert lines(app.table)[0].split() == ["UID", "Name"]
        app.table.show_columns([])
        await pilot.resize_terminal(120, 30)
        await settled(pilot)
        assert "UID" in lines(app.table)[0]


async def test_who_follows_sees_it_and_stays_at_the_end() -> None:
    async with running(100) as (_, table, pilot):
        await pilot.press("F")
        assert lines(table)[0].startswith("⇣")
        table.add_rows(rows(50, 100))
        await settled(pilot)
        assert table.cursor_key == "k149"
        await pilot.press("F")
        assert lines(table)[0].startswith(" ")


async def test_the_right_button_on_the_head_asks_for_columns() -> None:
    async with running(3) as (_, table, pilot):
        asked = []
        table.action_choose_columns = lambda: asked.append(True)  # type: ignore[method-assign]
        await pilot.click(table, offset=(10, 0), button=3)
        assert asked
        assert table.state.sort == "", "and does not sort"
