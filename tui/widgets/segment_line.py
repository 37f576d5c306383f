"""A line of clickable words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widget import Widget

from tui.safe_text import safe_text

_LEAST = 6
"""Cells that are left of a word, however narrow the line is."""


@dataclass(frozen=True)
class Segment:
    """A piece of the line: harmless text, its style, and the action a click on it runs."""

    text: str
    style: str = ""
    action: str = ""


class SegmentLine(Widget):
    """Shows segments on one line, and runs a segment's action when it is clicked."""

    DEFAULT_CSS = "SegmentLine { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._segments: Sequence[Segment] = ()

    def show(self, segments: Sequence[Segment]) -> None:
        """Replace the line."""
        if segments != self._segments:
            self._segments = segments
            self.refresh()

    @property
    def shown(self) -> Sequence[Segment]:
        """What there is room for."""
        return self._segments

    def render(self) -> Content:
        """The line as content."""
        return Content.assemble(*((s.text, s.style) for s in self.shown))

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the word under the pointer."""
        event.stop()
        start = 0
        for segment in self.shown:
            end = start + cell_len(segment.text)
            if start <= event.x < end and segment.action:
                await self.screen.run_action(segment.action)
                return
            start = end


class CrumbLine(SegmentLine):
    """Shows the way down to here: where it is too long its longest words are cut, but the last."""

    @property
    def shown(self) -> Sequence[Segment]:
        """All words, cut as far as they have to be."""
        before, last = self._segments[:-1], self._segments[-1:]
        limit = max((cell_len(segment.text) for segment in before), default=0)
        while limit > _LEAST and _width((*before, *last)) > self.size.width:
            limit -= 1
            before = [replace(s, text=safe_text(s.text, limit)) for s in before]
        return (*before, *last)


def _width(segments: Sequence[Segment]) -> int:
    return sum(cell_len(segment.text) for segment in segments)
