"""What can be done with the picture: another one, another window, play it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import BindingType

from tui.commands import Place, bindings
from tui.preview.windows import choices
from tui.screens.dialogs import Choice, Choose, Prompt
from tui.screens.inspector.picture_frame import PictureFrame
from tui.widgets.picture_stage import PictureStage
from tui.widgets.thumbnails import Thumbnails


class PicturePane(PictureFrame):
    """The picture with its commands."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.PICTURE)

    def rest(self) -> None:
        """Play no more: nobody looks."""
        if self.cine.is_playing:
            self.action_play()

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

    def action_strip(self) -> None:
        """Show the series in small pictures: a strip, all of it, or none of it."""
        self.strip.turn()
        self._follow_with_strip()

    @on(Thumbnails.Opened)
    def _small_one_opened(self, event: Thumbnails.Opened) -> None:
        if self.strip.shape == "all":
            self.strip.become("none")
        self.take_keys()
        if event.index is not None:
            self._turn_to(event.index)

    def action_play(self) -> None:
        """Play the frames, or the instances of the series; or stop."""
        if self.cine.is_playing:
            self.cine.stop()
            self._load()
        elif self.picture is not None and self.count > 1:
            self.cine.keeps_time = self.frames > 1 and bool(self.cine.header_rate)
            self._direction = 1
            self.cine.play()
        self._changed()

    def action_pace(self, step: int) -> None:
        """Play faster or slower."""
        self.cine.faster(step)
        self._changed()

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
