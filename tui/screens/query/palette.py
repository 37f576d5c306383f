"""The saved queries in the command palette, from every place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape

from tui.query_memory import Asked, QueryMemory
from tui.safe_text import safe_text
from tui.screens.place import AskSaved, PlaceScreen
from tui.screens.query.library import Row


class SavedQueries(Provider):
    """Offers each saved query by its name."""

    async def startup(self) -> None:
        """Read what is kept, also by other consoles."""
        self._saved: Mapping[str, Asked] = {}
        if isinstance(self.screen, PlaceScreen):
            memory = QueryMemory(self.screen.station.data_folder)
            self._saved = (await asyncio.to_thread(memory.read)).saved

    async def discover(self) -> Hits:
        """All of them, while nothing is typed yet."""
        for name, asked in self._saved.items():
            label = safe_text(f"Ask {name}")
            ask = partial(self._ask, asked)
            yield DiscoveryHit(Content(label), ask, text=label, help=_help(name, asked))

    async def search(self, query: str) -> Hits:
        """Those whose names fit the text typed."""
        matcher = self.matcher(query)
        for name, asked in self._saved.items():
            label = safe_text(f"Ask {name}")
            if (score := matcher.match(label)) > 0:
                ask = partial(self._ask, asked)
                yield Hit(score, Content(label), ask, text=label, help=_help(name, asked))

    def _ask(self, asked: Asked) -> None:
        self.app.post_message(AskSaved(asked))


def _help(name: str, asked: Asked) -> str:
    # The palette reads it as markup.
    return escape(safe_text(f"Saved query: {Row(name, asked).words}"))
