"""Puts pictures made of pixels on the console's screen, and takes them away again.

Textual knows only cells, and its strips would cut a picture's escapes to pieces. So the views paint
cells, and after each frame the painter compares what should be seen with what was painted, and
writes the difference straight to the driver. An app makes pictures possible with three lines::

    self.terminal = terminal                # what tui.preview.probe.probe() found
    self.painter = Painter(self)            # both in __init__

    def post_display_hook(self) -> None:
        self.painter.after_frame()

Under a picture the cells hold half blocks, so that whatever lies on top (a dialog, a notice) is
never shone through: where it overwrites cells, the terminal drops the pixels. Only kitty keeps
them, whatever is written. There the picture lies under the text, and bare cells let it be seen;
or, where a terminal cannot do that, it is deleted as soon as anything covers it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import RenderableType
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.dom import NoScreen
from textual.errors import NoWidget
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.widget import Widget

from core import settings
from tui import line
from tui.preview import kitty
from tui.preview.terminal import Terminal

if TYPE_CHECKING:  # numpy is behind it, which no console needs that shows no picture
    from tui.preview.graphics import Drawing


class View(Protocol):
    """What the painter needs of a widget that shows a picture."""

    number: int
    """Names the widget's image in the terminal."""

    @property
    def widget(self) -> Widget:
        """The widget itself."""
        ...

    @property
    def terminal(self) -> Terminal:
        """The terminal drawn on."""
        ...

    @property
    def drawing(self) -> Drawing | None:
        """What should be seen in the middle of the content region."""
        ...

    def set_clear(self, clear: bool) -> None:
        """Whether the drawing may be painted now, or half blocks have to stand in."""
        ...

    def painted(self, drawing: Drawing) -> None:
        """The drawing has been written to the terminal."""
        ...


class Painter:
    """Keeps the terminal's pictures in step with the app's screen."""

    def __init__(self, app: App[object]) -> None:
        self._app = app
        self._painted: dict[View, tuple[Drawing, Region] | None] = {}
        self._waiting: set[View] = set()
        """Views that were covered, and whose own cells no frame has brought back yet."""
        self._size = Size(0, 0)
        self._written: list[tuple[int, int, int]] | None = []
        """What the frame wrote: row, first column and the column after the last; None is all."""
        self.after: Callable[[], None] | None = None
        """Called when everything of a frame is written, its pictures too."""
        self._listen()

    def _listen(self) -> None:
        """Learn what each frame writes: only Textual's own update knows which cells it touches."""
        display = self._app._display

        def noted(screen: Screen[Any], renderable: RenderableType | None) -> None:
            if not line.is_open(self._app):
                return
            if renderable is not None:
                self._written = renderable.spans if isinstance(renderable, ChopsUpdate) else None
            display(screen, renderable)

        self._app._display = noted  # type: ignore[method-assign]

    def add(self, view: View) -> None:
        """Look after a view from now on; called when it is mounted."""
        self._app.app_suspend_signal.subscribe(view.widget, lambda _: self.erase())
        self._painted[view] = None

    def remove(self, view: View) -> None:
        """Take a view's picture away and forget the view; called when it is unmounted."""
        if view in self._painted:
            self._paint(view, None)
            del self._painted[view]
            self._waiting.discard(view)

    def erase(self) -> None:
        """Take every picture away; the next frame brings back what should be seen."""
        for view, painted in self._painted.items():
            if painted is not None:
                self._paint(view, None)
                self._waiting.add(view)

    def after_frame(self) -> None:
        """Paint what should be seen and is not, erase what is seen and should not be."""
        if self._size != self._app.size:
            # A terminal may lose pictures when its size changes, and none says so.
            self._size = self._app.size
            self.erase()
        for view in tuple(self._painted):
            self._update(view)
        self._written = []
        if self.after is not None:
            self.after()

    def _update(self, view: View) -> None:
        drawing = view.drawing
        region = self._region(view, drawing) if drawing else None
        if drawing is None or region is None:
            self._paint(view, None)
            if drawing is not None:
                view.set_clear(False)
                self._waiting.add(view)
            else:
                self._waiting.discard(view)
            return
        view.set_clear(True)
        is_new = self._painted[view] != (drawing, region)
        if _persists(view):
            overdue = is_new
        else:
            overdue = self._touched(region) or (is_new and view not in self._waiting)
        if overdue:
            self._waiting.discard(view)
            self._paint(view, (drawing, region))

    def _touched(self, region: Region) -> bool:
        """True where the frame wrote any cell of the region."""
        if self._written is None:
            return True
        return any(
            y in region.line_range and first < region.right and end > region.x
            for y, first, end in self._written
        )

    def _region(self, view: View, drawing: Drawing) -> Region | None:
        """Where on the screen the drawing goes; None where it cannot be seen, or not in whole."""
        widget = view.widget
        try:
            screen = widget.screen
            if not self._app.screen_stack or self._app.screen is not screen:
                return None
            geometry = screen.find_widget(widget)
        except (NoScreen, NoWidget):
            return None
        content = geometry.region.shrink(widget.styles.gutter)
        left = content.x + (content.width - drawing.columns) // 2
        top = content.y + (content.height - drawing.rows) // 2
        region = Region(left, top, drawing.columns, drawing.rows)
        if not (widget.visible and geometry.visible_region.contains_region(region)):
            return None
        if region.bottom >= self._app.size.height and not view.terminal.may_touch_bottom:
            return None
        if not view.terminal.under_text and _is_covered(screen, widget, region):
            return None
        return region

    def _paint(self, view: View, new: tuple[Drawing, Region] | None) -> None:
        """Write what leads from what is painted to `new`; None is nothing."""
        old = self._painted[view]
        self._painted[view] = new
        escapes = ""
        if old is not None and _persists(view) and (new is None or new[1] != old[1]):
            escapes = kitty.erase(view.number)
        if new is not None:
            drawing, region = new
            escapes += f"\x1b7{drawing.at(region.x, region.y)}\x1b8"
        if escapes:
            self._write(escapes)
        if new is not None:
            view.painted(new[0])

    def _write(self, escapes: str) -> None:
        driver = self._app._driver
        if driver is not None and line.is_open(self._app):
            self._app._begin_update()
            driver.write(escapes)
            self._app._end_update()
            driver.flush()


def _persists(view: View) -> bool:
    """True where a picture stays until it is deleted, whatever is written over its cells."""
    return view.terminal.protocol is settings.Protocol.KITTY


def _is_covered(screen: Screen[object], widget: Widget, region: Region) -> bool:
    """True where anything that is drawn after the widget touches the region."""
    for other, (place, clip) in screen._compositor.visible_widgets.items():
        if other is widget:
            return False
        if other.visible and place.intersection(clip).overlaps(region):
            return True
    return False
