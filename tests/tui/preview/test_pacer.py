"""Pictures in a row on a slow line: what is seen is never long ago."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.tui.preview import fake_terminal
from tests.tui.preview.fake_terminal import FakeTerminal

LINE = 100_000
"""Bytes per second: about 1 Mbit/s."""
SIZES = {"block": (30, 15), "kitty": (24, 12), "sixel": (16, 8)}
WAITS = "self.pacer.when_seen(view, self.next)"
BLINDLY = "self.pacer.when_seen(view, lambda: None); self.set_timer(1 / 60, self.next)"
PLAYER = """
import json, time
import numpy as np
from textual.app import App
from core.model import Picture, PixelMode
from core.settings import Protocol
from tui.preview.pacer import Pacer
from tui.preview.painter import Painter
from tui.preview.terminal import Terminal
from tui.widgets.image_view import ImageView

random = np.random.default_rng(1)
PICTURES = [
    Picture(width=40, height=20, mode=PixelMode.GREY,
            pixels=random.integers(0, 256, 800, dtype=np.uint8).tobytes())
    for _ in range(8)
]

class Player(App):
    CSS = "ImageView { width: COLUMNS; height: ROWS; }"

    def __init__(self):
        super().__init__()
        self.terminal = Terminal(protocol=Protocol(PROTOCOL))
        self.painter = Painter(self)
        self.pacer = Pacer(self, self.painter)
        self.shown, self.lags, self.answers = 0, [], 0

    def post_display_hook(self):
        self.painter.after_frame()

    def on_cursor_position(self):
        self.pacer.answered()
        self.answers += 1
        self.lags.append(self.pacer.lag)

    def compose(self):
        yield ImageView()

    def on_ready(self):
        self.began = time.monotonic()
        self.next()

    def next(self):
        if time.monotonic() - self.began > SECONDS:
            self.exit()
            return
        view = self.query_one(ImageView)
        view.show(PICTURES[self.shown % len(PICTURES)], coarse=True)
        self.shown += 1
        self.pacer.when_seen(view, self.next)

player = Player()
player.run()
print("FOUND" + json.dumps({
    "shown": player.shown, "lags": player.lags, "answers": player.answers,
    "longest": max(player.lags, default=0),
}) + "END")
"""


def played(
    answers: Any, *, rate: float, protocol: str = "block", paced: bool = True
) -> dict[str, Any]:
    columns, rows = SIZES[protocol]
    program = PLAYER.replace("PROTOCOL", repr(protocol)).replace("SECONDS", "2.0")
    program = program.replace("COLUMNS", str(columns)).replace("ROWS", str(rows))
    if not paced:
        program = program.replace(WAITS, BLINDLY)
    with FakeTerminal(program, answers, rate=rate) as terminal:
        match = re.search(r"FOUND(.*?)END", terminal.wait())
    assert match
    result: dict[str, Any] = json.loads(match[1])
    return result


@pytest.mark.parametrize("protocol", ["block", "kitty", "sixel"])
def test_on_a_slow_line_no_picture_is_seen_late(protocol: str) -> None:
    found = played(fake_terminal.XTERM, rate=LINE, protocol=protocol)
    assert found["shown"] > 3
    assert found["answers"] >= found["shown"] - 2, "every picture is waited for"
    assert found["longest"] < 1.0


def test_without_waiting_they_would_be_seen_much_later() -> None:
    waiting = played(fake_terminal.XTERM, rate=LINE, protocol="kitty")
    blindly = played(fake_terminal.XTERM, rate=LINE, protocol="kitty", paced=False)
    assert blindly["longest"] > 2 * waiting["longest"]


def test_on_a_quick_line_nothing_is_held_up() -> None:
    slow = played(fake_terminal.XTERM, rate=LINE)
    quick = played(fake_terminal.XTERM, rate=0)
    assert quick["shown"] > slow["shown"] * 1.5
    assert quick["longest"] < 0.5


def test_a_terminal_that_never_answers_is_asked_once_and_shown_pictures_all_the_same() -> None:
    program = PLAYER.replace("SECONDS", "2.0").replace("PROTOCOL", "'block'")
    program = program.replace("COLUMNS", "20").replace("ROWS", "10")
    program = "import tui.preview.pacer as pacing\npacing.PATIENCE = 0.3\n" + program
    with FakeTerminal(program, fake_terminal.SILENT) as terminal:
        written = terminal.wait()
    match = re.search(r"FOUND(.*?)END", written)
    assert match
    found = json.loads(match[1])
    assert found["answers"] == 0
    assert found["shown"] > 6
    assert written.count("\x1b[6n") <= 2


def test_answers_that_get_lost_hold_nothing_up_for_long() -> None:
    lossy = PLAYER.replace("self.pacer.answered()", "self.answers % 5 and self.pacer.answered()")
    program = lossy.replace("SECONDS", "4.0").replace("PROTOCOL", "'block'")
    program = program.replace("COLUMNS", "20").replace("ROWS", "10")
    program = "import tui.preview.pacer as pacing\npacing.LOST = 0.2\n" + program
    with FakeTerminal(program, fake_terminal.XTERM) as terminal:
        match = re.search(r"FOUND(.*?)END", terminal.wait())
    assert match
    assert json.loads(match[1])["shown"] > 20
