"""Who called us lately, who was turned away, and why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from core.model import Visitor
from tui import units
from tui.outcomes import sentence, tone
from tui.safe_text import safe_content
from tui.screens.dialogs import Dialog
from tui.widgets.row_columns import Column, Kind
from tui.widgets.row_table import RowTable

COLUMNS = (
    Column("calling", "Calls as", min_width=8, max_width=16, priority=0),
    Column("host", "From", min_width=9, max_width=39, priority=2),
    Column("name", "Known as", min_width=8, max_width=20, priority=3),
    Column("state", "Last time", min_width=13, max_width=14, priority=0, tone=tone),
    Column("at", "At", min_width=5, max_width=10),
    Column("refused", "Refused", Kind.NUMBER, min_width=7, priority=1),
    Column("reason", "Why", min_width=6, max_width=120, flex=1, priority=4),
)
LET_IN, TURNED_AWAY = "● let in", "✖ turned away"


class CallersDialog(Dialog[Visitor]):
    """A table of callers, the one under the cursor in words; `a` answers with it, to be added."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", show=False),
        Binding("q", "cancel", "Close", show=False),
    ]

    def __init__(self, visitors: Sequence[Visitor], *, may_add: bool) -> None:
        super().__init__("Who called us")
        self._visitors = {(v.calling, v.host): v for v in visitors}
        self._may_add = may_add

    def body(self) -> ComposeResult:
        """The table, and the words."""
        yield RowTable(COLUMNS, id="callers", empty="nobody has called since we listen")
        yield Static(id="caller", markup=False)
        add = "a Add it as a modality   " if self._may_add else ""
        yield Static(f"{add}esc Close   ↑↓ Move", classes="keys", markup=False)

    def on_mount(self) -> None:
        """Show them, the latest first."""
        table = self.query_one(RowTable)
        table.set_rows([(key, _values(visitor)) for key, visitor in self._visitors.items()])
        table.focus()

    @property
    def current(self) -> Visitor | None:
        """The caller under the cursor."""
        return self._visitors.get(self.query_one(RowTable).cursor_key)

    def action_add(self) -> None:
        """Answer with this caller, unless it is a modality already or told no AE title."""
        visitor = self.current
        if visitor is None or not self._may_add:
            return
        if visitor.name or not visitor.calling:
            why = f"It is {visitor.name} already." if visitor.name else "It told no AE title."
            self.notify(why, timeout=2.5, markup=False)
            return
        self.dismiss(visitor)

    @on(RowTable.RowHighlighted)
    def _tell(self) -> None:
        visitor = self.current
        self.query_one("#caller", Static).update(words(visitor) if visitor else Content(""))


def words(visitor: Visitor) -> Content:
    """What became of a caller, and what to do about it."""
    who = f'"{visitor.calling}" at {visitor.host}, who calls us "{visitor.called}"'
    lines = [safe_content(f"{who}, since {_clock(visitor.first)}")]
    if visitor.accepted:
        many = f"{visitor.accepted} times, last" if visitor.accepted > 1 else "once,"
        lines.append(safe_content(f"● Let in {many} at {_clock(visitor.accepted_at)}"))
    if visitor.refused:
        lines += refusal_lines(visitor)
    return Content("\n").join(lines)


def refusal_lines(visitor: Visitor) -> list[Content]:
    """Why a caller was refused, and what to do about it."""
    times = f", {visitor.refused} times in all" if visitor.refused > 1 else ""
    style = "bold $text-error" if visitor.turned_away else ""
    head = f"✖ Refused at {_clock(visitor.refused_at)}{times}: {visitor.reason}"
    lines = [safe_content(head, style)]
    if visitor.advice:
        lines.append(safe_content(f"→ {sentence(visitor.advice)}", "bold"))
    return lines


def _values(visitor: Visitor) -> dict[str, object]:
    return {
        "calling": visitor.calling or "(nothing)",
        "host": visitor.host,
        "name": visitor.name or "–",
        "state": TURNED_AWAY if visitor.turned_away else LET_IN,
        "at": _clock(visitor.last),
        "refused": visitor.refused or None,
        "reason": visitor.reason,
    }


def _clock(at: float) -> str:
    """A time of today; a day for what is longer ago."""
    today = time.time() - at < 20 * 3600
    return units.clock(at) if today else units.date(time.strftime("%Y%m%d", time.localtime(at)))
