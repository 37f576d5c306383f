"""The bottom line: the commands that apply here, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from tui.commands import Command, Place, of_place
from tui.widgets.segment_line import Segment, SegmentLine

ALWAYS = ("app.help", "app.palette", "app.quit")
"""Commands that keep their place at the end of the line, whatever else does not fit."""


class FooterBar(SegmentLine):
    """Keys and words of the commands of one place; the rest is said by `?`."""

    DEFAULT_CSS = "FooterBar { dock: bottom; background: $footer-background; }"

    def __init__(self, place: Place, *, read_only: bool) -> None:
        super().__init__()
        self._commands = [c for c in of_place(place, read_only=read_only) if c.footer]

    def on_resize(self, event: events.Resize) -> None:
        """Fit the line into the new width."""
        self.show(tuple(footer(self._commands, event.size.width)))


def footer(commands: Sequence[Command], width: int) -> list[Segment]:
    """The commands that fit into `width`, those of :data:`ALWAYS` at the end."""
    last = [c for c in commands if c.id in ALWAYS]
    room = width - sum(_width(c) for c in last)
    shown = []
    for command in (c for c in commands if c.id not in ALWAYS):
        if _width(command) > room:
            break
        room -= _width(command)
        shown.append(command)
    return [segment for command in (*shown, *last) for segment in _segments(command)]


def _width(command: Command) -> int:
    return sum(len(segment.text) for segment in _segments(command))


def _segments(command: Command) -> tuple[Segment, Segment]:
    key = command.keys.split(" ")[0]
    return (
        Segment(f" {key} ", "bold $footer-key-foreground", command.run),
        Segment(f"{command.label} ", "$footer-description-foreground", command.run),
    )
