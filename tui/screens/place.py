"""What the screens of all places have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen

from core.errors import ModalittyError
from core.events import Severity
from tui import export_table
from tui.bridge import News
from tui.calls import Answered, Calls
from tui.commands import Place, forbidden
from tui.safe_text import safe_text
from tui.screens.dialogs import Prompt
from tui.session import Session
from tui.widgets.footer_bar import FooterBar
from tui.widgets.path_suggester import PathSuggester
from tui.widgets.row_columns import Column, Values
from tui.widgets.row_table import RowTable
from tui.widgets.status_bar import StatusBar

_TOASTS = {Severity.INFO: "information", Severity.WARNING: "warning", Severity.ERROR: "error"}


def toast_seconds(severity: Severity) -> float:
    """How long a toast stays: it lies over what one reads, and errors take longer to read."""
    return 2.5 if severity is Severity.INFO else 6.0


class PlaceScreen(Screen[None]):
    """A screen with status bar and footer, that hears the news and can call the station.

    A subclass sets :attr:`PLACE` and `BINDINGS = bindings(PLACE)`, and composes its own part in
    :meth:`body`.
    """

    PLACE: ClassVar[Place]
    AUTO_FOCUS = "RowTable"  # never a field: the next digit is to lead on to another place
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall"), (40, "-high")]  # noqa: RUF012

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.station = session.station
        self.calls = Calls(self, self.fault)

    def compose(self) -> ComposeResult:
        """Status on top, the place's own part, the footer."""
        yield StatusBar(self.session, self.PLACE)
        yield from self.body()
        yield FooterBar(self.PLACE, read_only=self.session.read_only)

    def body(self) -> ComposeResult:
        """The place's own part."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Follow the news; Textual calls this beside the subclass's own."""
        self.session.news.subscribe(self, self.heard)

    def heard(self, news: News) -> None:
        """Take what happened at the station."""

    def on_answered(self, message: Answered) -> None:
        """Take the answer of a call."""
        message.deliver()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take dangerous commands away where the console is read-only."""
        if forbidden(self.PLACE, action, read_only=self.session.read_only):
            return False
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Nothing to go back to, at the top of a place."""

    def action_copy_row(self) -> None:
        """Copy what the row under the cursor shows, cells parted by tabs."""
        table = self.table_in_use()
        keys = table.selected() if table else []
        if table and keys:
            lines = ["\t".join(map(safe_text, table.cells(key))) for key in keys]
            self.app.copy_to_clipboard("\n".join(lines))
            self.say("Copied the row." if len(keys) == 1 else f"Copied {len(keys)} rows.")

    def action_export_rows(self) -> None:
        """Ask for a file, then write the marked rows to it, or all that are shown."""
        columns, rows, which = self.rows_to_export()
        if not rows:
            self.say("There are no rows to export.")
            return
        text = f"{len(rows):,} {which}, to a new file that ends in .csv or .json:"
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

    def table_in_use(self) -> RowTable | None:
        """The table that has the keys, else the first that shows."""
        if isinstance(self.focused, RowTable):
            return self.focused
        return next((table for table in self.query(RowTable) if table.region), None)

    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Show a toast; the text may come from outside."""
        kind = _TOASTS[severity]
        seconds = toast_seconds(severity)
        self.notify(safe_text(text, 300), severity=kind, timeout=seconds, markup=False)  # type: ignore[arg-type]

    def fault(self, error: ModalittyError) -> None:
        """Show why something could not be done."""
        text = f"{error.message}. {error.hint}" if error.hint else error.message
        self.say(text, Severity.ERROR)


class QueryPeer(Message):
    """Somebody wants to query this modality."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
