"""Which columns a table shows, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from tui.safe_text import safe_text
from tui.screens.dialogs import Dialog
from tui.widgets.row_columns import Column


class ChooseColumns(Dialog[tuple[str, ...]]):
    """A list of all columns, those shown marked; answers with their keys, none for the usual."""

    BINDINGS = [  # noqa: RUF012
        # Priority: the list would take enter and space for a choice.
        Binding("enter", "done", "Done", show=False, priority=True),
        Binding("space", "choose", "Show", show=False, priority=True),
        Binding("shift+up,K,minus", "move(-1)", "Up", show=False),
        Binding("shift+down,J,plus", "move(1)", "Down", show=False),
        Binding("r", "reset", "Reset", show=False),
    ]

    def __init__(self, columns: Sequence[Column], shown: Sequence[str]) -> None:
        super().__init__("Columns")
        self._all = {column.key: column for column in columns}
        rest = [key for key in self._all if key not in shown]
        self._order = [*shown, *rest]
        self._shown = set(shown)

    def body(self) -> ComposeResult:
        """The list, and two buttons for the mouse."""
        yield OptionList(*self._options(), markup=False)
        keys = "space Show   - + Move   r Reset   enter Done   esc Cancel"
        yield Static(keys, classes="keys", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Reset", id="reset", compact=True)
            yield Button("Done", id="done", compact=True)

    def on_mount(self) -> None:
        """Ready for keys."""
        self.query_one(OptionList).focus()

    @property
    def _at(self) -> int:
        return self.query_one(OptionList).highlighted or 0

    def _options(self) -> list[Option]:
        return [Option(self._prompt(key)) for key in self._order]

    def _prompt(self, key: str) -> Content:
        mark = "[✓] " if key in self._shown else "[ ] "
        name = "" if self._all[key].label == key else f"  {key.rpartition('.')[2]}"
        return Content.assemble(
            mark, safe_text(self._all[key].label, 30), (safe_text(name, 40), "$text-muted")
        )

    def _show(self, at: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options().add_options(self._options())
        options.highlighted = at

    def action_choose(self) -> None:
        """Show the column, or do not."""
        if isinstance(self.focused, Button):
            self.focused.press()
            return
        self._shown.symmetric_difference_update([self._order[self._at]])
        self._show(self._at)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._shown.symmetric_difference_update([self._order[event.option_index]])
        self._show(event.option_index)

    def action_move(self, step: int) -> None:
        """Move the column towards the left end of the table, or the right one."""
        here = self._at
        there = here + step
        if 0 <= there < len(self._order):
            order = self._order
            order[here], order[there] = order[there], order[here]
            self._show(there)

    def action_reset(self) -> None:
        """Go back to the columns that the table comes with."""
        self.dismiss(())

    def action_done(self) -> None:
        """Take what is chosen; a table shows one column at least."""
        if isinstance(self.focused, Button):
            self.focused.press()
        else:
            self._finish()

    def _finish(self) -> None:
        shown = tuple(key for key in self._order if key in self._shown)
        self.dismiss(shown or (self._order[0],))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "reset":
            self.action_reset()
        else:
            self._finish()
