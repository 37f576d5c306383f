from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from rich.color import Color
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from core.settings import Protocol
from tests.tui.preview.pictures import colour, grey
from tui.preview.painter import Painter
from tui.preview.terminal import Depth, Terminal
from tui.preview.viewport import Viewport
from tui.widgets.image_view import ImageView

BLOCK = Terminal()
KITTY = Terminal(protocol=Protocol.KITTY, name="kitty", version="0.41.1")
OLD_KITTY = Terminal(protocol=Protocol.KITTY, name="kitty", version="0.26.5")
ITERM2 = Terminal(protocol=Protocol.ITERM2, name="iterm2")
SIXEL = Terminal(protocol=Protocol.SIXEL, name="xterm")
GRAPHIC = [KITTY, OLD_KITTY, ITERM2, SIXEL]
PERSISTENT = [KITTY, OLD_KITTY]

POINTER = "\x1b]22;"
"""Textual sets the mouse pointer's shape by the same way."""
PLACE = re.compile(r"\x1b\[(\d+);(\d+)H")


class Dialog(ModalScreen[None]):
    def compose(self) -> ComposeResult:
        yield Label("really?")


class Console(App[None]):
    """An app with one view, and everything its painter writes."""

    CSS = "#side { width: 20; }"

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.terminal = terminal
        self.painter = Painter(self)
        self.written: list[str] = []

    def post_display_hook(self) -> None:
        self.painter.after_frame()

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static("side", id="side")
            yield ImageView()
        yield Static("foot")

    def on_mount(self) -> None:
        assert self._driver is not None
        self._driver.write = self._record  # type: ignore[method-assign]

    def _record(self, text: str) -> None:
        if not text.startswith(POINTER):
            self.written.append(text)

    @property
    def view(self) -> ImageView:
        return self.screen_stack[0].query_one(ImageView)

    def take(self) -> str:
        """What was written since the last call."""
        text = "".join(self.written)
        self.written.clear()
        return text


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Let the app work until the condition holds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "nothing came"
        await pilot.pause()


async def wait_for_picture(pilot: Pilot[None], app: Console) -> None:
    await until(pilot, lambda: any(PLACE.search(text) for text in app.written))
    await pilot.pause()


async def painted(pilot: Pilot[None], app: Console) -> str:
    """What is written when a picture comes; frames that bring its cells again count once."""
    await wait_for_picture(pilot, app)
    texts = [text for text, _ in itertools.groupby(app.written)]
    app.take()
    return "".join(texts)


async def painted_again(pilot: Pilot[None], app: Console) -> set[str]:
    """The different things written when a picture comes back."""
    await wait_for_picture(pilot, app)
    written = set(app.written)
    app.take()
    return written


def erased(view: ImageView) -> str:
    return f"\x1b_Ga=d,d=I,i={view.number},q=2;\x1b\\"


def cells(view: ImageView) -> set[str]:
    return {char for y in range(view.size.height) for char in view.render_line(y).text}


def backgrounds(view: ImageView, y: int) -> set[Color | None]:
    return {segment.style.bgcolor for segment in view.render_line(y) if segment.style}


