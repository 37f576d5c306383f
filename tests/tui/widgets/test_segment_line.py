"""The line that tells the way down, where it is narrow."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tui.widgets.segment_line import CrumbLine, Segment

WORDS = ("Archive", " → ", "Patient with a name of forty cells in all", " → ", "series 5")


class Line(App[None]):
    def compose(self) -> ComposeResult:
        yield CrumbLine()


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (80, "".join(WORDS)),
        (40, "Archive → Patient with a nam… → series 5"),
        (25, "Archi… → Patie… → series "),
    ],
)
async def test_where_one_is_stays_in_sight(width: int, text: str) -> None:
    app = Line()
    async with app.run_test(size=(width, 3)) as pilot:
        line = app.query_one(CrumbLine)
        line.show([Segment(word) for word in WORDS])
        await pilot.pause()
        shown = "".join(segment.text for segment in line.shown)
        assert shown[:width] == text
        assert app.screen._compositor.render_strips()[0].text.rstrip() == text.rstrip()
        assert cell_len(text) <= width
