"""The picture of the object in sight: which frame of it, and how it comes to the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from core.errors import ModalittyError
from core.model import Picture
from core.station import Station
from tui.calls import Calls
from tui.mask import MASK
from tui.preview.windows import Windows
from tui.screens.inspector import picture_words as words
from tui.screens.inspector.cine import Cine, next_index
from tui.screens.inspector.loader import PictureLoader, Wish
from tui.screens.inspector.pixel_room import PixelRoom
from tui.screens.inspector.strip_room import StripRoom
from tui.widgets.picture_stage import PictureStage
from tui.widgets.thumbnails import Thumbnails

if TYPE_CHECKING:
    from tui.app import ModalittyApp

AHEAD = 4
"""Pictures that are read before they are wished."""
HIDDEN = "hidden by the mask: a name may be burned into the picture"


class PictureFrame(Vertical):
    """One frame of one object of a series, loaded aside and shown no sooner than the line takes it.

    It goes by itself from frame to frame; another instance it asks for.
    """

    class Changed(Message):
        """Another picture is there than before, or none, or it is seen in another way."""

    class InstanceWanted(Message):
        """Another instance of the series is to be in sight."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, station: Station, calls: Calls) -> None:
        super().__init__(id="picture")
        self.picture: Picture | None = None
        self.frame = 0
        self.windows = Windows()
        self._station, self._calls = station, calls
        self._uids: tuple[str, ...] = ()
        self._index = 0
        self._direction = 1
        self._loader = PictureLoader(calls, self._fetch, self._offer, self._failed)
        self._offered: Picture | None = None
        self._line_is_busy = False
        self.cine = Cine(self, self._advance)
        self._strip: StripRoom | None = None
        self._pixels = PixelRoom(station, calls, self._changed)

    def compose(self) -> ComposeResult:
        """The picture, and the small ones of the series."""
        yield PictureStage()
        small = Thumbnails()
        small.display = False
        yield small

    @property
    def strip(self) -> StripRoom:
        """The small pictures."""
        if self._strip is None:
            self._strip = StripRoom(self.stage, self.query_one(Thumbnails), self._loader)
        return self._strip

    @property
    def stage(self) -> PictureStage:
        """What draws it."""
        return self.query_one(PictureStage)

    @property
    def uid(self) -> str:
        """SOP Instance UID of the object in sight; empty where there is none."""
        return self._uids[self._index] if self._uids else ""

    @property
    def is_loading(self) -> bool:
        """Whether a picture is on its way."""
        return self._loader.is_wished or self._offered is not None

    @property
    def frames(self) -> int:
        """How many frames the object has, as far as is known."""
        return self.picture.frames if self.picture else 1

    def open(self, uids: tuple[str, ...], index: int) -> None:
        """Load the first frame of an object, which is one of a series."""
        self._uids, self._index, self.frame = uids, index, 0
        self._load()

    def among(self, uids: tuple[str, ...], index: int) -> None:
        """The object in sight is this one of a series."""
        self._uids, self._index = uids, index
        self._follow_with_strip()

    def note(self, text: str) -> None:
        """Show text in place of a picture."""
        self._show(None, text)

    def show_again(self) -> None:
        """Load the picture anew, or hide it: a name may be burned into it (0028,0301)."""
        self._loader.forget()
        self._load()

    def caption(self) -> list[str]:
        """What is seen of the picture, the most telling first."""
        picture = self.picture
        if picture is None:
            return []
        parts = [
            words.cine_words(self.cine),
            f"frame {picture.frame + 1} of {picture.frames}" if picture.frames > 1 else "",
            words.pixel_words(self._pixels.value) if self._pixels.value else "",
            words.window_words(picture, self.windows),
            picture.position,
            words.zoom_words(self.stage.placement),
            picture.caption or f"{picture.width} by {picture.height}",
        ]
        return [part for part in parts if part]

    def take_keys(self) -> None:
        """Let keys go to the picture, or to the small ones in its place."""
        self.screen.set_focus(self.stage if self.stage.display else self.query_one(Thumbnails))

    def _wish(self, index: int, frame: int) -> Wish:
        return Wish(self._uids[index], frame, self.windows.rendering(self._edge()))

    def _edge(self) -> int:
        """The longest side that is drawn while it plays: decoding less is quicker."""
        placement = self.stage.placement
        if not self.cine.is_playing or placement is None or not placement.is_whole:
            return 0
        return max(placement.size)

    def _load(self) -> None:
        if MASK.on:
            self._hide()
        elif self._uids:
            ahead = [self._wish(*place) for place in self._places_ahead()]
            self._loader.want(self._wish(self._index, self.frame), ahead)

    def _places_ahead(self) -> list[tuple[int, int]]:
        """Index and frame of the next pictures, in the direction of the last step."""
        place, direction, found = self.place, self._direction, []
        for _ in range(min(AHEAD, self.count - 1)):
            place, direction = self._following(place, direction, 1)
            found.append((self._index, place) if self.frames > 1 else (place, 0))
        return found

    def _fetch(self, wish: Wish) -> Picture:
        objects = self._station.objects
        return objects.picture(wish.uid, frame=wish.frame, rendering=wish.rendering)

    def _offer(self, wish: Wish, picture: Picture) -> None:
        """Show a picture as soon as the line is free; of several the last one."""
        if MASK.on:
            self._hide()
        elif wish.uid in self._uids:
            self._offered = picture
            if not self._line_is_busy:
                self._show_offered()

    def _show_offered(self) -> None:
        picture, self._offered = self._offered, None
        if picture is None:
            return
        self._show(picture)
        if self.stage.region and self.screen.is_current:
            self._line_is_busy = True
            cast("ModalittyApp", self.app).pacer.when_seen(self.stage, self._line_is_free)
        else:
            self._line_is_free()

    def _line_is_free(self) -> None:
        self._line_is_busy = False
        self.cine.seen()
        self._show_offered()

    def _hide(self) -> None:
        self.cine.stop()
        self._loader.forget()
        self.strip.empty()
        self._show(None, HIDDEN)

    def _failed(self, wish: Wish, error: ModalittyError) -> None:
        if wish.uid == self.uid:
            self.cine.stop()
            self._show(None, str(error))

    def _show(self, picture: Picture | None, note: str = "") -> None:
        self.picture = picture
        if picture is None:
            self._offered = None
            self.stage.note(note)
        else:
            self.cine.header_rate = picture.frames_per_second
            self.stage.letters = picture.orientation
            self.stage.show(picture, coarse=self.cine.is_playing)
            self._ask_pixel()
            self._follow_with_strip()
        self._changed()

    @on(PictureStage.Looked)
    def _looked(self) -> None:
        self._ask_pixel()
        self._changed()

    def _ask_pixel(self) -> None:
        cursor, picture = self.stage.cursor, self.picture
        if cursor is None or picture is None or self.cine.is_playing:
            self._pixels.want(None)
        else:
            self._pixels.want((self.uid, picture.frame, *cursor))

    def _changed(self) -> None:
        self.post_message(self.Changed())

    @property
    def place(self) -> int:
        """Which frame is wanted, or which instance where there is one frame; from 0."""
        return self.frame if self.frames > 1 else self._index

    @property
    def count(self) -> int:
        """How many pictures there are to go through."""
        return self.frames if self.frames > 1 else len(self._uids)

    def _following(self, place: int, direction: int, steps: int) -> tuple[int, int]:
        sweeps = self.cine.sweeps and self.cine.is_playing
        return next_index(place, direction, steps, self.count, sweeps=sweeps)

    def _follow_with_strip(self) -> None:
        if self.picture is None or self.count < 2:
            return
        by_frame = self.frames > 1
        series = (self.uid,) if by_frame else self._uids

        def place_of(index: int) -> tuple[str, int]:
            return (series[0], index) if by_frame else (series[index], 0)

        self.strip.follow(series, self.count, self.place, place_of)

    @on(Thumbnails.InSight)
    def _small_ones_in_sight(self, event: Thumbnails.InSight) -> None:
        if not MASK.on:
            self.strip.fill(event.indexes)

    def _advance(self, steps: int) -> bool:
        if self.count < 2:
            return False
        place, self._direction = self._following(self.place, self._direction, steps)
        if self.frames > 1:
            self.frame = place
            self._load()
        else:
            self.post_message(self.InstanceWanted(place))
        return True
