"""Every modality, and whether the link to it works."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.errors import ModalittyError
from core.events import Severity
from core.model import Modality, Outcome, Retrieve
from tui.bridge import News
from tui.commands import Place, bindings
from tui.outcomes import WORDS, outcome_lines, tone
from tui.safe_text import safe_content
from tui.screens.dialogs import Confirm
from tui.screens.modality_form import ModalityForm
from tui.screens.place import PlaceScreen, QueryPeer
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column, Kind
from tui.widgets.row_table import RowTable

AT_ONCE = 16
"""Links tested at the same time."""
DEFAULT_JOBS = 2
NOT_TRIED, CALLING = "○ not tried", "… calling"

COLUMNS = (
    Column("name", "Name", min_width=6, max_width=20, priority=0),
    Column("state", "State", min_width=13, max_width=18, priority=0, tone=tone),
    Column("ae_title", "AE title", min_width=8, max_width=16),
    Column("address", "Address", min_width=12, max_width=40, priority=3),
    Column("seconds", "Echo", Kind.DURATION, min_width=6, priority=1),
    Column("note", "Last fault or comment", min_width=4, max_width=60, flex=1, priority=4),
)


class NetworkScreen(PlaceScreen):
    """The modalities as a table, and the one under the cursor in words below it."""

    PLACE = Place.NETWORK
    BINDINGS: ClassVar = bindings(Place.NETWORK)

    def body(self) -> ComposeResult:
        """The table, and the detail pane."""
        yield FilteredTable(
            RowTable(COLUMNS, id="modalities", empty="no modalities yet: a adds one")
        )
        with VerticalScroll(id="detail", can_focus=False):
            yield Static(id="words", markup=False)

    def on_mount(self) -> None:
        """Show what is configured."""
        self._tested: dict[str, tuple[Outcome, float]] = {}
        self._calling: set[str] = set()
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._show_all()
        self.table.focus()

    @property
    def table(self) -> RowTable:
        """The table of modalities."""
        return self.query_one(RowTable)

    def heard(self, news: News) -> None:
        """Take edits and echoes from wherever they come."""
        for name, outcome in news.tested:
            self._take(name, outcome)
        if news.modalities_changed:
            self._show_all()

    # -- commands

    def action_echo(self) -> None:
        """Echo the marked modalities, or the one under the cursor."""
        self._echo(self._chosen())

    def action_echo_all(self) -> None:
        """Echo every modality."""
        self._echo(self.station.modalities.all())

    def action_query(self) -> None:
        """Go to Query with this modality."""
        if modality := self._current():
            self.post_message(QueryPeer(modality.name))

    def action_add(self) -> None:
        """Ask for a new modality."""
        self._form("Add a modality", None, "")

    def action_copy(self) -> None:
        """Ask for a new modality, starting from this one."""
        if modality := self._current():
            self._form(f"Copy {modality.name}", modality, "")

    def action_edit(self) -> None:
        """Change this modality."""
        if modality := self._current():
            self._form(f"Edit {modality.name}", modality, modality.name)

    def action_delete(self) -> None:
        """Ask, then forget the marked modalities or this one."""
        names = [modality.name for modality in self._chosen()]
        if not names:
            return
        text = f"Forget {', '.join(names)}?\nIt is taken out of {self.station.config_path}."
        self.app.push_screen(
            Confirm("Delete from the configuration", text, "Delete"),
            lambda yes: self._remove(names) if yes else None,
        )

    @on(RowTable.RowOpened)
    async def _opened(self) -> None:
        await self.run_action("edit")

    # -- echo

    def _echo(self, modalities: Sequence[Modality]) -> None:
        if not modalities:
            self.say("There is no modality yet: a adds one.")
        for modality in modalities:
            if modality.name not in self._calling:
                self._calling.add(modality.name)
                self._show(modality)
                self.calls.ask(
                    partial(self._call, modality),
                    partial(self._take, modality.name),
                    failed=partial(self._failed, modality.name),
                )

    def _call(self, modality: Modality) -> Outcome:
        with self._slots:
            return self.station.echo(modality)

    def _take(self, name: str, outcome: Outcome) -> None:
        self._tested[name] = (outcome, time.time())
        self._calling.discard(name)
        self._show_named(name)

    def _failed(self, name: str, error: ModalittyError) -> None:
        self._calling.discard(name)
        self._show_named(name)
        self.fault(error)

    # -- edit

    def _form(self, title: str, start: Modality | None, replaces: str) -> None:
        others = [m for m in self.station.modalities.all() if m.name != replaces]
        own = self.station.settings.station.ae_title
        form = ModalityForm(title, start=start, others=others, own_ae_title=own)
        self.app.push_screen(form, lambda value: self._put(value, replaces) if value else None)

    def _put(self, value: Modality, replaces: str) -> None:
        self.calls.ask(
            lambda: self.station.modalities.put(value, replaces=replaces),
            lambda warnings: self._saved(value, replaces, warnings),
            failed=lambda error: self._refused(value, replaces, error),
        )

    def _refused(self, value: Modality, replaces: str, error: ModalittyError) -> None:
        """Open the form again with what was typed, under the reason."""
        self._form(f"Edit {value.name}", value, replaces)
        self.fault(error)

    def _saved(self, value: Modality, replaces: str, warnings: Sequence[str]) -> None:
        self._tested.pop(replaces, None)
        self._show_all()
        if value.name in self.table.visible_keys:
            self.table.move_cursor(self.table.visible_keys.index(value.name))
        for warning in warnings:
            self.say(warning, Severity.WARNING)

    def _remove(self, names: Sequence[str]) -> None:
        def remove() -> None:
            for name in names:
                self.station.modalities.remove(name)

        self.calls.ask(remove, lambda _: self._show_all())

    # -- show

    def _current(self) -> Modality | None:
        key = self.table.cursor_key
        return next((m for m in self.station.modalities.all() if m.name == key), None)

    def _chosen(self) -> list[Modality]:
        keys = set(self.table.selected())
        return [m for m in self.station.modalities.all() if m.name in keys]

    def _show_all(self) -> None:
        modalities = self.station.modalities.all()
        self.table.set_rows([(m.name, self._values(m)) for m in modalities])
        self._tell()

    def _show_named(self, name: str) -> None:
        for modality in self.station.modalities.all():
            if modality.name == name:
                self._show(modality)

    def _show(self, modality: Modality) -> None:
        self.table.update_row(modality.name, self._values(modality))
        if modality.name == self.table.cursor_key:
            self._tell()

    def _values(self, modality: Modality) -> dict[str, object]:
        outcome, _ = self._tested.get(modality.name, (None, 0.0))
        state = WORDS[outcome.state] if outcome else NOT_TRIED
        fault = outcome.meaning if outcome and not outcome.ok else ""
        return {
            "name": modality.name,
            "state": CALLING if modality.name in self._calling else state,
            "ae_title": modality.ae_title,
            "address": f"{modality.host}:{modality.port}",
            "seconds": outcome.seconds if outcome and outcome.ok else None,
            "note": fault or modality.comment,
        }

    @on(RowTable.RowHighlighted)
    def _tell(self) -> None:
        modality = self._current()
        self.query_one("#words", Static).update(self._words(modality) if modality else EMPTY)

    def _words(self, modality: Modality) -> Content:
        where = f"{modality.name}: {modality.ae_title} at {modality.host}:{modality.port}"
        may = ", ".join(op.value for op in modality.allow) or "nothing"
        lines = [safe_content(where, "bold"), safe_content(f"It may ask of us: {may}")]
        if ways := _ways(modality):
            lines.append(safe_content(ways))
        if modality.comment:
            lines.append(safe_content(modality.comment, "$text-muted"))
        outcome, at = self._tested.get(modality.name, (None, 0.0))
        if modality.name in self._calling:
            lines.append(Content.styled("… Calling", "$text-accent"))
        elif outcome:
            when = time.strftime("%H:%M:%S", time.localtime(at))
            lines += [Content.styled(f"C-ECHO at {when}", "$text-muted"), outcome_lines(outcome)]
        else:
            lines.append(Content.styled("○ Not tried yet: e echoes it", "$text-muted"))
        return Content("\n").join(lines)


def _ways(modality: Modality) -> str:
    """How we deal with it, where that is not as usual."""
    ways = ["retrieve by C-GET"] if modality.retrieve is Retrieve.GET else []
    if modality.tls:
        ways.append("by TLS" + (f" to {modality.tls_host_name}" if modality.tls_host_name else ""))
    if modality.max_jobs != DEFAULT_JOBS:
        ways.append(f"{modality.max_jobs} transfers at once")
    return f"We call it: {', '.join(ways)}" if ways else ""


EMPTY = Content.assemble(
    ("No modalities yet.\n", "bold"), "a adds the first: a scanner, a PACS, a workstation."
)
