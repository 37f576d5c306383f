"""The screen of one object: which instance of its series is in sight, and how much of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import DescendantFocus, ScreenSuspend
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from core.errors import ModalittyError
from core.events import Severity
from core.model import Level, LookupHit, Query, Ref
from tui import units
from tui.command import Command
from tui.commands import PICTURE_PARTS, Place, bindings
from tui.mask import sensitive
from tui.safe_text import safe_content
from tui.screens.inspector.document_pane import DocumentPane
from tui.screens.inspector.object_screen import ObjectScreen
from tui.screens.inspector.picture_pane import PicturePane
from tui.screens.inspector.series_order import in_order
from tui.screens.inspector.tag_pane import TagPane
from tui.session import Session
from tui.widgets.footer_bar import FooterBar
from tui.widgets.row_columns import Column, Values

WIDE = 100
"""Columns from which tags and picture stand side by side at first."""
MOMENT = 0.12
"""Seconds without another turn, after which the tags follow."""
VIEWS = ("tags", "picture", "both")


class InspectorScreen(ObjectScreen):
    """Tags at the left, the picture at the right, or one of the two where it is narrow.

    Where there is no picture the document is in its place, if the object has anything to read.
    `ref` names an instance, or a series of which the first instance is opened.
    """

    PLACE = Place.INSPECTOR
    BINDINGS: ClassVar = bindings(Place.INSPECTOR)

    def __init__(self, session: Session, ref: Ref) -> None:
        super().__init__(session, ref)
        self._view = ""
        self._reads = False
        """Whether the document is to be in the picture's place though there is a picture."""
        self._tags_are_behind = False
        self._has_chosen = False
        """Whether a person has said what to see of the object."""
        self._timer: Timer | None = None

    def body(self) -> ComposeResult:
        """A line that says what it is; tags and picture."""
        yield Static(id="crumbs", markup=False)
        with Horizontal(id="object"):
            yield TagPane(self.station, self.calls)
            yield PicturePane(self.station, self.calls)
            yield DocumentPane(self.station, self.calls)
        yield Static(id="caption", markup=False)

    def on_mount(self) -> None:
        """Open the object, and find out what else is in its series."""
        self.show_view(self._view or ("both" if self.app.size.width >= WIDE else "tags"))
        if self.uids:
            self._open()
        self.find_series()

    def find_series(self) -> None:
        """Find out what else is in the series."""
        query = Query(
            level=Level.IMAGE,
            keys={
                "StudyInstanceUID": self.ref.study_uid,
                "SeriesInstanceUID": self.ref.series_uid,
                "SOPInstanceUID": "",
                "InstanceNumber": "",
            },
        )
        self.calls.ask(lambda: in_order(list(self.station.archive.list(query))), self._found)

    @property
    def pictures(self) -> PicturePane:
        """The picture's room."""
        return self.query_one(PicturePane)

    @property
    def documents(self) -> DocumentPane:
        """The document's room."""
        return self.query_one(DocumentPane)

    def rows_to_export(self) -> tuple[Sequence[Column], Sequence[Values], str]:
        """All elements of the object."""
        return self.tags.to_export()

    # -- loading

    def _found(self, uids: tuple[str, ...]) -> None:
        opened = self.uid
        if not uids:
            if not opened:
                self.pictures.note("nothing of it is held here")
            return
        self.uids = uids
        self.index = uids.index(opened) if opened in uids else 0
        if opened:
            self.pictures.among(uids, self.index)
            self.show_words()
        else:
            self._open()

    def _open(self) -> None:
        """Load tags and picture of the present instance."""
        self.tags.open(self.uid)
        self.pictures.open(self.uids, self.index)

    @on(TagPane.Loaded)
    def _tags_are_there(self) -> None:
        self.show_words()

    @on(PicturePane.Changed)
    def _picture_has_changed(self) -> None:
        if self._tags_are_behind and not self.pictures.cine.is_playing:
            self._follow_with_tags()
        if self.pictures.picture is None and self.uid:
            self.documents.want(self.uid)
        if self.documents.display and not self._in_place_of_picture:
            self.show_view(self._view)
        self.show_words()

    @on(DocumentPane.Loaded)
    def _document_is_there(self, event: DocumentPane.Loaded) -> None:
        if self._reads:
            self._read(event.fault)
        is_small = self.app.size.width < WIDE
        if self._in_place_of_picture and self._view == "tags" and is_small and not self._has_chosen:
            self.show_view("picture")
        elif self._in_place_of_picture != self.documents.display:
            self.show_view(self._view)
        self.show_words()

    @on(DocumentPane.Wanted)
    def _reference_wanted(self, event: DocumentPane.Wanted) -> None:
        uid = event.reference.sop_instance_uid
        self.calls.ask(lambda: self.station.archive.lookup(uid), partial(self._open_other, uid))

    def _open_other(self, uid: str, hits: Sequence[LookupHit]) -> None:
        hit = next((hit for hit in hits if hit.ref.sop_instance_uid == uid), None)
        if hit is None:
            self.say(f"not held here: {uid}", Severity.WARNING)
        else:
            self.app.push_screen(InspectorScreen(self.session, hit.ref))

    @on(DocumentPane.Exported)
    def _document_is_exported(self, event: DocumentPane.Exported) -> None:
        self.say(f"written to {event.path}")

    @property
    def _in_place_of_picture(self) -> bool:
        """Whether the document is where the picture would be."""
        has_document = self.documents.document_of(self.uid) is not None
        return has_document and (self._reads or self.pictures.picture is None)

    @on(PicturePane.InstanceWanted)
    def _instance_wanted(self, event: PicturePane.InstanceWanted) -> None:
        self._turn_to(event.index)

    def _follow_with_tags(self) -> None:
        """Load the tags once nobody has turned to another instance for a moment."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(MOMENT, self._load_tags)

    def _load_tags(self) -> None:
        if not self.pictures.cine.is_playing:
            self._tags_are_behind = False
            self.tags.open(self.uid)

    def masked(self, on: bool) -> None:
        """Hide the picture with the tags."""
        super().masked(on)
        self.tags.show_again()
        self.documents.show_again()
        self.pictures.show_again()
        self.show_words()

    def which(self) -> str:
        """Which of its series it is, in words."""
        return f"instance {self.index + 1} of {len(self.uids)}"

    def show_words(self) -> None:
        """Say what is in sight."""
        value = self.tags.value
        words = (
            self.which(),
            sensitive(units.person_name(value("PatientName"))),
            units.date(value("StudyDate")),
            value("Modality"),
            sensitive(value("SeriesDescription")),
        )
        text = "  ".join(word for word in words if word)
        self.query_one("#crumbs", Static).update(safe_content(text, "bold"), layout=False)
        caption = self.pictures.caption()
        if caption and self._view == "tags":
            caption.insert(0, "v: picture")
        document = self.documents.document_of(self.uid)
        if document is not None and not caption:
            caption = ["no picture", *self.documents.caption()]
        nothing = "loading …" if self.pictures.is_loading else "no picture"
        text = " │ ".join(caption) or nothing
        words_below = safe_content(text, "$text-muted")
        self.query_one("#caption", Static).update(words_below, layout=False)

    # -- commands

    def action_back(self) -> None:
        """Close the object."""
        self.dismiss()

    def action_keep(self) -> None:
        """Store what was fetched to be looked at; this is held here."""
        self.say("It is in the archive already.")

    def action_view(self) -> None:
        """Show tags, picture, or both."""
        self._has_chosen = True
        self.show_view(VIEWS[(VIEWS.index(self._view) + 1) % len(VIEWS)])
        self.show_words()

    def bring_tags(self) -> None:
        """Have the tags in sight, with the keys."""
        if self._view == "picture":
            self.show_view("tags")
        self.tags.take_keys()

    def show_view(self, view: str) -> None:
        """Show one of :data:`VIEWS`."""
        self._view = view
        self.tags.display = view != "picture"
        reads = self._in_place_of_picture
        self.pictures.display = view != "tags" and not reads
        self.documents.display = view != "tags" and reads
        if view == "picture":
            (self.documents if reads else self.pictures).take_keys()
        elif view == "tags" or not self.documents.has_focus_within:
            self.tags.take_keys()
        if view == "tags":
            self.pictures.rest()

    @on(DescendantFocus)
    def _keys_go_elsewhere(self) -> None:
        self.query_one(FooterBar).show_pictures(self.pictures.has_focus_within)

    @on(ScreenSuspend)
    def _nobody_looks(self) -> None:
        self.pictures.rest()

    def starting_point(self, command: Command) -> Widget | None:
        """The picture for what is done with it, or the curves."""
        if command.place is Place.CURVES:
            return self.documents.plot
        if command.place in PICTURE_PARTS:
            return self.pictures.stage
        return super().starting_point(command)

    def action_previous(self) -> None:
        """Go to the instance before."""
        self._turn_to(self.index - 1)

    def action_next(self) -> None:
        """Go to the next instance."""
        self._turn_to(self.index + 1)

    def _turn_to(self, index: int) -> None:
        if 0 <= index < len(self.uids):
            self.index = index
            self._tags_are_behind = True
            self._reads = False
            self.pictures.open(self.uids, index)
            self._follow_with_tags()
            self.show_words()

    def action_frame_back(self) -> None:
        """Go one frame back."""
        self.pictures.turn_frame(-1)

    def action_frame_on(self) -> None:
        """Go one frame on."""
        self.pictures.turn_frame(1)

    def action_window(self) -> None:
        """Use the next window."""
        self.pictures.action_window()

    def action_find(self) -> None:
        """Filter the tags, or the document."""
        if self.documents.display and (self._view == "picture" or self.documents.has_focus_within):
            self.documents.find()
            return
        if self._view == "picture":
            self.show_view("tags")
        self.tags.find()

    def action_copy(self) -> None:
        """Copy the value under the cursor."""
        pane = self.documents if self.documents.has_focus_within else self.tags
        if copied := pane.to_copy():
            self.copy(*copied)

    def action_document(self) -> None:
        """Read the document in place of the picture, or look at the picture again."""
        self._reads = not self._reads
        if not self._reads:
            self.show_view(self._view)
        elif self.documents.document_of(self.uid) is None:
            self.documents.want(self.uid, again=True)
        else:
            self._read()

    def _read(self, fault: ModalittyError | None = None) -> None:
        """Show the document that was asked for; say why where there is none."""
        if fault is not None:
            self._reads = False
            self.say(fault.message)
        else:
            self.show_view("picture" if self._view == "tags" else self._view)

    def action_extract(self) -> None:
        """Write the embedded document to a file."""
        if self.pictures.picture is None and not self.documents.has_read(self.uid):
            self.say("it is still being read")
        elif self.documents.document_of(self.uid) is None or not self.documents.export():
            self.say("nothing is embedded in this object")
