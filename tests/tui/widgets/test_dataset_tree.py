from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual import on
from textual.app import App, ComposeResult

from core.model import ElementRow
from tests.tui.widgets.waiting import settled
from tui.widgets.dataset_outline import Outline
from tui.widgets.dataset_tree import DatasetTree
from tui.widgets.row_filter import RowFilter


def element(
    depth: int, tag: str, vr: str, keyword: str, value: str, path: str, name: str = ""
) -> ElementRow:
    return ElementRow(
        depth=depth,
        tag=tag,
        vr=vr,
        keyword=keyword,
        name=name or keyword,
        value=value,
        path=path,
        length=len(value),
        is_private=tag[4:5] in set("13579BDF"),
        is_sequence=vr == "SQ",
    )


def item(depth: int, number: int, path: str) -> ElementRow:
    return ElementRow(
        depth=depth,
        tag="(FFFE,E000)",
        vr="",
        keyword="",
        name=f"Item {number}",
        value="",
        path=path,
        is_item=True,
    )


ROWS = (
    element(0, "(0008,0060)", "CS", "Modality", "RTPLAN", "Modality"),
    element(0, "(0010,0010)", "PN", "PatientName", "[/b]\x1b^X", "PatientName", "Patient's Name"),
    element(0, "(300A,0010)", "SQ", "DoseReferenceSequence", "2 items", "Dose"),
    item(1, 1, "Dose[0]"),
    element(2, "(300A,0014)", "CS", "DoseType", "SITE", "Dose[0].DoseType"),
    item(1, 2, "Dose[1]"),
    element(2, "(300A,0014)", "CS", "DoseType", "POINT", "Dose[1].DoseType"),
    element(0, "(3287,0010)", "LO", "", "ACME", "[3287,0010]", "[Private Creator]"),
    element(0, "(3287,1000)", "SQ", "", "1 item", "[3287,1000]", "[ACME]"),
    item(1, 1, "[3287,1000][0]"),
    element(2, "(0018,0050)", "DS", "SliceThickness", "1.5", "[3287,1000][0].SliceThickness"),
    ElementRow(depth=0, tag="", vr="", keyword="", name="Warning", value="cut short", path=""),
)


def found(text: str, private_only: bool = False) -> list[int]:
    outline = Outline(ROWS)
    outline.choose(RowFilter.parse(text), private_only)
    return outline.shown()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", list(range(12))),
        ("point", [2, 5, 6]),
        ("300a,0014", [2, 3, 4, 5, 6]),
        ("300A0014", [2, 3, 4, 5, 6]),
        ("dosetype", [2, 3, 4, 5, 6]),
        ("patient's", [1]),
        ("~^rtplan$", [0]),
        ("absent", []),
    ],
)
def test_a_filter_keeps_the_parents_of_what_it_finds(text: str, shown: list[int]) -> None:
    assert found(text) == shown


def test_private_only_keeps_all_that_is_inside_private_sequences() -> None:
    assert found("", private_only=True) == [7, 8, 9, 10]
    assert found("1.5", private_only=True) == [8, 9, 10]
    assert found("point", private_only=True) == []


def test_folding_puts_away_all_below_and_a_filter_still_finds_it() -> None:
    outline = Outline(ROWS)
    assert outline.fold(2, folded=True)
    assert not outline.fold(2, folded=True)
    assert not outline.fold(0, folded=True)
    assert outline.shown() == [0, 1, 2, 7, 8, 9, 10, 11]
    outline.choose(RowFilter.parse("point"), private_only=False)
    assert outline.shown() == [2, 5, 6]
    outline.fold(5, folded=True)
    assert outline.shown() == [2, 5]
    outline.choose(RowFilter.parse(""), private_only=False)
    assert outline.shown() == [0, 1, 2, 7, 8, 9, 10, 11]
    outline.fold_all(folded=True)
    assert outline.shown() == [0, 1, 2, 7, 8, 11]
    outline.fold_all(folded=False)
    assert outline.shown() == list(range(12))


def test_sequences_of_many_items_start_folded() -> None:
    rows = [
        ElementRow(
            depth=0, tag="(5200,9230)", vr="SQ", keyword="Frames", name="", value="", path="F",
            vm=300, is_sequence=True,
        ),
        *(item(1, i, f"F[{i}]") for i in range(300)),
    ]  # fmt: skip
    assert Outline(rows).shown() == [0]


