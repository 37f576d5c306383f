"""A picture in the console, by whatever the terminal can do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.filter import LineFilter
from textual.strip import Strip
from textual.visual import VisualType
from textual.widget import Widget

from core.model import Picture
from tui.preview.block import block_lines
from tui.preview.scale import is_usable
from tui.preview.terminal import Terminal
from tui.safe_text import safe_text


class ImageView(Widget):
    """Shows one picture as large as it fits, or a note that says why there is none.

    The terminal is the app's own (`app.terminal`) unless one is given. Where pictures are made of
    pixels, the cells stay plain and the app's painter puts the picture there; without a painter,
    and wherever something lies on top, half blocks are drawn.
    """

    DEFAULT_CSS = """
    ImageView { width: 1fr; height: 1fr; min-height: 1; content-align: center middle; }
    """

    def __init__(
        self,
        terminal: Terminal | None = None,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  as every Textual widget names it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._terminal = terminal
        self._picture: Picture | None = None
        self._note = ""
        self._strips: list[Strip] | None = None

    @property
    def terminal(self) -> Terminal:
        """The terminal drawn on."""
        if self._terminal is None:
            found = getattr(self.app, "terminal", None)
            return found if isinstance(found, Terminal) else Terminal()
        return self._terminal

    @property
    def picture(self) -> Picture | None:
        """What is shown; None where there is a note or nothing."""
        return self._picture

    def show(self, picture: Picture | None) -> None:
        """Show a picture in place of what was there; None shows nothing."""
        if picture is not None and not is_usable(picture):
            self.note("the picture's pixels do not fill its size")
            return
        self._set(picture, "")

    def note(self, text: str) -> None:
        """Show text in place of the picture; it may come from outside."""
        self._set(None, safe_text(text))

    def _set(self, picture: Picture | None, note: str) -> None:
        self._picture, self._note, self._strips = picture, note, None
        self.refresh()

    def render(self) -> VisualType:
        """The note: a picture is drawn line by line instead."""
        return Content(self._note)

    def render_line(self, y: int) -> Strip:
        """One line of the picture, or of the note."""
        if self._picture is None:
            return super().render_line(y)
        if self._strips is None:
            self._strips = self._blocks(self._picture)
        return self._strips[y] if y < len(self._strips) else self._blank(self.size.width)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """None for a picture: its colours are exact, and the background is the terminal's."""
        return () if self._picture is not None else super().get_line_filters()

    def notify_style_update(self) -> None:
        """Forget what was drawn for another size or style."""
        self._strips = None
        super().notify_style_update()

    def on_resize(self) -> None:
        """Draw again: the picture always fills what there is."""
        self._strips = None
        self.refresh()

    def _blocks(self, picture: Picture) -> list[Strip]:
        """The picture in half blocks, centred."""
        columns, rows = self.size
        if not (columns and rows):
            return []
        terminal = self.terminal
        lines = block_lines(picture, columns, rows, terminal.cell, terminal.depth)
        width = Segment.get_line_length(lines[0])
        left, top = (columns - width) // 2, (rows - len(lines)) // 2
        before, after = self._blank(left), self._blank(columns - width - left)
        strips = [self._blank(columns)] * top
        strips += [Strip([*before, *line, *after], columns) for line in lines]
        return strips

    def _blank(self, width: int) -> Strip:
        return Strip.blank(width, Style(bgcolor=self.background_colors[1].rich_color))
