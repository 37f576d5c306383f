"""Questions that lie over a place: yes or no, one line, one of several."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.mask import resolved
from tui.safe_text import safe_content, safe_text

T = TypeVar("T")

READ_AT_MOST = 100_000
"""Characters of a text that are shown in full."""


class Dialog(ModalScreen[T]):
    """A box in the middle of the screen; escape leaves it without an answer."""

    BINDINGS = [Binding("escape", "cancel", "Cancel", show=False)]  # noqa: RUF012
    READ_FIRST: ClassVar[bool] = False
    """Whether only those keys answer it that were typed when it was to be seen."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.seen_at = math.inf if self.READ_FIRST else -math.inf
        """When it was painted first, by the monotonic clock; keys typed before are let go."""

    def compose(self) -> ComposeResult:
        """A box with a title."""
        with Vertical(classes="box") as box:
            box.border_title = Content(safe_text(self._title, 60))
            yield from self.body()

    def body(self) -> ComposeResult:
        """What is in the box."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Note when it is to be seen; Textual calls this beside the subclass's own."""
        if self.READ_FIRST:
            self.call_after_refresh(self._is_seen)

    def _is_seen(self) -> None:
        self.seen_at = time.monotonic()

    def action_cancel(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


class Confirm(Dialog[bool]):
    """Asks before something dangerous; Cancel is the default."""

    BINDINGS = [  # noqa: RUF012
        Binding("left,right,up,down", "other", "Other", show=False),
    ]
    READ_FIRST = True

    def __init__(self, title: str, text: str, verb: str) -> None:
        super().__init__(title)
        self._text = text
        self._verb = verb

    def body(self) -> ComposeResult:
        """The question and two buttons."""
        yield Static(safe_lines(self._text), classes="text")
        with Horizontal(classes="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button(Content(self._verb), id="go", variant="error", compact=True)

    def on_mount(self) -> None:
        """Cancel is the default."""
        self.query_one("#cancel").focus()

    def action_other(self) -> None:
        """Move to the other button."""
        self.focus_next()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "go")


class Prompt(Dialog[str]):
    """Asks for one line; `check` says what is wrong with it, or an empty string."""

    BINDINGS = [Binding("tab", "complete", "Complete", show=False)]  # noqa: RUF012

    def __init__(
        self,
        title: str,
        text: str = "",
        value: str = "",
        *,
        check: Callable[[str], str] = lambda _: "",
        verb: str = "OK",
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(title)
        self._text = text
        self._value = value
        self._check = check
        self._verb = verb
        self._suggester = suggester

    def body(self) -> ComposeResult:
        """The line, and what is wrong with it."""
        if self._text:
            yield Static(safe_lines(self._text), classes="text")
        yield Input(safe_text(self._value), id="line", suggester=self._suggester, compact=True)
        yield Static("", id="wrong", markup=False)
        tab = "tab Complete   " if self._suggester else ""
        yield Static(f"enter {self._verb}   {tab}esc Cancel", classes="keys", markup=False)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()

    def action_complete(self) -> None:
        """Take what is suggested, as a shell does."""
        line = self.query_one(Input)
        line.action_end()
        line.action_cursor_right()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        wrong = self._check(event.value) if event.value else ""
        self.query_one("#wrong", Static).update(safe_content(wrong, "$text-error"))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        wrong = self._check(event.value)
        if wrong:
            self.query_one("#wrong", Static).update(safe_content(wrong, "$text-error"))
        else:
            self.dismiss(event.value)


class Reader(Dialog[None]):
    """Shows a text in full, to be scrolled."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title)
        self._text = text

    def body(self) -> ComposeResult:
        """The text."""
        with VerticalScroll(id="page"):
            yield Static(safe_lines(self._text, READ_AT_MOST))
        yield Static("esc Close   ↑↓ Scroll", classes="keys", markup=False)


@dataclass(frozen=True)
class Choice:
    """One of several: what is returned, what is shown, and a dim word beside it."""

    value: str
    label: str
    hint: str = ""


class Choose(Dialog[str]):
    """Asks for one of several; typing a first letter goes there."""

    def __init__(
        self, title: str, choices: Sequence[Choice], *, text: str = "", selected: str = ""
    ) -> None:
        super().__init__(title)
        self._choices = choices
        self._text = text
        self._selected = selected

    def body(self) -> ComposeResult:
        """The list."""
        if self._text:
            yield Static(safe_lines(self._text), classes="text")
        width = max((len(safe_text(c.label, 30)) for c in self._choices), default=0)
        yield OptionList(*(Option(_prompt(c, width)) for c in self._choices), markup=False)
        yield Static("enter Choose   esc Cancel", classes="keys", markup=False)

    def on_mount(self) -> None:
        """Start at what is chosen now."""
        options = self.query_one(OptionList)
        values = [choice.value for choice in self._choices]
        options.highlighted = values.index(self._selected) if self._selected in values else 0
        options.focus()

    def on_key(self, event: object) -> None:
        """Go to the next choice that starts with the letter typed."""
        letter = (getattr(event, "character", None) or "").lower()
        options = self.query_one(OptionList)
        if not letter.isalnum() or options.highlighted is None:
            return
        count = len(self._choices)
        order = [(options.highlighted + 1 + i) % count for i in range(count)]
        found = (i for i in order if self._choices[i].label.lower().startswith(letter))
        options.highlighted = next(found, options.highlighted)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index].value)


def _prompt(choice: Choice, width: int) -> Content:
    label = safe_text(choice.label, 30)
    return Content.assemble(label.ljust(width), ("  " + safe_text(choice.hint, 60), "$text-muted"))


def safe_lines(text: str, limit: int = 0) -> Content:
    """Text of several lines made harmless; of a longer one than `limit` characters its beginning.

    What is marked for the mask may have several lines itself, so it is hidden before it is cut.
    """
    shown = resolved(text)[: limit or None]
    return Content("\n").join([safe_content(line) for line in shown.split("\n")])
