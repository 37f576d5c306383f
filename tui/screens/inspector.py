"""One object: its tags, and its picture beside them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from core.errors import ModalittyError
from core.model import ElementRow, Level, Match, Picture, Query, Ref, Window
from tui import units
from tui.commands import Place, bindings
from tui.mask import MASK, resolved, sensitive
from tui.safe_text import safe_content, safe_text
from tui.screens.dialogs import Reader
from tui.screens.place import PlaceScreen
from tui.session import Session
from tui.widgets.dataset_outline import value_of
from tui.widgets.dataset_tree import DatasetTree
from tui.widgets.image_view import ImageView
from tui.widgets.row_columns import Column, Values

WIDE = 100
"""Columns from which tags and picture stand side by side at first."""
ELEMENT_COLUMNS = (
    Column("path", "Path"),
    Column("tag", "Tag"),
    Column("vr", "VR"),
    Column("keyword", "Keyword"),
    Column("name", "Name"),
    Column("value", "Value"),
)
VIEWS = ("tags", "picture", "both")
CT_WINDOWS = (
    Window(center=40, width=80, explanation="brain"),
    Window(center=50, width=350, explanation="soft tissue"),
    Window(center=60, width=400, explanation="abdomen"),
    Window(center=-600, width=1500, explanation="lung"),
    Window(center=480, width=2500, explanation="bone"),
)


class InspectorScreen(PlaceScreen):
    """Tags at the left, the picture at the right, or one of the two where it is narrow.

    `ref` names an instance, or a series of which the first instance is opened.
    """

    PLACE = Place.INSPECTOR
    BINDINGS: ClassVar = bindings(Place.INSPECTOR)

    def __init__(self, session: Session, ref: Ref) -> None:
        super().__init__(session)
        self.ref = ref
        self.uids: tuple[str, ...] = (ref.sop_instance_uid,) if ref.sop_instance_uid else ()
        self.index = 0
        self.rows: tuple[ElementRow, ...] = ()
        self.picture: Picture | None = None
        self.frame = 0
        self.window_index = 0
        self._wanted = False
        self._busy = False
        self._view = ""

    def body(self) -> ComposeResult:
        """A line that says what it is; tags and picture."""
        yield Static(id="crumbs", markup=False)
        with Horizontal(id="object"):
            yield DatasetTree(id="tags")
            yield ImageView(id="picture")
        yield Static(id="caption", markup=False)

    def on_mount(self) -> None:
        """Open the object, and find out what else is in its series."""
        self.show_view(self._view or ("both" if self.app.size.width >= WIDE else "tags"))
        if self.uids:
            self._open()
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
    def uid(self) -> str:
        """SOP Instance UID of the object in sight; empty while it is not known."""
        return self.uids[self.index] if self.uids else ""

    @property
    def tags(self) -> DatasetTree:
        """The tag tree."""
        return self.query_one(DatasetTree)

    @property
    def image(self) -> ImageView:
        """The picture."""
        return self.query_one(ImageView)

    @property
    def windows(self) -> tuple[Window | None, ...]:
        """What `w` goes through: as the object says, its other windows, presets for CT."""
        own = self.picture.windows[1:] if self.picture else ()
        return (None, *own, *(CT_WINDOWS if self._value("Modality") == "CT" else ()))

    def rows_to_export(self) -> tuple[Sequence[Column], Sequence[Values], str]:
        """All elements of the object."""
        keys = [column.key for column in ELEMENT_COLUMNS if column.key != "value"]
        rows = [
            {**{key: getattr(row, key) for key in keys}, "value": value_of(row)}
            for row in self.rows
        ]
        return ELEMENT_COLUMNS, rows, "elements"

    # -- loading

    def _found(self, uids: tuple[str, ...]) -> None:
        opened = self.uid
        if not uids:
            if not opened:
                self.image.note("nothing of it is held here")
            return
        self.uids = uids
        self.index = uids.index(opened) if opened in uids else 0
        if opened:
            self._show_words()
        else:
            self._open()

    def _open(self) -> None:
        """Load tags and picture of the present instance."""
        self.frame = 0
        uid = self.uid
        self.calls.ask(lambda: self.station.objects.dump(uid), self._show_tags, group="tags")
        self._load_picture()

    def _load_picture(self) -> None:
        """Load the frame wanted; only the last wish counts while one is loaded."""
        if MASK.on:
            self._hide_picture()
            return
        if self._busy:
            self._wanted = True
            return
        self._busy, self._wanted = True, False
        uid, frame, window = self.uid, self.frame, self._window()
        self.calls.ask(
            lambda: self.station.objects.picture(uid, frame=frame, window=window),
            partial(self._show_picture, uid),
            failed=self._no_picture,
        )

    def _window(self) -> Window | None:
        windows = self.windows
        return windows[self.window_index] if self.window_index < len(windows) else None

    def _show_tags(self, rows: tuple[ElementRow, ...]) -> None:
        self.rows = rows
        self.tags.show(rows)
        self._show_words()

    def _show_picture(self, uid: str, picture: Picture) -> None:
        self._busy = False
        if MASK.on:
            self._hide_picture()
        elif uid == self.uid:
            self.picture = picture
            self.image.show(picture)
            self._show_words()
        if self._wanted:
            self._load_picture()

    def masked(self, on: bool) -> None:
        """Hide the picture with the tags: a name may be burned into it (0028,0301)."""
        super().masked(on)
        self.tags.show(self.rows)
        self._load_picture()
        self._show_words()

    def _hide_picture(self) -> None:
        self._wanted = False
        self.picture = None
        self.image.note("hidden by the mask: a name may be burned into the picture")
        self._show_words()

    def _no_picture(self, error: ModalittyError) -> None:
        self._busy = False
        self.picture = None
        self.image.note(str(error))
        self._show_words()
        if self._wanted:
            self._load_picture()

    def _value(self, keyword: str) -> str:
        found = (row.value for row in self.rows if row.keyword == keyword and row.depth == 0)
        return next(found, "")

    def _show_words(self) -> None:
        words = (
            f"instance {self.index + 1} of {len(self.uids)}",
            sensitive(units.person_name(self._value("PatientName"))),
            units.date(self._value("StudyDate")),
            self._value("Modality"),
            sensitive(self._value("SeriesDescription")),
        )
        text = "  ".join(word for word in words if word)
        self.query_one("#crumbs", Static).update(safe_content(text, "bold"))
        self.query_one("#caption", Static).update(safe_content(self._caption(), "$text-muted"))

    def _caption(self) -> str:
        """What is seen of the picture: its frame, window and kind."""
        picture = self.picture
        if picture is None:
            return "no picture"
        parts = ["v: picture"] if self._view == "tags" else []
        if picture.frames > 1:
            parts.append(f"frame {picture.frame + 1} of {picture.frames}")
        if picture.window:
            name = picture.window.explanation
            window = f"window {picture.window.center:g}/{picture.window.width:g} {name}"
            parts.append(window.strip())
        parts.append(picture.caption or f"{picture.width} by {picture.height}")
        return " │ ".join(parts)

    # -- commands

    def action_back(self) -> None:
        """Close the object."""
        self.dismiss()

    def action_view(self) -> None:
        """Show tags, picture, or both."""
        self.show_view(VIEWS[(VIEWS.index(self._view) + 1) % len(VIEWS)])
        self._show_words()

    def show_view(self, view: str) -> None:
        """Show one of :data:`VIEWS`."""
        self._view = view
        self.tags.display = view != "picture"
        self.image.display = view != "tags"
        if view != "picture":
            self.tags.dataset_table.focus()

    def action_previous(self) -> None:
        """Go to the instance before."""
        self._turn_to(self.index - 1)

    def action_next(self) -> None:
        """Go to the next instance."""
        self._turn_to(self.index + 1)

    def _turn_to(self, index: int) -> None:
        if 0 <= index < len(self.uids):
            self.index = index
            self._open()

    def action_frame_back(self) -> None:
        """Go one frame back."""
        self._turn_frame(-1)

    def action_frame_on(self) -> None:
        """Go one frame on."""
        self._turn_frame(1)

    def _turn_frame(self, step: int) -> None:
        frames = self.picture.frames if self.picture else 1
        frame = max(0, min(frames - 1, self.frame + step))
        if frame != self.frame:
            self.frame = frame
            self._load_picture()

    def action_window(self) -> None:
        """Use the next window."""
        self.window_index = (self.window_index + 1) % len(self.windows)
        self._load_picture()

    def action_find(self) -> None:
        """Filter the tags."""
        if self._view == "picture":
            self.show_view("tags")
        self.tags.action_filter()

    @on(DatasetTree.ElementOpened)
    def _opened(self, event: DatasetTree.ElementOpened) -> None:
        row = event.row
        title = " ".join(part for part in (row.tag, row.vr, row.keyword or row.name) if part)
        self.app.push_screen(Reader(title, value_of(row) or "(empty)"))

    def action_copy(self) -> None:
        """Copy the value under the cursor."""
        row = self.tags.current
        if row is not None:
            lines = (safe_text(line) for line in resolved(value_of(row)).split("\n"))
            self.copy("\n".join(lines), row.keyword or row.tag)


def in_order(matches: Sequence[Match]) -> tuple[str, ...]:
    """The SOP Instance UIDs of a series by Instance Number (0020,0013), those without it last."""

    def order(match: Match) -> tuple[float, str]:
        try:
            number = float(match.values.get("InstanceNumber") or "inf")
        except ValueError:
            number = float("inf")
        return number, match.values.get("SOPInstanceUID", "")

    uids = (match.values.get("SOPInstanceUID", "") for match in sorted(matches, key=order))
    return tuple(uid for uid in uids if uid)
