"""A picture to move in: zoom, pan, and a cursor that stands on one of its pixels."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Offset
from textual.message import Message

from tui.commands import Place, bindings
from tui.preview.marks import Marks
from tui.preview.sight import Sight
from tui.preview.viewport import (
    WHOLE,
    Viewport,
    brought_into_sight,
    drawn_at,
    panned,
    zoomed,
)
from tui.widgets.image_view import ImageView

PAN_SHARE = 8
"""One step of panning is one part in so many of what is seen."""
WHEEL_CELLS = 3
_LEFT, _RIGHT = 1, 3


class PictureStage(ImageView, can_focus=True):
    """Moves in the picture itself, and says what else is asked of it by keys and mouse.

    The cursor is on a stored pixel, and stays there from picture to picture.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Place.LENS)

    class Stepped(Message):
        """Another picture is wanted: so many on."""

        def __init__(self, steps: int) -> None:
            super().__init__()
            self.steps = steps

    class WindowDragged(Message):
        """Another window is wanted: so many steps of width and of level."""

        def __init__(self, width: float, level: float) -> None:
            super().__init__()
            self.width, self.level = width, level

    class Looked(Message):
        """Another part is seen, or the cursor is elsewhere or gone."""

    def __init__(self, id: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self.cursor: tuple[int, int] | None = None
        """Column and row of the stored pixel that the cursor is on."""
        self.has_marks = True
        self._letters = ("", "", "", "")
        self._pressed: int | None = None
        """The button that is held."""
        self._last = Offset()
        """Where the mouse was."""
        self._is_drag = False

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """The sides of the patient at left, right, top and bottom."""
        return self._letters

    @letters.setter
    def letters(self, letters: tuple[str, str, str, str]) -> None:
        self._letters = letters
        self._mark()

    @property
    def is_zoomed(self) -> bool:
        """True where a part of the picture is not seen."""
        placement = self.placement
        return placement is not None and not placement.is_whole

    def drawn_at(self, x: int, y: int) -> tuple[float, float] | None:
        """The drawn place in the middle of a cell of the content; None without a picture.

        It may lie beside the picture.
        """
        placement = self.placement
        if placement is None:
            return None
        return drawn_at((x, y), placement, self._grid, self.content_size)

    # -- commands

    def action_zoom(self, steps: int) -> None:
        """Make it larger or smaller; the cursor stays in sight."""
        self._zoom(steps, self._cursor_drawn())

    def action_fit(self) -> None:
        """Show all of it."""
        self._go(WHOLE)

    def action_one_to_one(self) -> None:
        """Show stored pixels as they are, or all of it again."""
        self._go(WHOLE if self.viewport.zoom == 1.0 else Viewport(1.0, *self._middle()))

    def action_pan(self, x: int, y: int) -> None:
        """See what is farther that way; another picture where all is seen."""
        placement = self.placement
        if placement is None or placement.is_whole:
            self.post_message(self.Stepped(x + y))
            return
        width, height = placement.size
        self._pan(x * width / PAN_SHARE, y * height / PAN_SHARE)

    def action_move(self, x: int, y: int) -> None:
        """Move the cursor by what is drawn; without one go to another picture."""
        placement = self.placement
        if self.cursor is None or placement is None:
            self.post_message(self.Stepped(x + y))
            return
        across, down = (max(1, round(1 / scale)) for scale in placement.scale)
        self._move_cursor(x * across, y * down)

    def action_creep(self, x: int, y: int) -> None:
        """Move the cursor by stored pixels."""
        self._move_cursor(x, y)

    def action_cursor(self) -> None:
        """Put a cursor into the middle of what is seen, or take it away."""
        placement = self.placement
        if self.cursor is not None or placement is None:
            self._put_cursor(None)
        else:
            width, height = placement.size
            self._put_cursor(placement.stored_at(width // 2, height // 2))

    def action_marks(self) -> None:
        """Show letters and overview, or nothing but the picture."""
        self.has_marks = not self.has_marks
        self._mark()

    # -- mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A drag or a click begins."""
        if event.button in (_LEFT, _RIGHT):
            self._pressed, self._last = event.button, event.screen_offset
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag what is seen, or the window; without a button take the cursor along."""
        if self._pressed is None:
            if self.cursor is not None:
                self._point_at(event)
            return
        moved, self._last = event.screen_offset - self._last, event.screen_offset
        if not moved:
            return
        self._is_drag = True
        if self._pressed == _LEFT and self.is_zoomed and not event.ctrl:
            across, down = self._grid.across, self._grid.down
            self._pan(-moved.x * across, -moved.y * down)
        else:
            self.post_message(self.WindowDragged(moved.x / 2, moved.y))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The end of a drag; without one it was a click, which puts the cursor."""
        self.release_mouse()
        if self._pressed == _LEFT and not self._is_drag:
            self._point_at(event)
        self._pressed, self._is_drag = None, False

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The picture before; nearer with ctrl; what is above where it is zoomed."""
        self._scroll(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The next picture; farther with ctrl; what is below where it is zoomed."""
        self._scroll(event, 1)

    def _scroll(self, event: events.MouseEvent, way: int) -> None:
        event.stop()
        across, down = self._grid.across, self._grid.down
        if event.ctrl:
            offset = event.get_content_offset(self)
            self._zoom(-way, self.drawn_at(*offset) if offset else None)
        elif not self.is_zoomed:
            self.post_message(self.Stepped(way))
        elif event.shift:
            self._pan(way * WHEEL_CELLS * across * 2, 0)
        else:
            self._pan(0, way * WHEEL_CELLS * down)

    def _point_at(self, event: events.MouseEvent) -> None:
        offset = event.get_content_offset(self)
        drawn = self.drawn_at(*offset) if offset else None
        placement = self.placement
        if drawn and placement and (place := placement.stored_at(*drawn)):
            self._put_cursor(place)

    # -- moves

    def _zoom(self, steps: int, at: tuple[float, float] | None) -> None:
        now = self.placement
        whole = self._placed(Sight(self.picture)) if self.picture else None
        if now is not None and whole is not None:
            self._go(zoomed(now, steps, whole, at))

    def _pan(self, x: float, y: float) -> None:
        if (now := self.placement) is not None:
            self._go(panned(self.viewport, now, x, y))

    def _go(self, viewport: Viewport) -> None:
        self.look(viewport)
        self._mark()
        self.post_message(self.Looked())

    def _middle(self) -> tuple[float, float]:
        """What the eye is on, as shares of the picture: the cursor, else the middle."""
        placement = self.placement
        if self.cursor is None or placement is None:
            return self.viewport.x, self.viewport.y
        columns, rows = placement.stored
        return (self.cursor[0] + 0.5) / columns, (self.cursor[1] + 0.5) / rows

    def _cursor_drawn(self) -> tuple[float, float] | None:
        placement = self.placement
        if self.cursor is None or placement is None:
            return None
        x, y = placement.drawn(self.cursor[0] + 0.5, self.cursor[1] + 0.5)
        inside = 0 <= x < placement.size[0] and 0 <= y < placement.size[1]
        return (x, y) if inside else None

    def _move_cursor(self, columns: int, rows: int) -> None:
        placement = self.placement
        if self.cursor is None or placement is None:
            return
        last = placement.stored[0] - 1, placement.stored[1] - 1
        column = min(max(0, self.cursor[0] + columns), last[0])
        row = min(max(0, self.cursor[1] + rows), last[1])
        self._put_cursor((column, row))
        self.look(brought_into_sight(self.viewport, placement, (column, row)))

    def _put_cursor(self, place: tuple[int, int] | None) -> None:
        self.cursor = place
        self._mark()
        self.post_message(self.Looked())

    def _mark(self) -> None:
        letters = self._letters if self.has_marks else ("", "", "", "")
        self.look(marks=Marks(self.cursor, letters, overview=self.has_marks))
