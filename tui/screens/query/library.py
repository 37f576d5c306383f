"""Saved queries and history: kept under a name or by themselves, and asked again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.mask import resolved
from tui.query_fields import described
from tui.query_memory import Asked, Remembered, name_fault
from tui.safe_text import safe_text
from tui.screens.dialogs import Dialog, Prompt
from tui.screens.query.asking import names_in_words
from tui.screens.query.place import QueryPlace

_DAY = 86400


@dataclass(frozen=True)
class Row:
    """One query to pick: its name, or when it was asked; and what it asks."""

    head: str
    asked: Asked

    @property
    def words(self) -> str:
        """What it asks, of whom; marked for the mask."""
        whom = names_in_words(self.asked.peers) or "nobody"
        return f"{whom} {described(self.asked.fields, self.asked.root)}"


class Act(str, Enum):
    """What is to be done with the query picked."""

    ASK = "ask"
    FILL = "fill"
    DELETE = "delete"


@dataclass(frozen=True)
class Picked:
    """A query, and what to do with it."""

    act: Act
    row: Row


class PickQuery(Dialog[Picked]):
    """A list of queries, narrowed by what is typed."""

    BINDINGS = [  # noqa: RUF012
        # Priority: the line would take these keys for its own.
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, priority=True),
        Binding("enter", "pick('ask')", "Ask", show=False, priority=True),
        Binding("tab", "pick('fill')", "Fill in", show=False, priority=True),
        Binding("delete,ctrl+d", "pick('delete')", "Delete", show=False, priority=True),
    ]

    def __init__(self, title: str, rows: Sequence[Row], none: str) -> None:
        super().__init__(title)
        self._rows = list(rows)
        self._none = none
        self._shown: list[Row] = []

    def body(self) -> ComposeResult:
        """A line to type in, and the list."""
        yield Input(placeholder="type to narrow", id="line", compact=True)
        yield OptionList(markup=False)
        keys = "enter Ask   tab Fill in the fields   del Delete   esc Cancel"
        yield Static(keys, classes="keys", markup=False)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()
        self._show()

    def take(self, rows: Sequence[Row]) -> None:
        """Show other rows; the cursor stays on its place."""
        if list(rows) != self._rows:
            self._rows = list(rows)
            if self.is_mounted:
                self._show(self._at)

    @property
    def _at(self) -> int:
        return self.query_one(OptionList).highlighted or 0

    @on(Input.Changed)
    def _narrow(self) -> None:
        self._show()

    def _show(self, at: int = 0) -> None:
        words = self.query_one(Input).value.casefold().split()
        self._shown = [row for row in self._rows if _fits(row, words)]
        width = max((len(safe_text(row.head, 24)) for row in self._shown), default=0)
        options = self.query_one(OptionList).clear_options()
        options.add_options([Option(_line(row, width)) for row in self._shown])
        if self._shown:
            options.highlighted = min(at, len(self._shown) - 1)
        else:
            options.add_option(Option(Content.styled(self._none, "$text-muted"), disabled=True))

    def action_move(self, step: int) -> None:
        """Move the cursor in the list, while the line keeps the keys."""
        if self._shown:
            at = max(0, min(self._at + step, len(self._shown) - 1))
            self.query_one(OptionList).highlighted = at

    def action_pick(self, act: str) -> None:
        """Answer with the query under the cursor."""
        if self._shown:
            self.dismiss(Picked(Act(act), self._shown[self._at]))

    @on(OptionList.OptionSelected)
    def _clicked(self) -> None:
        self.action_pick(Act.ASK.value)


def _fits(row: Row, words: Sequence[str]) -> bool:
    text = resolved(f"{row.head} {row.words}").casefold()
    return all(word in text for word in words)


def _line(row: Row, width: int) -> Content:
    head = safe_text(row.head, 24)
    return Content.assemble((head.ljust(width), "bold"), f"  {safe_text(row.words, 90)}")


class Library(QueryPlace):
    """The commands that keep queries and bring them back."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._picker: PickQuery | None = None
        self._rows_of: Callable[[Remembered], list[Row]] = saved_rows

    def action_save(self) -> None:
        """Ask for a name, then keep what the fields say under it."""
        asked = self.asked()
        text = Row("", asked).words + "\nDates are kept as typed: -7d stays the last seven days."
        prompt = Prompt("Save the query", text, check=name_fault, verb="Save")
        self.app.push_screen(prompt, partial(self._save, asked))

    def _save(self, asked: Asked, name: str | None) -> None:
        if name and name.strip():
            name = name.strip()
            self.remember(lambda: self.memory.save(name, asked))
            self.say(f"Saved as {name}: L asks it again, the palette too.")

    def action_saved(self) -> None:
        """Pick one of the saved queries."""
        self._pick("Saved queries", saved_rows, "none yet: s saves what the fields say")

    def action_history(self) -> None:
        """Pick one of the queries asked before."""
        self._pick("Queries asked before", history_rows, "none yet")

    def _pick(self, title: str, rows_of: Callable[[Remembered], list[Row]], none: str) -> None:
        """Open the list with what is known; what other consoles kept joins it when it is read."""
        self._rows_of = rows_of
        self._open(title, none)
        self.look_up_kept()

    def _open(self, title: str, none: str) -> None:
        self._picker = PickQuery(title, self._rows_of(self.kept), none)
        self.app.push_screen(self._picker, partial(self._picked, title, none))

    def take_kept(self, kept: Remembered) -> None:
        """What is remembered now; an open list shows it."""
        super().take_kept(kept)
        if self._picker and self._picker.is_current:
            self._picker.take(self._rows_of(kept))

    def _picked(self, title: str, none: str, picked: Picked | None) -> None:
        self._picker = None
        if picked is None:
            return
        row = picked.row
        if picked.act is not Act.DELETE:
            self.load(row.asked, run=picked.act is Act.ASK)
            return
        if self._rows_of is saved_rows:
            self.remember(lambda: self.memory.delete(row.head))
        else:
            self.remember(lambda: self.memory.forget_asked(row.asked))
        # The list again, for the next one: it shows what is left as soon as that is on disk.
        self._open(title, none)

    def load(self, asked: Asked, *, run: bool = True) -> None:
        """Take over a query, and ask it."""
        peers = self.known(asked.peers)
        gone = [name for name in asked.peers if name not in peers]
        if gone:
            self.say(f"No modality any more: {', '.join(gone)}.")
        if peers:
            self.peers = peers
        self.root = asked.root
        self.form.load(asked)
        self.forget()
        if run and (peers or not asked.peers):
            self.ask_again()
        else:
            self.form.line("PatientName").focus()

    def forget(self) -> None:
        """Drop what is listed: it is not what one asks for now."""
        raise NotImplementedError


def saved_rows(kept: Remembered) -> list[Row]:
    """The saved queries by name."""
    return [Row(name, kept.saved[name]) for name in sorted(kept.saved, key=str.casefold)]


def history_rows(kept: Remembered) -> list[Row]:
    """The queries asked, newest first."""
    return [Row(_when(entry.when), entry.asked) for entry in kept.history]


def _when(seconds: float) -> str:
    form = "%H:%M" if time.time() - seconds < _DAY else "%Y-%m-%d %H:%M"
    try:
        return time.strftime(form, time.localtime(seconds))
    except (OverflowError, ValueError, OSError):  # a file that somebody edited
        return "?"
