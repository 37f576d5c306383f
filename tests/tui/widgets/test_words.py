"""A text that is told anew: what it takes of a screen that is laid out."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Label

from tui.widgets.words import Words


class Page(App[None]):
    CSS = "Words { height: auto; }"

    def compose(self) -> ComposeResult:
        yield Words(id="words", markup=False)
        yield Label("below")


def _lines(app: App[None]) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()[:4]]


async def test_what_is_below_makes_room_for_more_lines_and_takes_that_of_fewer() -> None:
    app = Page()
    async with app.run_test(size=(20, 5)) as pilot:
        words = app.query_one(Words)
        for text, shown in (
            ("one", ["one", "below", "", ""]),
            ("two\nlines", ["two", "lines", "below", ""]),
            ("words too many for one line", ["words too many for", "one line", "below", ""]),
        ):
            words.update(text)
            await pilot.pause()
            assert _lines(app) == shown


async def test_as_many_lines_are_painted_where_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Page()
    async with app.run_test(size=(20, 5)) as pilot:
        words = app.query_one(Words)
        words.update("501 studies")
        await pilot.pause()
        laid_out: list[object] = []
        monkeypatch.setattr(app.screen, "_refresh_layout", lambda *_, **__: laid_out.append(1))
        words.update("502 studies")
        await pilot.pause()
        assert _lines(app)[0] == "502 studies"
        assert not laid_out
