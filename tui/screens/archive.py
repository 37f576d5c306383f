"""What is held here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content

from core.model import Level, LookupHit, Match, Modality, Outcome, Query, Ref
from tui.bridge import News
from tui.commands import Place, bindings, in_part
from tui.levels import Step, as_values, counted
from tui.mask import sensitive
from tui.screens.archive_care import ArchiveCare
from tui.screens.compare import CompareScreen
from tui.screens.dialogs import Choice, Choose, Confirm, Prompt
from tui.screens.listing import Listing
from tui.widgets.path_suggester import PathSuggester

REST = 1.0
"""Seconds between two refreshes at least, while objects come in."""
MOMENT = 0.25
"""Seconds until what came meanwhile is read for whoever comes back: first one sees what was."""


class ArchiveScreen(ArchiveCare):
    """Studies, series and instances of the own archive."""

    PLACE = Place.ARCHIVE
    BINDINGS: ClassVar = bindings(Place.ARCHIVE)

    def body(self) -> ComposeResult:
        """The tables."""
        yield from self.tables()

    def on_mount(self) -> None:
        """List nothing yet: that is done when somebody looks."""
        everywhere = in_part(Place.EVERYWHERE, self.session.keys)
        self._elsewhere = {key for command in everywhere for key in command.key_list}
        self._stale = False
        self._refreshing = False
        self._rest = REST
        self._read = 0.0

    def source(self, query: Query, cancel: threading.Event) -> Iterator[Match | Outcome]:
        """List what is held."""
        for match in self.station.archive.list(query):
            if cancel.is_set():
                return
            yield match

    def takes(self, key: str) -> bool:
        """What may be about a row waits for the first of them: they come from here, and soon."""
        is_empty = not self.path or (self.here.running and not self.here.matches)
        return super().takes(key) and not (is_empty and key and key not in self._elsewhere)

    def place_name(self) -> str:
        """The top of the way down."""
        return "Archive"

    # -- keeping up with what comes in

    def heard(self, news: News) -> None:
        """Refresh soon after objects came or went."""
        if news.archive_changed and not self._stale:
            self._stale = True
            self.set_timer(self._rest, self._refresh_soon)

    def on_screen_resume(self) -> None:
        """List the studies for whoever looks first, then show what came meanwhile."""
        if self.is_current and not self.path:
            self._stale = False
            self.restart(Step(Level.STUDY))
        elif self._stale:
            due = self._read + self._rest - time.monotonic()
            self.set_timer(max(MOMENT, due), self._refresh_soon)

    def _refresh_soon(self) -> None:
        if self._stale and self.path and self.is_current:
            self.action_refresh()

    def action_refresh(self) -> None:
        """Read the level in sight again; the cursor stays on its row."""
        listing = self.here
        if listing.running or self._refreshing:
            self.set_timer(self._rest, self._refresh_soon)
            return
        self._stale, self._refreshing = False, True
        query, began = listing.step.query(self.root), time.monotonic()
        self.calls.ask(
            lambda: list(self.station.archive.list(query)),
            partial(self._replace, listing, began),
            group="refresh",
        )

    def _replace(self, listing: Listing, began: float, matches: list[Match]) -> None:
        self._refreshing = False
        self._read = time.monotonic()
        self._rest = max(REST, 5 * (self._read - began))
        if listing not in self.path:  # gone elsewhere meanwhile: the table shows other rows
            return
        listing.matches = {}
        rows = listing.add(matches)
        self.table_named(listing.step.table).set_rows([(k, as_values(m.values)) for k, m in rows])
        self.show_outcome()

    def show_level(self) -> None:
        """Show a level; what changed meanwhile is read again."""
        super().show_level()
        if len(self.path) > 1:
            # Whoever goes down into a study is about to look at a picture.
            self.calls.ask(self.station.objects.warm_up, lambda _: None)
        if not self.here.running:
            self.action_refresh()

    def show_outcome(self) -> None:
        """Say how it goes; of an empty table only when it is known to be empty."""
        super().show_outcome()
        if self.path:
            self.table.say_empty("" if self.here.running else "nothing is held here")

    def outcome_words(self, listing: Listing) -> Content:
        """How many are held; what to do where there is nothing."""
        if not listing.running and not listing.matches and len(self.path) == 1:
            return Content("Nothing is held yet: retrieve in Query (2), or import with I.")
        if listing.outcome:
            return super().outcome_words(listing)
        return Content(counted(listing.step.level, len(listing.matches)))

    # -- commands

    def action_send(self) -> None:
        """Ask whom to, then send the marked rows or this one."""
        refs = self.chosen()
        modalities = self.station.modalities.all()
        if not refs or not modalities:
            self.say("There is nothing to send." if modalities else "Add a modality first (1).")
            return
        label = self.label()
        text = f"{label}\nby C-STORE to:"
        self.app.push_screen(
            Choose("Send", _choices(modalities), text=text), partial(self._send, refs, label)
        )

    def _send(self, refs: Sequence[Ref], label: str, name: str | None) -> None:
        if name is not None:
            self.calls.ask(
                lambda: self.station.jobs.send(self.station.modalities.get(name), refs=refs),
                partial(self.started, label),
            )

    def action_commit(self) -> None:
        """Ask whom, then ask whether it keeps the marked rows or this one for good."""
        refs = self.chosen()
        modalities = self.station.modalities.all()
        if not refs or not modalities:
            self.say("There is nothing to ask for." if modalities else "Add a modality first (1).")
            return
        label = self.label()
        text = f"{label}\nDoes it keep this for good (storage commitment)? Ask:"
        self.app.push_screen(
            Choose("Commit", _choices(modalities), text=text), partial(self._commit, refs, label)
        )

    def _commit(self, refs: Sequence[Ref], label: str, name: str | None) -> None:
        if name is not None:
            self.calls.ask(
                lambda: self.station.jobs.commit(self.station.modalities.get(name), refs),
                partial(self.started, label),
            )

    def action_export(self) -> None:
        """Ask for a place, then write the marked rows or this one there, with a DICOMDIR."""
        refs = self.chosen()
        if not refs:
            self.say("There is nothing under the cursor to export.")
            return
        label = self.label()
        text = f"{label}\nwith a DICOMDIR, to a new folder, or to a new file that ends in .zip:"
        name = f"~/dicom-{time.strftime('%Y%m%d-%H%M%S')}"
        prompt = Prompt(
            "Export", text, name, check=_target_fault, verb="Export", suggester=PathSuggester()
        )
        self.app.push_screen(prompt, partial(self._export_objects, refs, label))

    def _export_objects(self, refs: Sequence[Ref], label: str, text: str | None) -> None:
        if text:
            target = Path(text.strip()).expanduser()
            self.calls.ask(
                lambda: self.station.jobs.export(refs, target),
                partial(self.started, f"{label} to {target.absolute()}"),
            )

    def action_import_path(self) -> None:
        """Ask for a path, then import what is there."""
        text = "A DICOM file, a DICOMDIR, a zip, or a folder with all below it:"
        prompt = Prompt("Import", text, check=_path_fault, verb="Import", suggester=PathSuggester())
        self.app.push_screen(prompt, self._import)

    def _import(self, text: str | None) -> None:
        if text:
            path = Path(text).expanduser()
            self.calls.ask(
                lambda: self.station.jobs.import_files([path]),
                partial(self.started, sensitive(text)),
            )

    def action_compare(self) -> None:
        """Say in what the two marked objects or series differ."""
        refs = self.chosen()
        level = refs[0].level if refs else None
        if len(refs) != 2 or level not in (Level.SERIES, Level.IMAGE):
            self.say("Mark two series or two objects first: what differs is shown then.")
            return
        left, right = refs
        objects, over = self.station.objects, threading.Event()
        if level is Level.SERIES:
            title = f"{left.series_uid}  {right.series_uid}"
            work = partial(objects.compare_series, left, right, over.is_set)
        else:
            title = f"{left.sop_instance_uid}  {right.sop_instance_uid}"
            work = partial(objects.compare, left.sop_instance_uid, right.sop_instance_uid)
        self.app.push_screen(CompareScreen(self.session, title, work, over.set))

    def action_delete(self) -> None:
        """Ask, then delete the marked rows or this one."""
        refs = self.chosen()
        if not refs:
            return
        text = f"{counted(refs[0].level, len(refs))}"
        if len(refs) == 1:
            text += f": {self.label()}"
        text += "\nThe files are removed from this station for good."
        self.app.push_screen(
            Confirm("Delete", text, "Delete"), lambda yes: self._delete(refs) if yes else None
        )

    def _delete(self, refs: Sequence[Ref]) -> None:
        self.calls.ask(lambda: self.station.archive.delete(refs), self._deleted)

    def _deleted(self, count: int) -> None:
        self.table.action_mark_all("none")
        self.say(f"Deleted {counted(Level.IMAGE, count)}.")
        self.action_refresh()

    # -- look-up

    def action_lookup(self) -> None:
        """Ask for an identifier, then go to what it names."""
        text = "PatientID, AccessionNumber, or a Study, Series or SOP Instance UID:"
        self.app.push_screen(Prompt("Look up", text, verb="Look up"), self._lookup)

    def _lookup(self, value: str | None) -> None:
        if value and value.strip():
            self.calls.ask(
                lambda: self.station.archive.lookup(value.strip()),
                partial(self._found, value.strip()),
                leads=True,
            )

    def _found(self, value: str, hits: tuple[LookupHit, ...]) -> None:
        if not hits:
            self.say(f"Nothing here has the identifier {sensitive(value)}.")
        elif len(hits) == 1:
            self._go_to(hits[0])
        else:
            choices = [
                Choice(str(n), sensitive(hit.label), hit.keyword) for n, hit in enumerate(hits)
            ]
            self.app.push_screen(
                Choose(f"{len(hits)} found", choices),
                lambda chosen: self._go_to(hits[int(chosen)]) if chosen else None,
            )

    def _go_to(self, hit: LookupHit) -> None:
        ref = hit.ref
        below = ref.level.below
        if below is None:
            self.calls.ask(
                lambda: self.station.archive.instances(ref), partial(self.inspect, ref), leads=True
            )
            return
        self.restart(Step(Level.STUDY))
        self.go(Step(below, ref, sensitive(hit.label)))


def _choices(modalities: Sequence[Modality]) -> list[Choice]:
    return [Choice(m.name, m.name, f"{m.ae_title} {m.host}:{m.port}") for m in modalities]


def _target_fault(text: str) -> str:
    """Say what stands against a file or folder for an export; the station looks closer."""
    if not text.strip():
        return "a path, please"
    try:
        path = Path(text.strip()).expanduser()
        if path.is_dir():
            return "this folder is not empty" if any(path.iterdir()) else ""
        return "there is such a file already: nothing is overwritten" if path.exists() else ""
    except (OSError, RuntimeError, ValueError) as error:
        return f"not a path: {error}"


def _path_fault(text: str) -> str:
    if not text.strip():
        return "a path, please"
    try:
        return "" if Path(text).expanduser().exists() else "there is no such file or folder"
    except (OSError, RuntimeError, ValueError) as error:
        return f"not a path: {error}"
