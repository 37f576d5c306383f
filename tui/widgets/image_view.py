"""A picture in the console, by whatever the terminal can do."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Sequence
from functools import partial

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.visual import VisualType
from textual.widget import Widget

from core.model import Picture
from tui.preview.block import BARE
from tui.preview.graphics import Drawing
from tui.preview.marks import NO_MARKS, Marks
from tui.preview.painter import Painter
from tui.preview.scale import is_usable
from tui.preview.sight import Sight
from tui.preview.terminal import Terminal
from tui.preview.viewport import WHOLE, Grid, Placement, Viewport
from tui.safe_text import safe_text

_numbers = itertools.count((os.getpid() & 0xFFFF) << 8 | 1)
"""Names of images; another program's in the same terminal should not be met."""


class ImageView(Widget):
    """Shows one picture as large as it fits, or a note that says why there is none.

    The terminal is the app's own (`app.terminal`) unless one is given. Half blocks are there at
    once. Where the terminal draws pixels and the app has a painter (`app.painter`), the picture is
    drawn aside in a thread, and the painter puts it over the blocks when it is ready; until then
    the one before stays.
    """

    DEFAULT_CSS = """
    ImageView { width: 1fr; height: 1fr; min-height: 1; content-align: center middle; }
    """

    class Drawn(Message, bubble=False):
        """A picture is ready to be painted into a view of this size."""

        def __init__(self, sight: Sight, size: Size, drawing: Drawing) -> None:
            super().__init__()
            self.sight, self.size, self.drawing = sight, size, drawing

    def __init__(
        self,
        terminal: Terminal | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  as every Textual widget names it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.number = next(_numbers)
        self._terminal = terminal
        self._sight: Sight | None = None
        self._viewport, self._marks = WHOLE, NO_MARKS
        self._note = ""
        self._strips: list[Strip] | None = None
        self._drawing: Drawing | None = None
        self._drawn: Sight | None = None
        """What `_drawing` shows."""
        self._drawn_for = Size(0, 0)
        self._cells_turn = self._painted_turn = 0
        self._is_drawing = False
        self._is_clear = True
        self._awaits_cells = False

    # -- what to show

    @property
    def picture(self) -> Picture | None:
        """What is shown; None where there is a note or nothing."""
        return self._sight.picture if self._sight else None

    @property
    def viewport(self) -> Viewport:
        """Which part of the picture is wanted; it stays when another picture is shown."""
        return self._viewport

    def show(self, picture: Picture | None, *, coarse: bool = False) -> None:
        """Show a picture in place of what was there; None shows nothing.

        `coarse` is for pictures that follow each other quickly: fewer pixels, where there are many.
        """
        if picture is not None and not is_usable(picture):
            self.note("the picture's pixels do not fill its size")
            return
        if picture is None:
            self._see(None)
        else:
            self._see(Sight(picture, self._viewport, self._marks, coarse))

    def look(self, viewport: Viewport | None = None, marks: Marks | None = None) -> None:
        """See another part of the picture, or other marks over it."""
        new = (viewport or self._viewport, self._marks if marks is None else marks)
        if new == (self._viewport, self._marks):
            return
        self._viewport, self._marks = new
        if self._sight is not None:
            self._see(Sight(self._sight.picture, *new, self._sight.coarse))

    def note(self, text: str) -> None:
        """Show text in place of the picture; it may come from outside."""
        self._sight, self._note, self._strips = None, safe_text(text), None
        self._drawing = None
        self.refresh()

    def _see(self, sight: Sight | None) -> None:
        self._sight, self._note, self._strips = sight, "", None
        if sight is None:
            self._drawing = None
        self._draw_aside()
        if self._drawing is None or not self._is_clear:
            self.refresh()

    # -- what is seen

    @property
    def turn(self) -> int:
        """Grows with everything that is to be shown; 0 where there is nothing."""
        return self._sight.turn if self._sight else 0

    @property
    def seen_turn(self) -> int:
        """The :attr:`turn` of what has been written to the screen last."""
        in_pixels = self._painter is not None and self._drawing is not None and self._is_clear
        return self._painted_turn if in_pixels else self._cells_turn

    @property
    def placement(self) -> Placement | None:
        """What of the picture is seen; None where there is none, or no room."""
        return self._placed(self._sight)

    def _placed(self, sight: Sight | None) -> Placement | None:
        if sight is None or not self._offered:
            return None
        return sight.placement(*self._offered, self.terminal, graphic=self._painter is not None)

    @property
    def _grid(self) -> Grid:
        """The pixels that there are to draw on."""
        return Sight.grid(self._offered, self.terminal, graphic=self._painter is not None)

    # -- for the painter

    @property
    def widget(self) -> Widget:
        """The view as a widget."""
        return self

    @property
    def terminal(self) -> Terminal:
        """The terminal drawn on, with the cell size it had when the view got its size."""
        if self._terminal is None:
            found = getattr(self.app, "terminal", None)
            self._terminal = found if isinstance(found, Terminal) else Terminal()
        return self._terminal

    @property
    def drawing(self) -> Drawing | None:
        """What should be seen in pixels; None where the cells for it are not there yet."""
        return None if self._awaits_cells else self._drawing

    def set_clear(self, clear: bool) -> None:
        """Whether the drawing may be painted now, or half blocks have to stand in."""
        if clear != self._is_clear:
            self._is_clear = clear
            if self._drawing is not None and self.terminal.under_text:
                self._strips = None
                self.refresh()

    def painted(self, drawing: Drawing) -> None:
        """Note what is seen in pixels now."""
        if drawing is self._drawing and self._drawn is not None:
            self._painted_turn = self._drawn.turn

    @property
    def _painter(self) -> Painter | None:
        found = getattr(self.app, "painter", None)
        return found if isinstance(found, Painter) and self.terminal.graphic else None

    # -- life

    def on_mount(self) -> None:
        """Join the painter's care."""
        if self._painter is not None:
            self._painter.add(self)

    def on_unmount(self) -> None:
        """Leave no picture behind."""
        if self._painter is not None:
            self._painter.remove(self)

    def on_resize(self) -> None:
        """Draw again: the picture always fills what there is, and a cell's size may be new."""
        terminal = self.terminal
        if not self.app.is_headless and sys.__stdout__ is not None:
            self._terminal = terminal.measured(sys.__stdout__.fileno())
        if (self._drawn_for, terminal) == (self._offered, self._terminal):
            return
        self._drawing = None
        self._repaint_cells()
        self._draw_aside()

    @property
    def _offered(self) -> Size:
        """The cells a picture may take: the content, but not where it would make things scroll."""
        width, height = self.content_size
        at_bottom = self.content_region.bottom >= self.app.size.height
        return Size(width, height - (at_bottom and not self.terminal.may_touch_bottom))

    def _draw_aside(self) -> None:
        """Have the picture drawn in a thread; while one is at work, its end starts the next."""
        sight, size = self._sight, self._offered
        if self._painter is None or sight is None or self._is_drawing or not size:
            return
        self._is_drawing = True
        work = partial(self._draw, sight, size, self.terminal)
        self.run_worker(work, thread=True, group="drawing")

    def _draw(self, sight: Sight, size: Size, terminal: Terminal) -> None:
        drawing = sight.drawing(*size, terminal, self.number)
        self.post_message(self.Drawn(sight, size, drawing))

    def on_image_view_drawn(self, message: Drawn) -> None:
        """Have the drawing painted, unless the view has moved on to another."""
        self._is_drawing = False
        if self._sight is None:
            return
        old, new = self._drawing, message.drawing
        if message.size == self._offered:
            self._drawing, self._drawn, self._drawn_for = new, message.sight, message.size
            if not self._fits_cells(old, new):
                self._repaint_cells()
            elif self._painter is not None:
                self._painter.after_frame()
        if message.sight is not self._sight or message.size != self._offered:
            self._draw_aside()

    def _fits_cells(self, old: Drawing | None, new: Drawing) -> bool:
        """True where the new drawing can go on the cells as they are."""
        if old is None:
            return not self.terminal.under_text
        return (old.columns, old.rows) == (new.columns, new.rows)

    # -- cells

    def render(self) -> VisualType:
        """The note: a picture is drawn line by line instead."""
        return Content(self._note)

    def render_line(self, y: int) -> Strip:
        """One line of the picture, or of the note."""
        if self._sight is None:
            return super().render_line(y)
        if self._strips is None:
            self._strips = self._cells(self._sight)
            self._cells_turn = self._sight.turn
        return self._strips[y] if y < len(self._strips) else self._blank(self.content_size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines to be written to the screen: those that the drawing waits for, where it does."""
        self._awaits_cells = False
        return super().render_lines(crop)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """None for a picture: its colours are exact, and the background is the terminal's."""
        return () if self._sight is not None else super().get_line_filters()

    def notify_style_update(self) -> None:
        """Forget the cells drawn in another style."""
        self._strips = None
        super().notify_style_update()

    def _repaint_cells(self) -> None:
        """Have other cells written before anything is painted over them."""
        self._strips, self._awaits_cells = None, True
        self.refresh()

    def _cells(self, sight: Sight) -> list[Strip]:
        """The content's lines, what is shown in their middle."""
        columns, rows = self.content_size
        if not self._offered:
            return []
        lines = self._lines(sight)
        width = Segment.get_line_length(lines[0])
        left, top = (columns - width) // 2, (rows - len(lines)) // 2
        before, after = self._blank(left), self._blank(columns - width - left)
        strips = [self._blank(columns)] * top
        strips += [Strip([*before, *line, *after], columns) for line in lines]
        return strips

    def _lines(self, sight: Sight) -> list[list[Segment]]:
        """Half blocks, or bare cells where the picture lies under them."""
        terminal = self.terminal
        if self._drawing is not None and terminal.under_text and self._is_clear:
            return [[Segment(" " * self._drawing.columns, BARE)]] * self._drawing.rows
        return sight.lines(*self._offered, terminal, graphic=self._painter is not None)

    def _blank(self, width: int) -> Strip:
        return Strip.blank(width, Style(bgcolor=self.background_colors[1].rich_color))
