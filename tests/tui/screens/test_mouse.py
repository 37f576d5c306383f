"""What keys do, the mouse does too."""

from __future__ import annotations

from tests.tui.console import Pair, text_of, until, until_shown
from tui.app import ModalittyApp
from tui.widgets.footer_bar import FooterBar
from tui.widgets.segment_line import SegmentLine


async def test_tabs_footer_rows_and_the_way_up_are_clicked(stations: Pair) -> None:
    app = ModalittyApp(stations.me)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_shown(pilot, "pacs")
        await pilot.click(FooterBar, offset=(4, 0))
        await until_shown(pilot, "● answers")
        await pilot.click("#tabs", offset=(text_of(app).splitlines()[0].index("2 Query"), 0))
        await until_shown(pilot, "pacs (PACS) studies")
        await pilot.press("r")
        await until_shown(pilot, "● 2 studies in")
        await pilot.click("#rows-STUDY", offset=(10, 2), times=2)
        await until_shown(pilot, "● 2 series in", "→ Patient Number 2")
        await pilot.click("#crumbs", offset=(3, 0))
        await until_shown(pilot, "● 2 studies in")
        await pilot.click("#crumbs", offset=(3, 0))
        await until_shown(pilot, "Ask whom")
        await pilot.press("escape")
        line = next(iter(app.screen.query(FooterBar)))
        assert isinstance(line, SegmentLine)
        await pilot.click(FooterBar, offset=(text_of(app).splitlines()[-1].index("? Help"), 0))
        await until(pilot, lambda: "Help: Query" in text_of(app))
