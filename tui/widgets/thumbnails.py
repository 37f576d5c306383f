"""Small pictures side by side, of which one is chosen: a strip of one row, or as many as fit."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from core.model import Picture
from tui.commands import Place, bindings
from tui.widgets.image_view import ImageView

EDGE = 128
"""The longest side of a small picture that is worth asking for, in pixels."""
SMALL, LARGE = (12, 6), (20, 10)
"""Columns and rows of cells that a small picture takes; the larger on a screen with many."""
TALL = 40
"""Rows of the screen from which small pictures are larger."""


class Thumbnail(Vertical):
    """One small picture, and its number below it."""

    DEFAULT_CSS = """
    Thumbnail { padding: 0 1 0 0; }
    Thumbnail > Static { height: 1; text-align: center; color: $text-muted; }
    Thumbnail.-chosen > Static { color: $text; background: $primary; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        # Made now: who has it mounted may be told what it shows before it is composed.
        self._view, self._label = ImageView(), Static(markup=False)
        self.label_text = ""
        """What stands below it."""

    def compose(self) -> ComposeResult:
        """The picture and the number."""
        yield self._view
        yield self._label

    def label(self, text: str, *, is_chosen: bool) -> None:
        """Say which one it is."""
        self.label_text = text
        self._label.update(text, layout=False)
        self.set_class(is_chosen, "-chosen")

    def show(self, picture: Picture | None) -> None:
        """Show a picture, or nothing yet."""
        if self._view.picture is not picture:
            self._view.show(picture)


class Thumbnails(Widget, can_focus=True):
    """As many of `count` small pictures as there is room for, around the one that is chosen.

    It keeps those in sight only; others it asks for again when they come into sight.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.THUMBNAILS)
    DEFAULT_CSS = """
    Thumbnails { layout: grid; width: 1fr; background: $surface; }
    """

    class InSight(Message):
        """These are to be seen and are not there."""

        def __init__(self, indexes: tuple[int, ...]) -> None:
            super().__init__()
            self.indexes = indexes

    class Opened(Message):
        """One was chosen to be looked at; none: leave them."""

        def __init__(self, index: int | None) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__(id="thumbnails")
        self.count = 0
        self.chosen = 0
        self._first = 0
        self._across = self._down = 1
        self._pictures: dict[int, Picture | None] = {}
        """None where there is no picture to be had."""

    @property
    def slot(self) -> tuple[int, int]:
        """Columns and rows that one takes, with its number and the space beside it."""
        width, height = LARGE if self.app.size.height >= TALL else SMALL
        return width + 1, height + 1

    @property
    def indexes(self) -> range:
        """Those in sight."""
        return range(self._first, min(self.count, self._first + self._across * self._down))

    def offer(self, count: int, chosen: int) -> None:
        """Show some of so many; those seen before are others now."""
        self.count, self._pictures = count, {}
        self.choose(chosen)

    def choose(self, index: int) -> None:
        """Bring one into sight and mark it."""
        self.chosen = max(0, min(self.count - 1, index))
        self._arrange()

    def put(self, index: int, picture: Picture | None) -> None:
        """Here is one that was asked for; None where it cannot be had."""
        if index in self.indexes:
            self._pictures[index] = picture
            slots = list(self.query(Thumbnail))
            if index - self._first < len(slots):
                slots[index - self._first].show(picture)

    async def on_resize(self, event: events.Resize) -> None:
        """Have as many places as fit."""
        width, height = self.slot
        self._across = max(1, event.size.width // width)
        self._down = max(1, event.size.height // height)
        self.styles.grid_size_columns = self._across
        self.styles.grid_rows = str(height)
        self.styles.grid_columns = str(width)
        slots = list(self.query(Thumbnail))
        wanted = self._across * self._down
        for slot in slots[wanted:]:
            await slot.remove()
        if wanted > len(slots):
            await self.mount_all([Thumbnail() for _ in range(wanted - len(slots))])
        self._arrange()

    def _arrange(self) -> None:
        """Turn by whole rows, or by single ones in a strip, until the chosen one is in sight."""
        room = self._across * self._down
        step = self._across if self._down > 1 else 1
        if self.chosen < self._first:
            self._first = self.chosen // step * step
        elif self.chosen >= self._first + room:
            self._first = (self.chosen // step + 1) * step - room
        self._first = max(0, min(self._first, -(-self.count // step) * step - room))
        self._pictures = {i: p for i, p in self._pictures.items() if i in self.indexes}
        for index, slot in enumerate(self.query(Thumbnail), self._first):
            there = index < self.count
            slot.label(str(index + 1) if there else "", is_chosen=index == self.chosen and there)
            slot.show(self._pictures.get(index))
        missing = tuple(index for index in self.indexes if index not in self._pictures)
        self.post_message(self.InSight(missing))

    # -- commands

    def action_go(self, across: int, down: int) -> None:
        """Choose the one beside, above or below."""
        self.choose(self.chosen + across + down * self._across)

    def action_page(self, way: int) -> None:
        """Choose one as many on as are in sight."""
        self.choose(self.chosen + way * self._across * self._down)

    def action_end(self, way: int) -> None:
        """Choose the first or the last."""
        self.choose(0 if way < 0 else self.count - 1)

    def action_open(self) -> None:
        """Look at the chosen one."""
        self.post_message(self.Opened(self.chosen))

    def action_leave(self) -> None:
        """Back to the picture."""
        self.post_message(self.Opened(None))

    def on_click(self, event: events.Click) -> None:
        """Look at the one under the mouse."""
        widget = event.widget
        around = widget.ancestors_with_self if widget else ()
        slot = next((node for node in around if isinstance(node, Thumbnail)), None)
        if slot is not None:
            index = self._first + list(self.query(Thumbnail)).index(slot)
            if index < self.count:
                self.choose(index)
                self.action_open()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Those before."""
        event.stop()
        self.action_go(-1, 0) if self._down == 1 else self.action_go(0, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Those after."""
        event.stop()
        self.action_go(1, 0) if self._down == 1 else self.action_go(0, 1)
