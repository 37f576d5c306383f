"""What the object in sight says that is no picture, and the document embedded in it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from core.errors import ModalittyError
from core.model import Document, ObjectReference
from core.station import Station
from tui.calls import Calls
from tui.document_lines import row_text
from tui.embedded_file import save
from tui.screens.dialogs import Prompt, Reader
from tui.widgets.document_view import DocumentView
from tui.widgets.waveform_plot import WaveformPlot


class DocumentPane(Vertical):
    """The document of one object, loaded aside; of several wishes the last one counts."""

    class Loaded(Message):
        """Another document is there than before, or none: `fault` says why."""

        def __init__(self, fault: ModalittyError | None = None) -> None:
            super().__init__()
            self.fault = fault

    class Wanted(Message):
        """An object that the document points to is to be in sight."""

        def __init__(self, reference: ObjectReference) -> None:
            super().__init__()
            self.reference = reference

    class Exported(Message):
        """The embedded document has been written to a file."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    def __init__(self, station: Station, calls: Calls) -> None:
        super().__init__(id="document")
        self.document: Document | None = None
        self._is_reading = False
        self._station, self._calls = station, calls
        self._uid = ""

    def compose(self) -> ComposeResult:
        """Curves, where there are any, above the lines."""
        plot = WaveformPlot()
        plot.display = False
        yield plot
        yield DocumentView()

    @property
    def plot(self) -> WaveformPlot:
        """What draws its curves; not to be seen where there are none."""
        return self.query_one(WaveformPlot)

    @property
    def view(self) -> DocumentView:
        """What shows it."""
        return self.query_one(DocumentView)

    def document_of(self, uid: str) -> Document | None:
        """The document, if it is this object's."""
        return self.document if uid == self._uid else None

    def has_read(self, uid: str) -> bool:
        """Whether it is known if this object has a document."""
        return uid == self._uid and not self._is_reading

    def caption(self) -> list[str]:
        """What there is to be read, and what can be done with it."""
        if self.document is None:
            return []
        attached = self.document.attachment
        out = f"X: write the {attached.extension[1:].upper()} to a file" if attached else ""
        moves = "curves: ←→ +- 0, ↑↓ enter" if self.document.plots else ""
        return [part for part in (self.document.sop_class, out, moves) if part]

    def want(self, uid: str, *, again: bool = False) -> None:
        """Read the document of an object held here, unless that has been done.

        With `again` also where it was found to have none, which is then told once more.
        """
        if uid == self._uid and not again:
            return
        self._uid, self.document, self._is_reading = uid, None, True
        self._calls.ask(
            lambda: self._station.objects.document(uid),
            self._take,
            group="document",
            failed=partial(self._take, None),
        )

    def take_keys(self) -> None:
        """Let keys go to the curves, or to the lines."""
        self.screen.set_focus(self.plot if self.plot.display else self.view.table)

    def find(self) -> None:
        """Ask which lines to show."""
        self.view.action_filter()

    def show_again(self) -> None:
        """Show the same document anew, as the mask has been put on or taken off."""
        self._show_all()

    def to_copy(self) -> tuple[str, str] | None:
        """The row under the cursor, and what it is called; None without one."""
        row = self.view.document_table.current
        return None if row is None else (row_text(row), row.label or "line")

    def export(self) -> bool:
        """Ask where to write the embedded document, and write it; False where there is none."""
        if self.document is None or self.document.attachment is None:
            return False
        attachment, uid = self.document.attachment, self._uid

        def write(name: str | None) -> None:
            if not name:
                return
            self._calls.ask(
                lambda: save(
                    Path(name.strip()), attachment, lambda: self._station.objects.embedded(uid)
                ),
                self._exported,
            )

        text = f"Write the {attachment.extension[1:].upper()} to a new file:"
        self.app.push_screen(
            Prompt("Export", text, f"~/document{attachment.extension}", verb="Write"), write
        )
        return True

    def _exported(self, path: Path) -> None:
        self.post_message(self.Exported(path))

    def _take(self, document: Document | None, fault: ModalittyError | None = None) -> None:
        self.document, self._is_reading = document, False
        self._show_all()
        self.post_message(self.Loaded(fault))

    def _show_all(self) -> None:
        plots = self.document.plots if self.document else ()
        self.plot.display = bool(plots)
        self.plot.show(plots)
        self.view.show(self.document)

    @on(DocumentView.ReferenceOpened)
    def _reference_opened(self, event: DocumentView.ReferenceOpened) -> None:
        event.stop()
        self.post_message(self.Wanted(event.reference))

    @on(DocumentView.RowOpened)
    def _row_opened(self, event: DocumentView.RowOpened) -> None:
        event.stop()
        row = event.row
        said = [row_text(row)]
        said += [f"{word}: {text}" for word, text in _details(row.code, row.relationship) if text]
        self.app.push_screen(Reader(row.label or "Document", "\n".join(said)))


def _details(code: str, relationship: str) -> tuple[tuple[str, str], ...]:
    return ("code", code), ("relationship", relationship.lower())