@pytest.mark.parametrize("depth", list(Depth))
async def test_block_pictures_fill_the_view_and_follow_its_size(depth: Depth) -> None:
    app = Console(Terminal(depth=depth))
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(grey(100, 100))
        await pilot.pause()
        for size in ((80, 24), (200, 50), (30, 6), (20, 5)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            view = app.view
            lines = [view.render_line(y) for y in range(view.size.height)]
            assert {line.cell_length for line in lines} <= {view.size.width}
        assert app.take() == ""


async def test_a_note_is_plain_text_whatever_it_holds() -> None:
    app = Console(BLOCK)
    async with app.run_test() as pilot:
        app.view.show(grey())
        app.view.note("no [b]preview[/b]: \x1b[31mred\x1b[0m")
        await pilot.pause()
        text = "".join(app.view.render_line(y).text for y in range(app.view.size.height))
        assert "[b]preview[/b]" in text
        assert "\x1b" not in text
        assert app.view.picture is None


async def test_a_picture_whose_pixels_are_missing_becomes_a_note() -> None:
    app = Console(BLOCK)
    async with app.run_test() as pilot:
        app.view.show(replace(grey(), pixels=b"\x00"))
        await pilot.pause()
        assert app.view.picture is None
        assert "pixels" in "".join(
            app.view.render_line(y).text for y in range(app.view.size.height)
        )


async def test_without_a_painter_blocks_are_drawn_on_any_terminal() -> None:
    class Plain(App[None]):
        def compose(self) -> ComposeResult:
            yield ImageView(KITTY)

    app = Plain()
    async with app.run_test() as pilot:
        view = app.query_one(ImageView)
        view.show(grey())
        await pilot.pause()
        assert "▄" in cells(view)


@pytest.mark.parametrize("terminal", GRAPHIC)
async def test_a_picture_is_painted_once_inside_the_view(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(grey(100, 100))
        text = await painted(pilot, app)
        (place,) = PLACE.findall(text)
        # 46 columns by 23 rows of 10 by 20 pixels, in the middle of columns 20 to 79.
        assert place == ("1", "28")
        assert text.startswith("\x1b7")
        assert text.endswith("\x1b8")
        app.query_one("#side", Static).refresh()
        await pilot.pause()
        assert app.take() == ""


@pytest.mark.parametrize("terminal", GRAPHIC)
async def test_hiding_sends_exactly_the_delete(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test() as pilot:
        view = app.view
        view.show(grey())
        first = await painted(pilot, app)
        view.display = False
        await pilot.pause()
        assert app.take() == (erased(view) if terminal in PERSISTENT else "")
        view.display = True
        assert await painted_again(pilot, app) == {first}


@pytest.mark.parametrize("terminal", GRAPHIC)
async def test_a_dialog_has_blocks_behind_it_and_the_picture_comes_back(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test() as pilot:
        view = app.view
        view.show(grey())
        first = await painted(pilot, app)
        await app.push_screen(Dialog())
        await pilot.pause()
        assert app.take() == (erased(view) if terminal in PERSISTENT else "")
        assert "▄" in cells(view)
        app.screen.query_one(Label).update("still?")
        await pilot.pause()
        assert app.take() == ""
        app.pop_screen()
        assert await painted_again(pilot, app) == {first}


@pytest.mark.parametrize("terminal", GRAPHIC)
async def test_a_notice_on_top_is_never_painted_over(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test(notifications=True) as pilot:
        view = app.view
        view.show(grey())
        first = await painted(pilot, app)
        app.notify("look here", timeout=60)
        await until(pilot, lambda: app.screen.query("Toast"))
        await pilot.pause()
        view.refresh()
        await pilot.pause()
        assert app.take() == (erased(view) if terminal is OLD_KITTY else "")
        app.clear_notifications()
        if terminal is not KITTY:
            assert await painted_again(pilot, app) == {first}


async def test_under_a_kitty_picture_the_cells_are_bare() -> None:
    app = Console(KITTY)
    async with app.run_test() as pilot:
        app.view.show(grey(100, 100))
        assert ",z=-1073741825," in await painted(pilot, app)
        assert cells(app.view) == {" "}
        assert Color.default() in backgrounds(app.view, 5)
        assert app.view.get_line_filters() == ()


@pytest.mark.parametrize("terminal", [OLD_KITTY, ITERM2, SIXEL])
async def test_under_other_pictures_the_cells_are_blocks(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test() as pilot:
        app.view.show(grey())
        await painted(pilot, app)
        assert "▄" in cells(app.view)


@pytest.mark.parametrize("terminal", GRAPHIC)
async def test_a_moved_view_takes_its_picture_along(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test() as pilot:
        view = app.view
        view.show(grey(100, 100))
        await painted(pilot, app)
        app.query_one("#side").styles.width = 30
        text = await painted(pilot, app)
        assert text.startswith(erased(view)) == (terminal in PERSISTENT)
        assert PLACE.findall(text)[-1] == ("1", "33")


@pytest.mark.parametrize("terminal", GRAPHIC)
async def test_the_next_picture_replaces_the_one_before(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test() as pilot:
        app.view.show(grey())
        first = await painted(pilot, app)
        app.view.show(colour())
        second = await painted(pilot, app)
        assert second != first
        # The same cells: nothing to erase, and no frame of blocks between the two.
        assert "a=d" not in second
        app.view.show(None)
        await pilot.pause()
        assert app.take() == (erased(app.view) if terminal in PERSISTENT else "")


async def test_of_many_pictures_at_once_the_last_one_stays() -> None:
    app = Console(KITTY)
    async with app.run_test() as pilot:
        app.view.show(grey())
        wanted = await painted(pilot, app)
        for _ in range(30):
            app.view.show(colour())
        app.view.show(grey())
        await until(pilot, lambda: app.view.drawing and app.view.drawing.pieces[0][2] in wanted)
        await until(pilot, lambda: not app.workers)
        await pilot.pause()
        assert app.take().endswith(wanted)


@pytest.mark.parametrize("terminal", PERSISTENT)
async def test_an_unmounted_view_leaves_nothing(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test() as pilot:
        view = app.view
        view.show(grey())
        await painted(pilot, app)
        await view.remove()
        assert app.take() == erased(view)


@pytest.mark.parametrize("terminal", PERSISTENT)
async def test_a_suspended_app_leaves_nothing_and_paints_again(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test() as pilot:
        view = app.view
        view.show(grey())
        first = await painted(pilot, app)
        app.app_suspend_signal.publish(app)
        await until(pilot, lambda: app.written)
        assert app.take() == erased(view)
        app.refresh(layout=True)
        assert await painted_again(pilot, app) == {first}


@pytest.mark.parametrize("terminal", PERSISTENT)
async def test_an_ended_app_leaves_nothing(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test() as pilot:
        view = app.view
        view.show(grey())
        await painted(pilot, app)
    assert app.take() == erased(view)


@pytest.mark.parametrize("terminal", GRAPHIC)
async def test_a_resized_screen_gets_a_picture_of_the_new_size(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(grey(100, 100))
        first = await painted(pilot, app)
        await pilot.resize_terminal(120, 40)
        second = await painted(pilot, app)
        assert PLACE.findall(second)[-1] == ("1", "32")
        assert len(second) > len(first)


async def test_a_picture_scrolled_out_in_part_is_not_painted() -> None:
    class Scrolling(Console):
        CSS = "Screen { overflow-y: scroll; } ImageView { height: 20; } #side { height: 30; }"

        def compose(self) -> ComposeResult:
            yield ImageView()
            yield Static("below", id="side")

    app = Scrolling(ITERM2)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(grey())
        first = await painted(pilot, app)
        app.screen.scroll_to(y=3, animate=False)
        await pilot.pause()
        assert app.take() == ""
        app.screen.scroll_to(y=0, animate=False)
        assert await painted_again(pilot, app) == {first}


async def test_sixel_keeps_off_the_last_row_where_it_would_scroll() -> None:
    class Full(Console):
        def compose(self) -> ComposeResult:
            yield ImageView()

    app = Full(SIXEL)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(grey(100, 100))
        await painted(pilot, app)
        assert app.view.drawing is not None
        assert app.view.drawing.rows == 23


@pytest.mark.parametrize("terminal", GRAPHIC)
async def test_another_part_of_the_picture_takes_its_place_without_a_frame_of_blocks(
    terminal: Terminal,
) -> None:
    app = Console(terminal)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(grey(400, 400))
        await painted(pilot, app)
        for zoom in (16.0, 20.0):
            app.view.look(Viewport(zoom))
            await painted(pilot, app)
        first = app.view.drawing
        app.view.look(Viewport(20.0, 0.2, 0.3))
        text = await painted(pilot, app)
        assert first is not app.view.drawing
        assert "a=d" not in text, "the cells are the same: nothing is erased"
        assert len(PLACE.findall(text)) == 1
        assert app.view.seen_turn == app.view.turn


async def test_what_has_been_seen_follows_what_is_shown() -> None:
    app = Console(BLOCK)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.view
        for picture in (grey(), colour()):
            view.show(picture)
            assert view.seen_turn < view.turn, "nothing is written yet"
            await until(pilot, lambda: view.seen_turn == view.turn)


@pytest.mark.parametrize("terminal", [KITTY, ITERM2, SIXEL])
async def test_a_coarse_picture_takes_the_same_cells_and_fewer_bytes(terminal: Terminal) -> None:
    app = Console(terminal)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(grey(400, 400))
        await painted(pilot, app)
        fine = app.view.drawing
        app.view.show(grey(400, 400), coarse=True)
        await painted(pilot, app)
        coarse = app.view.drawing
        assert fine is not None
        assert coarse is not None
        assert (fine.columns, fine.rows) == (coarse.columns, coarse.rows)
        assert len(coarse.at(0, 0)) < len(fine.at(0, 0)) * 0.6
