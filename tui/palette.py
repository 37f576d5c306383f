"""The command palette: every command of the place one is in, by its name or its help."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.commands import Command, of_pictures, of_place, of_tables
from tui.screens.place import PlaceScreen


class Commands(Provider):
    """Offers the commands of :mod:`tui.commands`, and the themes."""

    async def discover(self) -> Hits:
        """Everything, while nothing is typed yet."""
        for command in self._commands():
            yield DiscoveryHit(_label(command), partial(self._run, command), help=command.help)

    async def search(self, query: str) -> Hits:
        """What fits the text typed, by label or help."""
        matcher = self.matcher(query)
        for command in self._commands():
            text = _label(command)
            score = max(matcher.match(text), 0.8 * matcher.match(command.help))
            if score > 0:
                run = partial(self._run, command)
                yield Hit(score, matcher.highlight(text), run, help=command.help)
        for theme in sorted(self.app.available_themes):
            text = f"Theme {theme}"
            if (score := matcher.match(text)) > 0:
                yield Hit(score, matcher.highlight(text), partial(self._theme, theme))

    def _commands(self) -> Iterator[Command]:
        screen = self.screen
        if isinstance(screen, PlaceScreen):
            session = screen.session
            yield from of_place(screen.PLACE, read_only=session.read_only, keys=session.keys)
            yield from of_pictures(screen.PLACE, keys=session.keys)
            yield from of_tables(screen.PLACE, keys=session.keys)

    async def _run(self, command: Command) -> None:
        await self.screen.run_action(f"run_command('{command.id}')")

    def _theme(self, name: str) -> None:
        self.app.theme = name


def _label(command: Command) -> str:
    return f"{command.label}  ({command.keys})"