def test_rows_of_one_path_are_told_apart() -> None:
    rows = [element(0, "(0008,0060)", "CS", "Modality", value, "Modality") for value in "abc"]
    assert len(set(Outline(rows).keys)) == 3


class TreeApp(App[None]):
    def __init__(self, rows: Sequence[ElementRow] = ROWS) -> None:
        super().__init__()
        self.rows = rows
        self.opened: list[ElementRow] = []
        self.highlighted: ElementRow | None = None

    def compose(self) -> ComposeResult:
        yield DatasetTree(id="tree")

    @property
    def tree(self) -> DatasetTree:
        return self.query_one(DatasetTree)

    def on_mount(self) -> None:
        self.tree.show(self.rows)
        self.tree.focus()

    @on(DatasetTree.ElementOpened)
    def note_opened(self, event: DatasetTree.ElementOpened) -> None:
        self.opened.append(event.row)

    @on(DatasetTree.ElementHighlighted)
    def note_highlighted(self, event: DatasetTree.ElementHighlighted) -> None:
        self.highlighted = event.row

    def shown_keys(self) -> list[str]:
        return list(self.tree.dataset_table.visible_keys)

    def lines(self) -> list[str]:
        table = self.tree.dataset_table
        return [table.render_line(y).text for y in range(table.size.height)]


async def test_the_tree_is_readable_at_80_columns() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        header, modality, name, dose, first, inside, *_ = app.lines()
        assert header.split() == ["Tag", "VR", "Name", "Value", "Length"]
        assert modality.split() == [">", "(0008,0060)", "CS", "Modality", "RTPLAN", "6"]
        assert "[/b]␛^X" in name
        assert "▾ DoseReferenceSequence" in dose
        assert "(FFFE,E000)" not in first
        assert inside.index("DoseType") > first.index("Item 1")
        assert all(len(line) == 79 for line in app.lines())
        assert "cut short" in app.lines()[12]


async def test_keys_fold_and_open() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert [row.keyword for row in app.opened] == ["Modality"]
        await pilot.press("j", "j", "enter")
        assert "Dose[0]" not in app.shown_keys()
        await pilot.press("right", "right", "right")
        assert app.tree.current is not None
        assert app.tree.current.path == "Dose[0].DoseType"
        await pilot.press("left")
        assert app.tree.current.path == "Dose[0]"
        await pilot.press("left", "left")
        assert app.tree.current.path == "Dose"
        await pilot.pause()
        assert app.highlighted is app.tree.current
        await pilot.press("minus")
        assert len(app.shown_keys()) == 6
        await pilot.press("plus")
        assert len(app.shown_keys()) == 12
        await pilot.press("o", "O", "F")
        assert app.shown_keys()[0] == "Modality"


async def test_the_filter_line_finds_and_the_cursor_comes_back() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j", "slash", *"point")
        await settled(pilot)
        assert app.shown_keys() == ["Dose", "Dose[1]", "Dose[1].DoseType"]
        assert "1 of 12" in str(app.query_one("#filter-count").render())
        await pilot.press("escape")
        await pilot.pause()
        assert app.tree.current is ROWS[1]
        await pilot.press("p")
        assert len(app.shown_keys()) == 4
        await pilot.press("p")
        assert app.tree.current is ROWS[1]


async def test_another_object_keeps_cursor_filter_and_keywords() -> None:
    app = TreeApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j")
        app.tree.show(ROWS[1:])
        await settled(pilot)
        assert app.tree.current is ROWS[1]
        assert "Patient's Name" in app.lines()[1]
        await pilot.press("K")
        app.tree.show(ROWS)
        await settled(pilot)
        assert "PatientName" in app.lines()[2]
        app.tree.show(())
        await settled(pilot)
        assert app.tree.current is None
        assert "no elements" in "\n".join(app.lines())


async def test_a_tree_200_deep_is_shown() -> None:
    rows = [
        element(i, "(0040,A730)", "SQ", "ContentSequence", "1 item", f"p{i}") for i in range(200)
    ]
    app = TreeApp(rows)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("G")
        await settled(pilot)
        assert app.lines()[-1].strip(" >").startswith("(0040,A730)")
        assert "199: " in app.lines()[-1]
