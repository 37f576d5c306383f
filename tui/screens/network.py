"""Every modality, and whether the link to it works."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.errors import ModalittyError
from core.events import Severity
from core.model import Candidate, Modality, Outcome, Visitor
from tui.bridge import News
from tui.commands import Place, bindings
from tui.safe_text import safe_content
from tui.screens.callers import CallersDialog
from tui.screens.dialogs import Confirm, Prompt
from tui.screens.doctor import DoctorDialog
from tui.screens.import_modalities import ImportDialog
from tui.screens.modality_form import ModalityForm
from tui.screens.modality_words import COLUMNS, EMPTY, modality_words, row_values
from tui.screens.place import PlaceScreen, QueryPeer
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.path_suggester import PathSuggester
from tui.widgets.row_table import RowTable
from tui.widgets.words import Words

AT_ONCE = 16
"""Links tested at the same time."""
USUAL_FILES = ("/etc/orthanc/orthanc.json", "/etc/dcmtk/dcmqrscp.cfg")
"""Where Debian has the files that modalities can be imported from."""


class NetworkScreen(PlaceScreen):
    """The modalities as a table, and the one under the cursor in words below it."""

    PLACE = Place.NETWORK
    BINDINGS: ClassVar = bindings(Place.NETWORK)

    def body(self) -> ComposeResult:
        """The table, and the detail pane."""
        yield FilteredTable(
            RowTable(COLUMNS, id="modalities", empty="no modalities yet: a adds one")
        )
        yield Static(id="turned-away", markup=False)
        with VerticalScroll(id="detail", can_focus=False):
            yield Words(id="words", markup=False)

    def on_mount(self) -> None:
        """Show what is configured."""
        self._calling: set[str] = set()
        self._answered: dict[str, bool] = {}
        self._turned_away: tuple[int, str] = (0, "")
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._show_all()
        self.table.focus()

    @property
    def table(self) -> RowTable:
        """The table of modalities."""
        return self.query_one(RowTable)

    def heard(self, news: News) -> None:
        """Take edits and echoes from wherever they come."""
        for name, _ in news.tested:
            self._tell_of_change(name)
            self._show_named(name)
        if news.modalities_changed:
            self._show_all()
        if news.traffic:
            self._count_turned_away()

    # -- commands

    def action_echo(self) -> None:
        """Echo the marked modalities, or the one under the cursor."""
        self._echo(self._chosen())

    def action_echo_all(self) -> None:
        """Echo every modality."""
        self._echo(self.station.modalities.all())

    def action_query(self) -> None:
        """Go to Query with the marked modalities, or this one."""
        if modalities := self._chosen():
            self.post_message(QueryPeer(*(modality.name for modality in modalities)))

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

    def action_doctor(self) -> None:
        """Find out why this link does not work, or that it does."""
        if modality := self._current():
            self.app.push_screen(DoctorDialog(self.station, modality))

    def action_watch(self) -> None:
        """Echo the chosen modalities every few seconds, and say when one comes or goes."""
        for modality in self._chosen():
            on = not self.station.links.one(modality.name).watched
            self.station.links.watch(modality.name, on=on)
            self.say(f"Watching {modality.name}." if on else f"No longer watching {modality.name}.")
            self._show(modality)

    def action_callers(self) -> None:
        """Show who called us, and who was turned away."""
        dialog = CallersDialog(self.station.doctor.visitors(), may_add=not self.session.read_only)
        self.app.push_screen(dialog, self._add_caller)

    def _add_caller(self, visitor: Visitor | None) -> None:
        if visitor is not None:
            start = Modality(ae_title=visitor.calling, host=visitor.host, port=104)
            self._form("Add a modality", start, "")

    def action_import_file(self) -> None:
        """Ask for the configuration of an Orthanc or a dcmqrscp, and show what it would bring."""
        text = "An Orthanc configuration (a JSON or its folder), or a dcmqrscp.cfg:"
        start = next((path for path in USUAL_FILES if Path(path).exists()), "")
        prompt = Prompt("Import modalities", text, start, verb="Read", suggester=PathSuggester())
        self.app.push_screen(prompt, lambda name: self._read(name) if name else None)

    def _read(self, name: str) -> None:
        self.calls.ask(
            lambda: self.station.modalities.candidates(Path(name).expanduser()),
            partial(self._preview, name),
        )

    def _preview(self, name: str, found: Sequence[Candidate]) -> None:
        self.app.push_screen(ImportDialog(name, found), self._import)

    def _import(self, chosen: Sequence[Candidate] | None) -> None:
        if not chosen:
            return
        self.calls.ask(
            lambda: self.station.modalities.take(chosen, replace=True),
            lambda count: self.say(f"Took {count} modalities." if count > 1 else "Took it."),
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
                    lambda _, name=modality.name: self._over(name),  # type: ignore[misc]
                    failed=partial(self._failed, modality.name),
                )

    def _call(self, modality: Modality) -> Outcome:
        with self._slots:
            return self.station.echo(modality)

    def _over(self, name: str) -> None:
        self._calling.discard(name)
        self._show_named(name)

    def _failed(self, name: str, error: ModalittyError) -> None:
        self._over(name)
        self.fault(error)

    def _tell_of_change(self, name: str) -> None:
        """Say when a modality that is watched begins to answer, or no longer does."""
        link = self.station.links.one(name)
        if link.outcome is None:
            return
        before = self._answered.get(name)
        self._answered[name] = link.outcome.ok
        if link.watched and before is not None and before != link.outcome.ok:
            if link.outcome.ok:
                self.say(f"{name} answers again.")
            else:
                self.say(f"{name} no longer answers: {link.outcome.meaning}", Severity.WARNING)

    def _count_turned_away(self) -> None:
        """Say under the table how many callers were refused when they last called."""
        away = [v for v in self.station.doctor.visitors() if v.turned_away]
        told = (len(away), away[0].calling if away else "")
        if told == self._turned_away:
            return
        self._turned_away = told
        line = self.query_one("#turned-away", Static)
        line.display = bool(away)
        if away:
            who = f'"{away[0].calling}" at {away[0].host}' if away[0].calling else away[0].host
            more = f" and {len(away) - 1} more" if len(away) > 1 else ""
            line.update(safe_content(f"! Turned away: {who}{more} – u shows why", "$text-warning"))
        self._tell()

    # -- edit

    def _form(self, title: str, start: Modality | None, replaces: str) -> None:
        others = [m for m in self.station.modalities.all() if m.name != replaces]
        form = ModalityForm(title, start=start, others=others, station=self.station)
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

    @on(RowTable.RowHighlighted)
    def _tell(self) -> None:
        modality = self._current()
        self.query_one("#words", Words).update(self._words(modality) if modality else EMPTY)

    def _values(self, modality: Modality) -> dict[str, object]:
        link = self.station.links.one(modality.name)
        return row_values(modality, link, calling=modality.name in self._calling)

    def _words(self, modality: Modality) -> Content:
        return modality_words(
            modality,
            self.station.links.one(modality.name),
            self.station.doctor.visits_of(modality),
            calling=modality.name in self._calling,
            room=self.size.width - 60,
        )
