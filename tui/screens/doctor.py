"""The doctor at work on one link: each finding as it comes."""

from __future__ import annotations

import threading
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.errors import ModalittyError
from core.model import Finding, Modality
from core.station import Station
from tui import findings
from tui.calls import Answered, Calls
from tui.outcomes import sentence
from tui.safe_text import safe_content
from tui.screens.dialogs import Dialog


class DoctorDialog(Dialog[None]):
    """Climbs the ladder of checks; escape stops it, or leaves once it is over."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "again", "Again", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("q", "cancel", "Close", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, station: Station, peer: Modality) -> None:
        where = f"{peer.ae_title} at {peer.host}:{peer.port}"
        super().__init__(f"Doctor: {peer.name}, {where}" if peer.name else f"Doctor: {where}")
        self._station = station
        self._peer = peer
        self._found: list[Finding] = []
        self._over = False
        self._stop = threading.Event()
        self._calls = Calls(self, self._failed)

    def body(self) -> ComposeResult:
        """The findings, what they come to, and the keys."""
        with VerticalScroll(id="findings"):
            yield Static(id="found", markup=False)
        yield Static(id="verdict", markup=False)
        yield Static(id="keys", classes="keys", markup=False)

    def on_mount(self) -> None:
        """Begin."""
        self.query_one("#findings").focus()
        self.action_again()

    def on_unmount(self) -> None:
        """Leave nothing under way."""
        self._stop.set()

    def on_answered(self, message: Answered) -> None:
        """Take what came."""
        message.deliver()

    def action_again(self) -> None:
        """Examine from the start."""
        self._stop.set()
        self._stop = stop = threading.Event()
        self._found.clear()
        self._over = False
        self._calls.stream(
            lambda: self._station.doctor.examine(self._peer, stop),
            self._take,
            group="examine",
            done=self._done,
        )
        self._show()

    def action_cancel(self) -> None:
        """Stop what runs, or close."""
        if self._over:
            self.dismiss(None)
            return
        self._stop.set()
        self._calls.forget("examine")
        self._over = True
        self._show("stopped")

    def action_copy(self) -> None:
        """Copy everything as text, for a mail to whoever looks after the other side."""
        lines = [line for finding in self._found for line in findings.text_lines(finding)]
        self.app.copy_to_clipboard("\n".join(lines))
        self.notify("Copied the report.", timeout=2.5, markup=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.query_one("#findings").scroll_relative(y=lines, animate=False)

    def _take(self, found: list[Finding]) -> None:
        self._found += found
        self._show()

    def _done(self) -> None:
        self._over = True
        self._show()

    def _failed(self, error: ModalittyError) -> None:
        self._over = True
        self._show(str(error))

    def _show(self, word: str = "") -> None:
        text = Content("\n").join([findings.content(finding) for finding in self._found])
        self.query_one("#found", Static).update(text)
        verdict = safe_content("… examining", "$text-accent")
        if self._over:
            word = word or findings.summary(self._found)
            fault = findings.first_fault(self._found) is not None
            style = "bold $text-error" if fault else "bold $text-success"
            verdict = safe_content(sentence(word), style)
        self.query_one("#verdict", Static).update(verdict)
        keys = "esc Close   r Again   y Copy the report" if self._over else "esc Stop"
        self.query_one("#keys", Static).update(f"{keys}   ↑↓ Scroll")
