"""The bottom line: the commands that apply here, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from tui.commands import NO_KEYS, Command, Keys, Place, key_name, of_pictures, of_place, of_tables
from tui.widgets.segment_line import Segment, SegmentLine

ALWAYS = ("app.help", "app.palette", "app.quit")
"""Commands that keep their place at the end of the line, whatever else does not fit."""


class FooterBar(SegmentLine):
    """Keys and words of the commands of one place; the rest is said by `?`."""

    DEFAULT_CSS = "FooterBar { dock: bottom; background: $footer-background; }"

    def __init__(self, place: Place, *, read_only: bool, keys: Keys = NO_KEYS) -> None:
        super().__init__()
        self._commands = footer_commands(place, read_only=read_only, keys=keys)
        self._of_tables = self._commands
        self._of_pictures = [c for c in of_pictures(place, keys=keys) if c.footer]

    def on_resize(self, event: events.Resize) -> None:
        """Fit the line into the new width."""
        self.show(tuple(footer(self._commands, event.size.width)))

    def show_pictures(self, on: bool) -> None:
        """Begin with what can be done with a picture, or with what is usual here."""
        usual = self._of_tables
        theirs = {key for c in self._of_pictures for key in c.key_list}
        rest = [
            c for c in usual if not theirs.issuperset(c.key_list) and c.place is not Place.TABLE
        ]
        self._commands = [*self._of_pictures, *rest] if on else usual
        self.show(tuple(footer(self._commands, self.size.width)))


def footer_commands(
    place: Place, *, read_only: bool = False, keys: Keys = NO_KEYS
) -> list[Command]:
    """What the footer of a place has, the most useful first: its own, then what tables have."""
    commands = of_place(place, read_only=read_only, keys=keys)
    own = [c for c in commands if c.place is place]
    tables = of_tables(place, keys=keys)
    shared = [c for c in commands if c.place is not place]
    own_keys = {key for c in own for key in c.key_list}
    tables = tuple(c for c in tables if not own_keys.issuperset(c.key_list))
    return [c for c in (*own, *tables, *shared) if c.footer]


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
    key, click = key_name(command.key_list[0]), f"run_command('{command.id}')"
    return (
        Segment(f" {key} ", "bold $footer-key-foreground", click),
        Segment(f"{command.label} ", "$footer-description-foreground", click),
    )
