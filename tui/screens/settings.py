"""What is configured, where it is kept, and what it means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from core.errors import ListenError, ModalittyError
from core.settings import (
    Clock,
    ColorDepth,
    DateStyle,
    Duplicates,
    Protocol,
    Settings,
    SizeUnits,
    TlsListen,
    TlsVersion,
    UnknownCallers,
    WhenFull,
    ae_title_fault,
)
from core.station.files import UsedFile
from tui import kept, query_memory, units
from tui.bridge import News
from tui.commands import Place, bindings
from tui.mask import MASK
from tui.opening import log_path
from tui.safe_text import safe_content
from tui.screens.dialogs import Choice, Choose, Prompt
from tui.screens.place import PlaceScreen
from tui.themes import theme_for
from tui.widgets.filter_bar import FilteredTable
from tui.widgets.row_columns import Column
from tui.widgets.row_table import RowTable
from tui.widgets.words import Words

COLUMNS = (
    Column("key", "Setting", min_width=16, max_width=40, priority=0),
    Column("value", "Value", min_width=12, max_width=60, flex=1, priority=0),
    Column("about", "Meaning", min_width=10, max_width=90, flex=2, priority=2),
)


@dataclass(frozen=True)
class Entry:
    """One setting that can be changed here: its key, what it means, what it may be."""

    key: str
    about: str
    kind: type = str

    def value(self, settings: Settings) -> object:
        """What it is now."""
        found: object = settings
        for part in self.key.split("."):
            found = getattr(found, part)
        return found

    @property
    def choices(self) -> tuple[str, ...]:
        """The values it may have, where they are few."""
        if self.kind is bool:
            return ("true", "false")
        if issubclass(self.kind, Enum):
            return tuple(str(member.value) for member in self.kind)
        return ()

    def parse(self, text: str) -> object:
        """A typed value; ValueError says what is wrong with it."""
        if self.kind is bool:
            return text == "true"
        if self.key == "station.ae_title" and (fault := ae_title_fault(text)):
            raise ValueError(fault)
        if self.kind in (int, float):
            try:
                return self.kind(text)
            except ValueError:
                raise ValueError("a number, please") from None
        if self.kind is tuple:
            return [part.strip() for part in text.split(",") if part.strip()]
        return text.strip()


ENTRIES = (
    Entry("station.ae_title", "Our own AE title; peers must list it to let us in."),
    Entry("station.host", "The address we listen on: 0.0.0.0 is every interface."),
    Entry("station.port", "The TCP port we listen on.", int),
    Entry(
        "station.accept.unknown_callers",
        "What callers may do whose AE title is not in Network.",
        UnknownCallers,
    ),
    Entry(
        "station.accept.check_called_ae_title", "Refuse callers that call us by another name.", bool
    ),
    Entry(
        "station.accept.transfer_syntaxes",
        "Transfer syntaxes taken: UIDs with * and ?, separated by commas.",
        tuple,
    ),
    Entry(
        "station.accept.sop_classes",
        "Storage SOP classes taken: UIDs with * and ?, separated by commas.",
        tuple,
    ),
    Entry(
        "station.tls.listen", "Take TLS: beside the plain port, or only; needs files.", TlsListen
    ),
    Entry("station.tls.port", "The TCP port we listen on for TLS.", int),
    Entry("station.tls.certificate", "PEM file with our certificate, for TLS both ways."),
    Entry("station.tls.key", "PEM file with its private key; empty: in the same file."),
    Entry("station.tls.ca", "PEM file with the certificates we trust: CAs, or single peers."),
    Entry(
        "station.tls.require_client_certificate",
        "Refuse callers by TLS without a certificate that we trust.",
        bool,
    ),
    Entry("station.tls.minimum_version", "The oldest version of TLS that is spoken.", TlsVersion),
    Entry("station.connect_timeout", "Seconds to wait for TCP to connect.", float),
    Entry("station.acse_timeout", "Seconds to wait for an association to be answered.", float),
    Entry("station.dimse_timeout", "Seconds to wait for an answer to a message.", float),
    Entry("station.echo_interval", "Seconds between two echoes to each modality; 0: none.", float),
    Entry("station.network_timeout", "Seconds until a silent peer is dropped.", float),
    Entry(
        "station.commit_timeout", "Seconds to wait for a commitment on the same association.", float
    ),
    Entry("station.commit_report_timeout", "Seconds to wait for a commitment in all.", float),
    Entry("station.max_associations", "Associations served at once.", int),
    Entry(
        "station.max_associations_per_address", "Associations served at once for one address.", int
    ),
    Entry("station.max_jobs", "Transfers that run at once; the others wait.", int),
    Entry("station.max_matches", "Most matches that a query is answered with; 0: no limit.", int),
    Entry("station.max_object_mib", "The largest object taken, in MiB.", int),
    Entry("archive.duplicates", "What happens to an object that is held already.", Duplicates),
    Entry("archive.quota_mib", "Most that all objects may take, in MiB; 0: no limit.", int),
    Entry("archive.when_full", "What happens to an object beyond the quota.", WhenFull),
    Entry("archive.stable_after", "Seconds without a new object: a study is complete.", float),
    Entry("archive.burst_mib", "Disk kept ready for objects that come at once, in MiB.", int),
    Entry("preview.protocol", "How pictures are drawn; auto asks the terminal.", Protocol),
    Entry("preview.color", "Colours of block pictures.", ColorDepth),
    Entry("ui.theme", "Colours of this console."),
    Entry("ui.mask_phi", "Start with patients hidden; M hides and shows them now.", bool),
    Entry("ui.restore", "Start where the last session ended.", bool),
    Entry("ui.dates", "Dates as 2024-01-31, 31.01.2024 or 01/31/2024.", DateStyle),
    Entry("ui.clock", "Times of day as 13:45 or 1:45 PM.", Clock),
    Entry("ui.sizes", "Sizes in kB and MB, or in KiB and MiB.", SizeUnits),
)

FILE = "file:"
"""Begins the rows of files; no setting begins so."""
_OF_WHAT_IS_SHOWN = ("ui.dates", "ui.clock", "ui.sizes")


class SettingsScreen(PlaceScreen):
    """The settings as a table; the files in use below it."""

    PLACE = Place.SETTINGS
    BINDINGS: ClassVar = bindings(Place.SETTINGS)

    def body(self) -> ComposeResult:
        """The table, and the files."""
        yield FilteredTable(RowTable(COLUMNS, id="settings"))
        yield Words(id="words", markup=False)

    def on_mount(self) -> None:
        """Show what is configured."""
        self._show()
        self.table.focus()

    @property
    def table(self) -> RowTable:
        """The table of settings."""
        return self.query_one(RowTable)

    def heard(self, news: News) -> None:
        """Show where we listen, when that changes."""
        if news.listening:
            self._show()

    def action_edit(self) -> None:
        """Ask for another value."""
        entry = self._current()
        if entry is None:
            if str(self.table.cursor_key).startswith(FILE):
                self.say("This is where it lies; y copies the path.")
            return
        now = _text(entry.value(self.station.settings))
        choices = entry.choices
        if entry.key == "ui.theme":
            choices = tuple(sorted(self.app.available_themes))
        if choices:
            options = [Choice(choice, choice) for choice in choices]
            dialog = Choose(entry.key, options, text=entry.about, selected=now)
            self.app.push_screen(dialog, partial(self._change, entry))
        else:
            prompt = Prompt(entry.key, entry.about, now, check=partial(_fault, entry), verb="Save")
            self.app.push_screen(prompt, partial(self._change, entry))

    @on(RowTable.RowOpened)
    async def _opened(self) -> None:
        await self.run_action("edit")

    def _change(self, entry: Entry, text: str | None) -> None:
        if text is not None and text != _text(entry.value(self.station.settings)):
            value = entry.parse(text)
            self.calls.ask(
                lambda: self.station.change(entry.key, value),
                lambda _: self._changed(entry),
                failed=self._is_refused,
            )

    def _changed(self, entry: Entry) -> None:
        if entry.key == "ui.theme":
            self.app.theme = theme_for(self.app, self.station.settings.ui.theme)
        if entry.key in _OF_WHAT_IS_SHOWN:
            units.use(self.station.settings.ui)
            self.session.masked.publish(MASK.on)  # whoever shows something shows it anew
        self._listens("")

    def _is_refused(self, error: ModalittyError) -> None:
        if isinstance(error, ListenError):
            self._listens(error.message)
        self.fault(error)

    def _listens(self, fault: str) -> None:
        """Say where we listen now, or why we do not, here and in the status bar."""
        self.session.status.no_listener(fault)
        self.session.news.publish(News())
        self._show()

    def _about_file(self) -> str:
        """The path in full, which the table may have no room for."""
        key = self.table.cursor_key
        return next((str(f.path) for f in self._files() if f"{FILE}{f.name}" == key), "")

    def _current(self) -> Entry | None:
        return next((e for e in ENTRIES if e.key == self.table.cursor_key), None)

    def _files(self) -> Iterable[UsedFile]:
        """Every file in use: the station's, and this console's own."""
        data = self.station.data_folder
        yield from self.station.files()
        yield UsedFile("log", log_path(self.station), "What went wrong, and when.")
        yield UsedFile("session", data / kept.FILE_NAME, "Where the last session ended.")
        queries = data / "console" / query_memory.FILE_NAME
        yield UsedFile("queries", queries, "Saved queries, and those asked before.")

    def _show(self) -> None:
        settings = self.station.settings
        rows: list[tuple[str, dict[str, object]]] = [
            (e.key, {"key": e.key, "value": _text(e.value(settings)), "about": e.about})
            for e in ENTRIES
        ]
        rows += [
            (
                f"{FILE}{file.name}",
                {"key": f"{FILE} {file.name}", "value": str(file.path), "about": file.about},
            )
            for file in self._files()
        ]
        self.table.set_rows(rows)
        self._tell()

    @on(RowTable.RowHighlighted)
    def _tell(self) -> None:
        entry = self._current()
        address = self.station.listening
        listening = f"{address[0]}:{address[1]}" if address else "not listening"
        lines = [
            safe_content(entry.about if entry else self._about_file(), "bold"),
            safe_content(f"Listening:     {listening}"),
            safe_content(f"Configuration: {self.station.config_path}"),
            safe_content(f"Data:          {self.station.data_folder}"),
        ]
        self.query_one("#words", Words).update(Content("\n").join(lines))


def _fault(entry: Entry, text: str) -> str:
    try:
        entry.parse(text)
    except ValueError as error:
        return str(error)
    return ""


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:g}" if isinstance(value, float) else str(value)
