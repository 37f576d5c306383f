"""What an import of modalities would bring: a preview in which a person chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from core.model import Candidate, Fate
from tui.outcomes import sentence, tone
from tui.safe_text import safe_content
from tui.screens.dialogs import Dialog
from tui.widgets.row_columns import Column, Kind
from tui.widgets.row_table import RowTable

WORDS = {
    Fate.NEW: "● new",
    Fate.CLASH: "! clashes",
    Fate.SAME: "– same",
    Fate.GROUP: "– group",
    Fate.LEFT_OUT: "✖ left out",
}
COLUMNS = (
    Column("take", "Take", width=4, priority=0),
    Column("name", "Name", min_width=8, max_width=20, priority=0),
    Column("fate", "Here", min_width=10, max_width=11, priority=0, tone=tone),
    Column("ae_title", "AE title", min_width=8, max_width=16),
    Column("host", "Host", min_width=8, max_width=30, priority=2),
    Column("port", "Port", Kind.NUMBER, min_width=5),
    Column("why", "Why", min_width=6, max_width=120, flex=1, priority=3),
)


class ImportDialog(Dialog[tuple[Candidate, ...]]):
    """Shows the candidates; answers with those that are to be taken."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "Take or not", show=False, priority=True),
        Binding("enter", "take", "Import", show=False, priority=True),
        Binding("asterisk", "all", "Take all", show=False, priority=True),
    ]

    def __init__(self, source: str, candidates: Sequence[Candidate]) -> None:
        super().__init__(f"Import from {source}")
        self._candidates = tuple(candidates)
        self._taken = {i for i, c in enumerate(self._candidates) if c.fate is Fate.NEW}

    def body(self) -> ComposeResult:
        """The table, the one under the cursor in words, what will be done, and the keys."""
        yield RowTable(COLUMNS, id="candidates", empty="nothing in it")
        yield Static(id="candidate", markup=False)
        yield Static(id="sum", markup=False)
        keys = "space Take or not   * All   enter Import   esc Cancel"
        yield Static(keys, classes="keys", markup=False)

    def on_mount(self) -> None:
        """Show them, what is new taken already."""
        rows = [(i, self._values(i)) for i in range(len(self._candidates))]
        self.query_one(RowTable).set_rows(rows)
        self.query_one(RowTable).focus()
        self._count()

    def action_turn(self) -> None:
        """Take the one under the cursor, or leave it, and go one down."""
        table = self.query_one(RowTable)
        key = table.cursor_key
        if isinstance(key, int) and self._may(key):
            self._taken ^= {key}
            self._show(key)
        table.move_cursor(table.cursor_row + 1)

    def action_all(self) -> None:
        """Take all that can be taken; again: only what is new."""
        may = {i for i in range(len(self._candidates)) if self._may(i)}
        new = {i for i in may if self._candidates[i].fate is Fate.NEW}
        self._taken = new if self._taken == may else may
        for index in may:
            self._show(index)

    def action_take(self) -> None:
        """Answer with what is to be taken."""
        self.dismiss(tuple(self._candidates[index] for index in sorted(self._taken)))

    def _may(self, index: int) -> bool:
        return self._candidates[index].fate in (Fate.NEW, Fate.CLASH)

    def _show(self, index: int) -> None:
        self.query_one(RowTable).update_row(index, self._values(index))
        self._count()

    def _values(self, index: int) -> dict[str, object]:
        candidate = self._candidates[index]
        modality = candidate.modality
        values: dict[str, object] = {
            "take": "[x]" if index in self._taken else "[ ]" if self._may(index) else "",
            "name": modality.name if modality else candidate.name,
            "fate": WORDS[candidate.fate],
            "why": "; ".join(part for part in (candidate.why, *candidate.notes) if part),
        }
        if modality:
            values |= {"ae_title": modality.ae_title, "host": modality.host, "port": modality.port}
        return values

    def _count(self) -> None:
        clashes = sum(self._candidates[index].fate is Fate.CLASH for index in self._taken)
        words = f"{len(self._taken)} of {len(self._candidates)} will be taken"
        if clashes:
            words += f"; {clashes} of them replace what is here"
        self.query_one("#sum", Static).update(safe_content(words, "bold"))

    @on(RowTable.RowHighlighted)
    def _tell(self) -> None:
        key = self.query_one(RowTable).cursor_key
        if not isinstance(key, int):
            return
        candidate = self._candidates[key]
        lines = [line for line in (candidate.why, *candidate.notes) if line]
        shown = [safe_content(sentence(line)) for line in lines]
        self.query_one("#candidate", Static).update(Content("\n").join(shown))
