"""A question with several answers out of a list: the marked ones, or the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from tui.safe_text import safe_text
from tui.screens.dialogs import Choice, Dialog, safe_lines


class ChooseSeveral(Dialog[tuple[str, ...]]):
    """Marks as tables have them: space marks, `*` marks all; enter takes the marked ones.

    Where nothing is marked, enter takes the one under the cursor.
    """

    BINDINGS = [  # noqa: RUF012
        # Priority: the list would take enter and space for a choice.
        Binding("enter", "done", "Done", show=False, priority=True),
        Binding("space", "mark", "Mark", show=False, priority=True),
        Binding("asterisk", "mark_all", "Mark all", show=False),
        Binding("U", "mark_none", "Unmark all", show=False),
    ]

    def __init__(
        self, title: str, choices: Sequence[Choice], *, text: str = "", selected: str = ""
    ) -> None:
        super().__init__(title)
        self._choices = choices
        self._text = text
        self._selected = selected
        self._marks: set[int] = set()

    def body(self) -> ComposeResult:
        """The list, and a button for the mouse."""
        if self._text:
            yield Static(safe_lines(self._text), classes="text")
        yield OptionList(*self._options(), markup=False)
        keys = "space Mark   * all   enter Choose   esc Cancel"
        yield Static(keys, classes="keys", markup=False)
        yield Button("Choose", id="done", compact=True)

    def on_mount(self) -> None:
        """Start at what is chosen now."""
        values = [choice.value for choice in self._choices]
        at = values.index(self._selected) if self._selected in values else 0
        self.query_one(OptionList).highlighted = at
        self.query_one(OptionList).focus()

    @property
    def _at(self) -> int:
        return self.query_one(OptionList).highlighted or 0

    def _options(self) -> list[Option]:
        width = max((len(safe_text(choice.label, 30)) for choice in self._choices), default=0)
        return [Option(self._prompt(number, width)) for number in range(len(self._choices))]

    def _prompt(self, number: int, width: int) -> Content:
        choice = self._choices[number]
        mark = "● " if number in self._marks else "  "
        label = safe_text(choice.label, 30).ljust(width)
        return Content.assemble(mark, label, ("  " + safe_text(choice.hint, 60), "$text-muted"))

    def _show(self, at: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options().add_options(self._options())
        options.highlighted = min(at, len(self._choices) - 1)

    def action_mark(self) -> None:
        """Mark the one under the cursor, or take its mark away, and go one down."""
        if isinstance(self.focused, Button):
            self.focused.press()
            return
        self._marks.symmetric_difference_update([self._at])
        self._show(self._at + 1)

    def action_mark_all(self) -> None:
        """Mark all."""
        self._marks = set(range(len(self._choices)))
        self._show(self._at)

    def action_mark_none(self) -> None:
        """Take all marks away."""
        self._marks = set()
        self._show(self._at)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._marks.symmetric_difference_update([event.option_index])
        self._show(event.option_index)

    def on_key(self, event: object) -> None:
        """Go to the next choice that starts with the letter typed."""
        letter = (getattr(event, "character", None) or "").lower()
        if not letter.isalnum():
            return
        count = len(self._choices)
        order = [(self._at + 1 + step) % count for step in range(count)]
        found = (i for i in order if self._choices[i].label.lower().startswith(letter))
        self.query_one(OptionList).highlighted = next(found, self._at)

    @on(Button.Pressed)
    def action_done(self) -> None:
        """Answer with the marked ones, in the order of the list, or with this one."""
        numbers = sorted(self._marks) or [self._at]
        self.dismiss(tuple(self._choices[number].value for number in numbers))
