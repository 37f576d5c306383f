"""The picture of the object in sight: which frame of it, how it is seen, and how it is played."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from core.errors import ModalittyError
from core.model import Picture, PixelValue
from core.station import Station
from tui.calls import Calls
from tui.commands import Place, bindings
from tui.mask import MASK
from tui.screens.dialogs import Choice, Choose, Prompt
from tui.screens.inspector import picture_words as words
from tui.screens.inspector.cine import Cine, next_index
from tui.screens.inspector.loader import PictureLoader, Wish
from tui.screens.inspector.windows import Windows, choices
from tui.widgets.picture_stage import PictureStage

if TYPE_CHECKING:
    from tui.app import ModalittyApp

AHEAD = 4
"""Pictures that are read before they are wished."""
HIDDEN = "hidden by the mask: a name may be burned into the picture"


class PicturePane(Vertical):
    """One frame of one object of a series, loaded aside, and what can be done with it.

    It goes by itself from frame to frame; another instance it asks for.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.PICTURE)

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
        self._pixel: PixelValue | None = None
        self._pixel_asked: tuple[object, ...] | None = None

    def compose(self) -> ComposeResult:
        """The picture."""
        yield PictureStage()

    @property
    def stage(self) -> PictureStage:
        """What draws it."""
        return self.query_one(PictureStage)

    # -- what is in sight

    @property
    def uid(self) -> str:
        """SOP Instance UID of the object in sight; empty where there is none."""
        return self._uids[self._index] if self._uids else ""

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
            words.pixel_words(self._pixel) if self._pixel and self.stage.cursor else "",
            words.window_words(picture, self.windows),
            picture.position,
            words.zoom_words(self.stage.placement),
            picture.caption or f"{picture.width} by {picture.height}",
        ]
        return [part for part in parts if part]

    def rest(self) -> None:
        """Play no more: nobody looks."""
        if self.cine.is_playing:
            self.action_play()

    # -- loading

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
        self.post_message(self.Changed())

    # -- the pixel under the cursor

    @on(PictureStage.Looked)
    def _looked(self) -> None:
        self._ask_pixel()
        self.post_message(self.Changed())

    def _ask_pixel(self) -> None:
        """Ask what the pixel under the cursor says; while one answer is due, for the last one."""
        cursor = self.stage.cursor
        if cursor is None or self.picture is None or self.cine.is_playing:
            self._pixel = None
            return
        asked = (self.uid, self.picture.frame, *cursor)
        if self._pixel_asked is not None:
            return
        self._pixel_asked = asked
        uid, frame, column, row = asked
        self._calls.ask(
            lambda: self._station.objects.pixel(uid, frame=frame, column=column, row=row),
            partial(self._pixel_is, asked),
            failed=lambda _: self._pixel_is(asked, None),
        )

    def _pixel_is(self, asked: tuple[object, ...], pixel: PixelValue | None) -> None:
        self._pixel_asked = None
        self._pixel = pixel
        cursor, picture = self.stage.cursor, self.picture
        if cursor and picture and asked != (self.uid, picture.frame, *cursor):
            self._ask_pixel()
        self.post_message(self.Changed())

    # -- which one

    @property
    def place(self) -> int:
        """Which frame is wanted, or which instance where there is one frame; from 0."""
        return self.frame if self.frames > 1 else self._index

    @property
    def count(self) -> int:
        """How many pictures there are to go through."""
        return self.frames if self.frames > 1 else len(self._uids)

    def turn_frame(self, step: int) -> None:
        """Go some frames on, as far as there are any."""
        self._turn_to_frame(max(0, min(self.frames - 1, self.frame + step)))

    def _turn_to_frame(self, frame: int) -> None:
        if frame != self.frame:
            self._direction = 1 if frame > self.frame else -1
            self.frame = frame
            self._load()

    def _turn_to(self, place: int) -> None:
        if self.frames > 1:
            self._turn_to_frame(place)
        elif place != self._index:
            self._direction = 1 if place > self._index else -1
            self.post_message(self.InstanceWanted(place))

    def _following(self, place: int, direction: int, steps: int) -> tuple[int, int]:
        sweeps = self.cine.sweeps and self.cine.is_playing
        return next_index(place, direction, steps, self.count, sweeps=sweeps)

    @on(PictureStage.Stepped)
    def _stepped(self, event: PictureStage.Stepped) -> None:
        self.action_step(event.steps)

    def action_step(self, steps: int) -> None:
        """Go so many frames or instances on, as far as there are any."""
        self._turn_to(max(0, min(self.count - 1, self.place + steps)))

    def action_end(self, way: int) -> None:
        """Go to the first frame or instance, or to the last."""
        self._turn_to(0 if way < 0 else self.count - 1)

    def action_go_to(self) -> None:
        """Ask for a number, and go there."""
        what = "frame" if self.frames > 1 else "instance"
        prompt = Prompt(
            "Go to",
            f"The number of the {what}, 1 to {self.count}:",
            check=lambda text: "" if self._is_place(text) else f"a number from 1 to {self.count}",
            verb="Go",
        )
        self.app.push_screen(prompt, lambda text: self._turn_to(int(text) - 1) if text else None)

    def _is_place(self, text: str) -> bool:
        return text.isascii() and text.isdigit() and 1 <= int(text) <= self.count

    # -- cine

    def action_play(self) -> None:
        """Play the frames, or the instances of the series; or stop."""
        if self.cine.is_playing:
            self.cine.stop()
            self._load()
        elif self.picture is not None and self.count > 1:
            self.cine.keeps_time = self.frames > 1 and bool(self.cine.header_rate)
            self._direction = 1
            self.cine.play()
        self.post_message(self.Changed())

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

    def action_pace(self, step: int) -> None:
        """Play faster or slower."""
        self.cine.faster(step)
        self.post_message(self.Changed())

    def action_rate(self) -> None:
        """Ask for frames per second."""
        own = self.cine.header_rate
        says = f"The object says {own:.3g}." if own else "The object says nothing about it."
        prompt = Prompt(
            "Rate",
            f"Frames per second, 0.1 to 100. {says}",
            f"{self.cine.rate:.3g}",
            check=lambda text: "" if _rate(text) else "a number from 0.1 to 100",
        )
        self.app.push_screen(prompt, self._pace_by)

    def _pace_by(self, text: str | None) -> None:
        if text and (rate := _rate(text)):
            self.cine.rate = rate

    def action_sweep(self) -> None:
        """Play back and forth, or round and round."""
        self.cine.sweeps = not self.cine.sweeps
        self.notify("Back and forth." if self.cine.sweeps else "Round and round.", timeout=2)

    # -- how it is seen

    def action_window(self) -> None:
        """See it through the next window."""
        if self.picture is not None and self.windows.next(self.picture):
            self._load()

    def action_choose_window(self) -> None:
        """Ask for one of the windows by its name."""
        offered = choices(self.picture) if self.picture else ()
        if not offered:
            self.notify("Colours have no windows.", timeout=2)
            return
        listed = [Choice(str(n), c.name, c.numbers) for n, c in enumerate(offered)]
        now = self.windows.index_in(offered)

        def chosen(number: str | None) -> None:
            if number is not None:
                self.windows.choose(offered[int(number)])
                self._load()

        self.app.push_screen(Choose("Window", listed, selected=str(now)), chosen)

    def action_automatic(self) -> None:
        """See it through a window over the values that occur."""
        if self.picture is not None:
            offered = choices(self.picture)
            for choice in (choice for choice in offered if choice.automatic):
                self.windows.choose(choice)
            self._load()

    @on(PictureStage.WindowDragged)
    def _window_dragged(self, event: PictureStage.WindowDragged) -> None:
        self.action_change_window(event.width, event.level)

    def action_change_window(self, width: float, level: float) -> None:
        """See it through a wider or narrower window, or a higher or lower one."""
        if self.picture is not None and self.windows.change(self.picture, width, level):
            self._load()

    def action_invert(self) -> None:
        """Exchange black and white."""
        self.windows.is_inverted = not self.windows.is_inverted
        self._load()

    def action_overlays(self) -> None:
        """Show the overlays, or the picture without."""
        self.windows.has_overlays = not self.windows.has_overlays
        self._load()

    def action_reset(self) -> None:
        """See it as at first."""
        self.windows.reset()
        self.stage.action_fit()
        self._load()


def _rate(text: str) -> float:
    """The rate that is meant, 0 where it is none."""
    try:
        rate = float(text)
    except ValueError:
        return 0.0
    return rate if 0.1 <= rate <= 100 else 0.0
