"""What every place does with the rows of its tables: copy, export, choose columns."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on
from textual.screen import Screen

from core.events import Severity
from tui import clipboard, export_table
from tui.calls import Calls
from tui.command import Place
from tui.mask import MASK
from tui.safe_text import safe_text
from tui.screens.choose_columns import ChooseColumns
from tui.screens.dialogs import Choice, Choose, Prompt
from tui.widgets.path_suggester import PathSuggester
from tui.widgets.row_columns import Column, Values
from tui.widgets.row_table import RowTable


@dataclass(frozen=True)
class Copy:
    """One way to copy: what it is called, and what makes the text when it is chosen."""

    label: str
    text: Callable[[], str]
    hint: str = ""


class TableActions(Screen[None]):
    """The commands about rows that all places share; :class:`PlaceScreen` is made on it."""

    PLACE: ClassVar[Place]
    calls: Calls

    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Show a toast; the text may come from outside."""
        raise NotImplementedError

    def table_in_use(self) -> RowTable | None:
        """The table that has the keys, else the first that shows."""
        if isinstance(self.focused, RowTable):
            return self.focused
        return next((table for table in self.query(RowTable) if table.region), None)

    # -- copy

    def copy(self, text: str, what: str) -> None:
        """Put harmless text into the clipboard, and say so; a word where not all of it fits."""
        fits = clipboard.fitting(text)
        self.app.copy_to_clipboard(fits)
        if os.environ.get("TMUX"):
            self.calls.ask(partial(clipboard.to_tmux, fits), lambda _: None, group="clipboard")
        if len(fits) == len(text):
            self.say(f"Copied {what}.")
            return
        lines, all_lines = fits.count("\n") + 1, text.count("\n") + 1
        cut = f"the first {lines:,} of {all_lines:,} lines" if all_lines > 1 else "its beginning"
        limit = f"a clipboard takes {clipboard.LIMIT // 1000} kB. E writes all to a file"
        self.say(f"Copied {cut} of {what}: {limit}.", Severity.WARNING)

    def action_copy_row(self) -> None:
        """Copy what the marked rows show, or the one under the cursor, cells parted by tabs."""
        table = self.table_in_use()
        if table is None or not table.selected():
            self.say("There is no row to copy.")
            return
        rows = [table.values(key) for key in table.selected()]
        what = "the row" if len(rows) == 1 else f"{len(rows):,} rows"
        self.copy(export_table.as_tsv(table.shown_columns, rows), what)

    def action_copy_as(self) -> None:
        """Ask what to copy of the marked rows or this one, and how."""
        table = self.table_in_use()
        if table is None or table.cursor_key is None:
            self.say("There is no row to copy.")
            return
        self.offer_copies(self.copies(table))

    def offer_copies(self, copies: Sequence[Copy]) -> None:
        """Ask which of several ways to copy."""
        choices = [Choice(str(n), copy.label, copy.hint) for n, copy in enumerate(copies)]

        def chosen(number: str | None) -> None:
            if number is not None:
                copy = copies[int(number)]
                self.copy(copy.text(), copy.label)

        self.app.push_screen(Choose("Copy", choices), chosen)

    def copies(self, table: RowTable) -> list[Copy]:
        """What can be copied: the rows in several forms, and each cell of the one under the cursor.

        A place may add forms of its own.
        """
        columns = table.shown_columns
        rows = [table.values(key) for key in table.selected()]
        what = "the row" if len(rows) == 1 else f"{len(rows):,} marked rows"
        here = table.values(table.cursor_key)
        forms = [
            Copy(f"{what}, parted by tabs", partial(export_table.as_tsv, columns, rows)),
            Copy(f"{what} as JSON", partial(export_table.as_json, columns, rows)),
        ]
        cells = [(column, safe_text(column.shown(here))) for column in columns]
        return forms + [Copy(c.label, lambda t=text: t, text) for c, text in cells if text]  # type: ignore[misc]

    # -- export

    def action_export_rows(self) -> None:
        """Ask for a file, then write the marked rows to it, or all that are shown."""
        columns, rows, which = self.rows_to_export()
        if not rows:
            self.say("There are no rows to export.")
            return
        text = f"{len(rows):,} {which}, to a new file that ends in .csv or .json:"
        if MASK.on:
            text += "\nThe mask is on: what it hides is not written either."
        prompt = Prompt(
            "Export rows",
            text,
            export_table.suggested(self.PLACE.value),
            check=export_table.file_fault,
            verb="Write",
            suggester=PathSuggester(),
        )
        self.app.push_screen(
            prompt, lambda name: self._export(name, columns, rows) if name else None
        )

    def _export(self, name: str, columns: Sequence[Column], rows: Sequence[Values]) -> None:
        self.calls.ask(
            lambda: export_table.write(name, columns, rows),
            lambda path: self.say(f"Wrote {len(rows):,} rows to {path.absolute()}."),
        )

    def rows_to_export(self) -> tuple[Sequence[Column], Sequence[Values], str]:
        """The columns and rows that `E` writes, and what to call them."""
        table = self.table_in_use()
        if table is None:
            return (), (), ""
        marked = table.marked_keys
        rows = [table.values(key) for key in marked or table.visible_keys]
        return table.columns, rows, "marked rows" if marked else "rows shown"

    # -- columns

    @on(RowTable.ColumnsWanted)
    def _choose_columns(self, event: RowTable.ColumnsWanted) -> None:
        table = event.table
        shown = [column.key for column in table.columns_in_sight]

        def chosen(keys: tuple[str, ...] | None) -> None:
            if keys is not None:
                table.show_columns(keys)

        self.app.push_screen(ChooseColumns(table.columns, shown), chosen)
