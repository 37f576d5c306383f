"""The tags of the object in sight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from core.model import ElementRow, ValuePage
from core.station import Station
from tui.calls import Calls
from tui.mask import MASK, resolved
from tui.safe_text import safe_text
from tui.screens.dialogs import Reader
from tui.screens.inspector.value_reader import ValueReader
from tui.widgets.dataset_outline import value_of, with_meaning
from tui.widgets.dataset_tree import DatasetTree
from tui.widgets.row_columns import Column, Values

ELEMENT_COLUMNS = (
    Column("path", "Path"),
    Column("tag", "Tag"),
    Column("vr", "VR"),
    Column("keyword", "Keyword"),
    Column("name", "Name"),
    Column("value", "Value"),
)


class TagPane(Vertical):
    """The tag tree of one object, loaded aside; of several wishes the last one counts."""

    class Loaded(Message):
        """Other tags are there than before."""

    def __init__(self, station: Station, calls: Calls) -> None:
        super().__init__(id="tags")
        self.rows: tuple[ElementRow, ...] = ()
        self._station = station
        self._calls = calls
        self._source = ""

    def compose(self) -> ComposeResult:
        """The tree."""
        yield DatasetTree()

    @property
    def dataset_tree(self) -> DatasetTree:
        """The tree itself."""
        return self.query_one(DatasetTree)

    def open(self, uid: str) -> None:
        """Load the tags of an object held here."""
        self._calls.ask(
            lambda: self._station.objects.dump(uid),
            partial(self._show, uid),
            group="tags",
            leads=not self.rows,
        )

    def value(self, keyword: str) -> str:
        """The value of an attribute of the data set itself, empty where there is none."""
        found = (row.value for row in self.rows if row.keyword == keyword and row.depth == 0)
        return next(found, "")

    def take_keys(self) -> None:
        """Let keys go to the tree."""
        self.screen.set_focus(self.dataset_tree.dataset_table)

    def find(self) -> None:
        """Ask which tags to show."""
        self.dataset_tree.action_filter()

    def go_to(self, path: str, tag: str = "") -> bool:
        """Put the cursor on the element or item with this path; False where there is none.

        Without a path on the one of the data set itself behind which `tag` would stand.
        """
        if not path:
            before = [row.path for row in self.rows if row.depth == 0 and "(" <= row.tag < tag]
            path = before[-1] if before else ""
        return self.dataset_tree.dataset_table.go_to(path)

    def show_again(self) -> None:
        """Show the same tags anew, as the mask has been put on or taken off."""
        self.dataset_tree.show(self.rows)

    def to_export(self) -> tuple[Sequence[Column], Sequence[Values], str]:
        """All elements: columns, rows, and what to call them."""
        keys = [column.key for column in ELEMENT_COLUMNS if column.key != "value"]
        rows = [
            {**{key: getattr(row, key) for key in keys}, "value": value_of(row)}
            for row in self.rows
        ]
        return ELEMENT_COLUMNS, rows, "elements"

    def to_copy(self) -> tuple[str, str] | None:
        """The value under the cursor, made harmless, and what it is called; None without one."""
        row = self.dataset_tree.current
        if row is None:
            return None
        lines = (safe_text(line) for line in resolved(value_of(row)).split("\n"))
        return "\n".join(lines), row.keyword or row.tag

    def forms(self) -> tuple[tuple[str, str], ...]:
        """What can be copied of the element under the cursor: (what it is, harmless text)."""
        row = self.dataset_tree.current
        if row is None:
            return ()
        value = " ".join(safe_text(line) for line in resolved(value_of(row)).split("\n"))
        return (
            ("Tag", row.tag),
            ("Keyword", row.keyword),
            ("Name", safe_text(row.name)),
            ("Value", value),
            ("Path", row.path),
            ("Element", f"{row.path} = {value}" if row.path else ""),
        )

    def _show(self, uid: str, rows: tuple[ElementRow, ...]) -> None:
        self._source = uid
        self.rows = rows
        self.dataset_tree.show(rows)
        self.post_message(self.Loaded())

    @on(DatasetTree.ElementOpened)
    def _opened(self, event: DatasetTree.ElementOpened) -> None:
        row = event.row
        title = " ".join(part for part in (row.tag, row.vr, row.keyword or row.name) if part)
        place, source = row.place, self._source
        # Under the mask only what a row shows is shown: bytes have names in them.
        if place is None or MASK.on:
            self.app.push_screen(Reader(title, with_meaning(row) or "(empty)"))
            return

        def read(number: int, as_bytes: bool) -> ValuePage:
            return self._station.objects.page(source, place, number, as_bytes=as_bytes)

        self.app.push_screen(ValueReader(title, read))
