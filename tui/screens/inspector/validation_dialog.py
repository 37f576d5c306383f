"""What is wrong with the object in sight, at a glance: enter goes to the element."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from core.errors import ModalittyError
from core.model import Breach, Severity, Validation
from core.station import Station
from tui import breaches
from tui.calls import Answered, Calls
from tui.safe_text import safe_content
from tui.screens.dialogs import Dialog, Reader

SHOWN = 500
"""Breaches that are listed; a report that is copied has all."""


class ValidationDialog(Dialog[Breach]):
    """Lists breaches, the worst first; gives the one whose element is to be shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False),
        Binding("n", "unjudged", "Not judged", show=False),
        Binding("q,V", "cancel", "Close", show=False),
    ]

    def __init__(self, station: Station, uid: str) -> None:
        super().__init__("Validate")
        self._station, self._uid = station, uid
        self._validation: Validation | None = None
        self._calls = Calls(self, self._failed)

    def body(self) -> ComposeResult:
        """How it went, the breaches, what was not judged, and the keys."""
        yield Static(safe_content("… judging", "$text-accent"), id="judgement")
        yield OptionList(id="breaches", markup=False)
        yield Static(id="unjudged", markup=False)
        yield Static(
            "enter Go to the element   y Copy the report   n Not judged   esc Close",
            classes="keys",
            markup=False,
        )

    def on_mount(self) -> None:
        """Judge aside."""
        self.query_one(OptionList).focus()
        self._calls.ask(lambda: self._station.objects.validate(self._uid), self._show)

    def on_answered(self, message: Answered) -> None:
        """Take what came."""
        message.deliver()

    def action_copy(self) -> None:
        """Copy everything as text, for a mail to whoever made the object."""
        if self._validation is None:
            return
        self.app.copy_to_clipboard("\n".join(breaches.text_lines(self._validation)))
        self.notify("Copied the report.", timeout=2.5, markup=False)

    def action_unjudged(self) -> None:
        """Show in full what could not be judged."""
        if self._validation is not None:
            words = "\n".join(f"- {word}" for word in self._validation.unjudged)
            self.app.push_screen(Reader("Not judged", words or "nothing"))

    def _show(self, validation: Validation) -> None:
        self._validation = validation
        bad = validation.count(Severity.ERROR)
        style = "bold $text-error" if bad else "bold $text-success"
        self.query_one("#judgement", Static).update(
            safe_content(breaches.summary(validation), style)
        )
        listed = self.query_one(OptionList)
        listed.add_options(
            Option(breaches.content(breach)) for breach in validation.breaches[:SHOWN]
        )
        listed.highlighted = 0 if validation.breaches else None
        more = len(validation.breaches) - SHOWN
        words = f"{more:,} more are in the copied report. " if more > 0 else ""
        words += f"{breaches.NOT_JUDGED} {'; '.join(validation.unjudged)}"
        self.query_one("#unjudged", Static).update(safe_content(words, "$text-muted"))

    def _failed(self, error: ModalittyError) -> None:
        self.query_one("#judgement", Static).update(safe_content(str(error), "$text-error"))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        if self._validation is not None:
            self.dismiss(self._validation.breaches[event.option_index])
