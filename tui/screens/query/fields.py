"""The search fields: ways to them, from them, and what is done with what is typed."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from core.model import Root
from tui.query_fields import NAMES
from tui.screens.dialogs import Prompt
from tui.screens.query.asking import LIMIT, MOST
from tui.screens.query.place import QueryPlace
from tui.widgets.row_table import RowTable


class Fields(QueryPlace):
    """The commands of the search fields."""

    def action_fields(self) -> None:
        """Go to the search fields."""
        self._to_field("PatientName")

    def action_date(self) -> None:
        """Go to the date."""
        self._to_field("PatientBirthDate" if self.root is Root.PATIENT else "StudyDate")

    def _to_field(self, name: str) -> None:
        self.action_up(0)
        self.set_focus(self.form.line(name))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tab is the form's in its fields only."""
        if action == "next_field":
            return isinstance(self.focused, Input) and self.focused in self.form.query(Input)
        return super().check_action(action, parameters)

    def action_next_field(self, step: int) -> None:
        """Go to the next field, or the one before."""
        lines = [line for line in self.form.query(Input) if not line.disabled]
        if isinstance(self.focused, Input) and self.focused in lines:
            self.set_focus(lines[(lines.index(self.focused) + step) % len(lines)])

    def action_leave_fields(self) -> None:
        """Go from the fields to the rows."""
        if isinstance(self.focused, Input) and self.path:
            self.set_focus(self.table)

    def action_back(self) -> None:
        """Leave the fields; stop what runs; go up."""
        if isinstance(self.focused, Input):
            self.set_focus(self.table_named(self.top.table))
        else:
            super().action_back()

    def action_clear(self) -> None:
        """Empty the fields."""
        self.form.fill({})
        self.action_fields()

    def action_wildcards(self) -> None:
        """Add wildcards where that is usual, or ask for what is typed."""
        self.form.wildcards = not self.form.wildcards
        self.form.show_translation()
        self.say(
            "Wildcards are added: names by their beginning, descriptions by any part."
            if self.form.wildcards
            else "No wildcards are added: r asks for what is typed."
        )

    def action_limit(self) -> None:
        """Ask for the most matches to take of each peer."""
        text = f"The most matches to take of each peer, up to {MOST:,}; empty for {LIMIT:,}:"
        value = str(self.form.limit or "")
        prompt = Prompt("Limit", text, value, check=_limit_fault, verb="Set")
        self.app.push_screen(prompt, self._set_limit)

    def _set_limit(self, text: str | None) -> None:
        if text is not None:
            self.form.limit = int(text.strip() or 0)
            self.form.show_translation()

    def masked(self, on: bool) -> None:
        """Hide what is typed too."""
        super().masked(on)
        for name in NAMES[-1:]:  # any attribute may be typed there
            self.form.line(name).password = on
        self.form.show_translation()

    def on_key(self, event: events.Key) -> None:
        """Let `up` at the first row go back to the fields."""
        at_top = isinstance(self.focused, RowTable) and len(self.path) <= 1
        if event.key == "up" and at_top and self.table_named(self.top.table).cursor_row == 0:
            event.stop()
            self.action_fields()


def _limit_fault(text: str) -> str:
    text = text.strip()
    if text and not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST):
        return f"a number from 1 to {MOST:,}"
    return ""
