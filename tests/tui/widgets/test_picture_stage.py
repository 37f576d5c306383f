"""Where in the picture a cell of the screen is, whatever it is drawn with."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from core.settings import Protocol
from tests.tui.preview.pictures import grey
from tui.preview.painter import Painter
from tui.preview.terminal import Terminal
from tui.widgets.picture_stage import PictureStage

BLOCK = Terminal()
KITTY = Terminal(protocol=Protocol.KITTY, name="kitty", version="0.41.1")


class Looking(App[None]):
    """A picture of 60 by 24 cells, beside something else."""

    CSS = "#side { width: 20; }"

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.terminal = terminal
        self.painter = Painter(self)

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static("side", id="side")
            yield PictureStage()
        yield Static("foot")


@pytest.mark.parametrize("terminal", [BLOCK, KITTY])
async def test_a_cell_is_told_as_the_place_in_the_picture_that_it_shows(terminal: Terminal) -> None:
    app = Looking(terminal)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.query_one(PictureStage)
        assert view.drawn_at(0, 0) is None
        view.show(grey(100, 100))
        await pilot.pause()
        # 46 columns of 60 are the picture, 7 on either side are not.
        corners = [(7, 0), (52, 22), (6, 0), (53, 22)]
        places = [view.drawn_at(*corner) for corner in corners]
        placement = view.placement
        assert placement is not None
        stored = [placement.stored_at(*place) for place in places if place]
        assert stored[2:] == [None, None]
        (left, top), (right, bottom) = stored[:2]
        assert (left, top) <= (2, 3)
        assert (right, bottom) >= (97, 96)
