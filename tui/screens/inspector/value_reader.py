"""The value of one element in full, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.errors import ModalittyError
from core.model import ValuePage
from tui.calls import Answered, Calls
from tui.safe_text import safe_content
from tui.screens.dialogs import Dialog

Read = Callable[[int, bool], ValuePage]
"""Reads one page, counted from 0, as bytes or as what the VR says."""


class ValueReader(Dialog[None]):
    """Pages of a value, of which only the one in sight is in memory; `x` shows bytes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,n", "turn(1)", "Next page", show=False),
        Binding("left,p", "turn(-1)", "Page before", show=False),
        Binding("g", "turn(-1000000000)", "First", show=False),
        Binding("G", "turn(1000000000)", "Last", show=False),
        Binding("x", "bytes", "Bytes", show=False),
        Binding("q", "cancel", "Close", show=False),
    ]

    def __init__(self, title: str, read: Read) -> None:
        super().__init__(title)
        self._read = read
        self._as_bytes = False
        self._number = 0
        self._calls = Calls(self, self._failed)

    def body(self) -> ComposeResult:
        """The lines, and where in the value they are."""
        with VerticalScroll(id="page"):
            yield Static(id="lines", markup=False)
        yield Static(id="keys", classes="keys", markup=False)

    def on_mount(self) -> None:
        """Read the first page."""
        self.query_one("#page").focus()
        self.action_turn(0)

    def on_answered(self, message: Answered) -> None:
        """Take the page that was read."""
        message.deliver()

    def action_turn(self, by: int) -> None:
        """Go some pages on or back; the station stops at the last one."""
        # Counted at once: of keys that come quicker than pages each counts.
        number = self._number = max(0, self._number + by)
        as_bytes = self._as_bytes
        self._calls.ask(lambda: self._read(number, as_bytes), self._show, group="page")

    def action_bytes(self) -> None:
        """Show the bytes, or what the VR says they are."""
        self._as_bytes = not self._as_bytes
        self.action_turn(0)

    def _show(self, page: ValuePage) -> None:
        self._number = page.page
        lines = Content("\n").join([safe_content(line) for line in page.lines])
        self.query_one("#lines", Static).update(lines)
        self.query_one("#page", VerticalScroll).scroll_home(animate=False)
        where = f"{page.kind}, {page.size:,} bytes"
        keys = "x Bytes   esc Close   ↑↓ Scroll"
        if page.pages > 1:
            where = f"{page.kind}, page {page.page + 1:,} of {page.pages:,}, {page.size:,} bytes"
            keys = f"←→ Page   G Last   {keys}"
        self.query_one("#keys", Static).update(f"{where} │ {keys}")

    def _failed(self, error: ModalittyError) -> None:
        self.query_one("#lines", Static).update(safe_content(error.message, "$text-error"))
