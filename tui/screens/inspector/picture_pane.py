"""The picture of the object in sight: which frame of it, through which window."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from core.errors import ModalittyError
from core.model import Picture, Rendering, Window
from core.station import Station
from tui.calls import Calls
from tui.mask import MASK
from tui.widgets.image_view import ImageView

CT_WINDOWS = (
    Window(center=40, width=80, explanation="brain"),
    Window(center=50, width=350, explanation="soft tissue"),
    Window(center=60, width=400, explanation="abdomen"),
    Window(center=-600, width=1500, explanation="lung"),
    Window(center=480, width=2500, explanation="bone"),
)


class PicturePane(Vertical):
    """One frame of one object, loaded aside; while one is loaded only the last wish counts."""

    class Changed(Message):
        """Another picture is there than before, or none."""

    def __init__(self, station: Station, calls: Calls) -> None:
        super().__init__(id="picture")
        self.picture: Picture | None = None
        self.frame = 0
        self.modality = ""
        self._station = station
        self._calls = calls
        self._uid = ""
        self._window_index = 0
        self._wanted = False
        self._busy = False

    def compose(self) -> ComposeResult:
        """The picture."""
        yield ImageView()

    @property
    def image(self) -> ImageView:
        """What draws it."""
        return self.query_one(ImageView)

    @property
    def windows(self) -> tuple[Window | None, ...]:
        """What `w` goes through: as the object says, its other windows, presets for CT."""
        own = self.picture.windows[1:] if self.picture else ()
        return (None, *own, *(CT_WINDOWS if self.modality == "CT" else ()))

    def open(self, uid: str) -> None:
        """Load the first frame of an object held here."""
        self._uid, self.frame = uid, 0
        self._load()

    def show_again(self) -> None:
        """Load the picture anew, or hide it: a name may be burned into it (0028,0301)."""
        self._load()

    def note(self, text: str) -> None:
        """Show text in place of a picture."""
        self.image.note(text)

    def turn_frame(self, step: int) -> None:
        """Go some frames on, as far as there are any."""
        frames = self.picture.frames if self.picture else 1
        frame = max(0, min(frames - 1, self.frame + step))
        if frame != self.frame:
            self.frame = frame
            self._load()

    def next_window(self) -> None:
        """Use the next of :attr:`windows`."""
        self._window_index = (self._window_index + 1) % len(self.windows)
        self._load()

    def caption(self) -> list[str]:
        """What is seen of the picture: its frame, window and kind."""
        picture = self.picture
        if picture is None:
            return []
        parts = []
        if picture.frames > 1:
            parts.append(f"frame {picture.frame + 1} of {picture.frames}")
        if picture.window:
            name = picture.window.explanation
            window = f"window {picture.window.center:g}/{picture.window.width:g} {name}"
            parts.append(window.strip())
        parts.append(picture.caption or f"{picture.width} by {picture.height}")
        return parts

    def _load(self) -> None:
        """Load the frame wanted; only the last wish counts while one is loaded."""
        if MASK.on:
            self._hide()
            return
        if self._busy:
            self._wanted = True
            return
        self._busy, self._wanted = True, False
        uid, frame, rendering = self._uid, self.frame, Rendering(window=self._window())
        self._calls.ask(
            lambda: self._station.objects.picture(uid, frame=frame, rendering=rendering),
            partial(self._show, uid),
            failed=self._failed,
        )

    def _window(self) -> Window | None:
        windows = self.windows
        return windows[self._window_index] if self._window_index < len(windows) else None

    def _show(self, uid: str, picture: Picture) -> None:
        self._busy = False
        if MASK.on:
            self._hide()
        elif uid == self._uid:
            self._take(picture)
        if self._wanted:
            self._load()

    def _hide(self) -> None:
        self._wanted = False
        self._take(None, "hidden by the mask: a name may be burned into the picture")

    def _failed(self, error: ModalittyError) -> None:
        self._busy = False
        self._take(None, str(error))
        if self._wanted:
            self._load()

    def _take(self, picture: Picture | None, note: str = "") -> None:
        self.picture = picture
        if picture is None:
            self.image.note(note)
        else:
            self.image.show(picture)
        self.post_message(self.Changed())
