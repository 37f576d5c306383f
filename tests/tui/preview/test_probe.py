from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Mapping

import pytest

from core.settings import ColorDepth, PreviewSettings, Protocol
from tests.tui.preview import fake_terminal
from tests.tui.preview.fake_terminal import FakeTerminal
from tui.preview.probe import probe
from tui.preview.terminal import Depth, Terminal

PROBE = """
import json, os, sys, time
from core.settings import PreviewSettings
from tui.preview.probe import probe
start = time.monotonic()
terminal = probe(PreviewSettings())
print("FOUND" + json.dumps({
    "protocol": terminal.protocol.value,
    "depth": terminal.depth.value,
    "name": terminal.name,
    "version": terminal.version,
    "cell": terminal.cell,
    "registers": terminal.registers,
    "largest": terminal.largest,
    "why": terminal.why,
    "colorterm": os.environ.get("COLORTERM"),
    "seconds": time.monotonic() - start,
    "term_image": "term_image" in sys.modules,
}) + "END")
"""

CONSOLE = """
from core.settings import PreviewSettings
from tui.preview.probe import probe
terminal = probe(PreviewSettings())
from textual.app import App

class Console(App):
    keys = []
    def on_ready(self):
        self.set_timer(SECONDS, lambda: self.bell())
    def on_key(self, event):
        self.keys.append(event.key)
        if event.key == "f2":
            self.exit()

Console().run()
import json
print("FOUND" + json.dumps({"keys": Console.keys, "protocol": terminal.protocol.value}) + "END")
"""


def found(written: str) -> dict[str, object]:
    """What the program says it found."""
    match = re.search(r"FOUND(.*)END", written, re.DOTALL)
    assert match, written
    result: dict[str, object] = json.loads(match[1])
    return result


def probed(answers: Mapping[bytes, bytes], delay: float = 0.0, **environ: str) -> dict[str, object]:
    """What probe() finds on a terminal that answers so."""
    with FakeTerminal(PROBE, answers, delay=delay, environ=environ) as terminal:
        return found(terminal.wait())


def test_kitty_is_found_with_its_cell_size() -> None:
    terminal = probed(fake_terminal.KITTY_0_41)
    assert (terminal["protocol"], terminal["name"], terminal["version"]) == (
        "kitty",
        "kitty",
        "0.41.1",
    )
    assert terminal["cell"] == [11, 21]
    assert not terminal["term_image"], "the first frame would wait for it"


def test_kitty_is_found_over_a_line_of_200_ms() -> None:
    assert probed(fake_terminal.KITTY_0_41, delay=0.2)["protocol"] == "kitty"


def test_iterm2_comes_before_its_own_sixel() -> None:
    assert probed(fake_terminal.ITERM2)["protocol"] == "iterm2"


def test_sixel_is_found_by_the_attributes_with_its_registers() -> None:
    terminal = probed(fake_terminal.VT340)
    assert (terminal["protocol"], terminal["registers"]) == ("sixel", 16)
    assert terminal["largest"] == [1000, 800]


def test_a_terminal_without_graphics_gets_blocks_and_truecolor_by_its_name() -> None:
    terminal = probed(fake_terminal.XTERM)
    assert (terminal["protocol"], terminal["depth"]) == ("block", "truecolor")
    assert terminal["colorterm"] == "truecolor"


def test_a_silent_terminal_gets_blocks_and_no_colours_are_made_up() -> None:
    terminal = probed(fake_terminal.SILENT)
    assert terminal["protocol"] == "block"
    assert "did not answer" in str(terminal["why"])
    assert terminal["colorterm"] is None
    assert terminal["depth"] == "256"


def test_a_terminal_that_answers_only_where_the_cursor_is_gets_blocks() -> None:
    only_cursor = {fake_terminal.CURSOR: b"\x1b[1;1R"}
    assert probed(only_cursor)["protocol"] == "block"


@pytest.mark.parametrize(
    "environ",
    [
        {"TMUX": "/tmp/tmux-0/default,1,0"},
        {"STY": "1.pts"},
        {"TERM": "screen-256color"},
        {"TERM": "dumb"},
    ],
)
def test_what_passes_no_picture_on_is_not_even_asked(environ: dict[str, str]) -> None:
    with FakeTerminal(PROBE, fake_terminal.KITTY_0_41, environ=environ) as terminal:
        result = found(terminal.wait())
        assert (result["protocol"], result["term_image"]) == ("block", False)
        assert b"\x1b" not in terminal.seen


def test_tmux_draws_truecolor() -> None:
    assert probed(fake_terminal.SILENT, TMUX="x")["depth"] == "truecolor"


@pytest.mark.parametrize("delay", [0.7, 1.3])
def test_late_answers_never_become_keystrokes(delay: float) -> None:
    """The first answer comes in time after 0.7 s; after 1.3 s the console is running already."""
    program = CONSOLE.replace("SECONDS", str(delay + 0.5))
    with FakeTerminal(
        program, fake_terminal.KITTY_0_41, delay=delay, cue=b"\x07", types=b"\x1bOQ"
    ) as terminal:
        assert found(terminal.wait())["keys"] == ["f2"]


def test_without_a_terminal_nothing_is_asked_and_nothing_is_warned_of() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROBE], stdin=subprocess.DEVNULL, capture_output=True
    )
    assert done.stderr == b""
    result = found(done.stdout.decode())
    assert (result["protocol"], result["term_image"]) == ("block", False)
    assert result["why"] == "not a terminal"


def test_a_configured_protocol_asks_nothing_and_needs_a_terminal() -> None:
    program = PROBE.replace(
        "PreviewSettings())",
        "__import__('msgspec').convert({'protocol': 'sixel'}, PreviewSettings))",
    )
    with FakeTerminal(program, fake_terminal.KITTY_0_41) as terminal:
        assert found(terminal.wait())["protocol"] == "sixel"
        assert b"\x1b" not in terminal.seen
    piped = probe(PreviewSettings(protocol=Protocol.SIXEL), io.StringIO(), io.StringIO())
    assert piped.protocol is Protocol.BLOCK


@pytest.mark.parametrize(
    ("color", "environ", "depth"),
    [
        (ColorDepth.AUTO, {"COLORTERM": "truecolor", "TERM": "xterm"}, Depth.TRUECOLOR),
        (ColorDepth.AUTO, {"TERM": "xterm-256color"}, Depth.INDEXED),
        (ColorDepth.AUTO, {"TERM": "linux"}, Depth.MONO),
        (ColorDepth.AUTO, {"COLORTERM": "truecolor", "NO_COLOR": "1"}, Depth.MONO),
        (ColorDepth.TRUECOLOR, {"TERM": "linux"}, Depth.TRUECOLOR),
        (ColorDepth.INDEXED, {"COLORTERM": "truecolor"}, Depth.INDEXED),
    ],
)
def test_colours_follow_settings_then_the_environment(
    monkeypatch: pytest.MonkeyPatch, color: ColorDepth, environ: dict[str, str], depth: Depth
) -> None:
    for key in ("TMUX", "TERM", "COLORTERM", "NO_COLOR", "TERM_PROGRAM", "LC_TERMINAL"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("COLORTERM", "")
    for key, value in environ.items():
        monkeypatch.setenv(key, value)
    terminal = probe(PreviewSettings(color=color), io.StringIO(), io.StringIO())
    assert terminal.depth is depth


@pytest.mark.parametrize(
    ("name", "version", "under"),
    [
        ("kitty", "0.41.1", True),
        ("kitty", "0.28", True),
        ("kitty", "0.26.5", False),
        ("kitty", "", False),
        ("ghostty", "1.1", True),
        ("konsole", "25.04", False),
    ],
)
def test_only_a_terminal_known_to_can_draw_under_the_text(
    name: str, version: str, under: bool
) -> None:
    assert Terminal(protocol=Protocol.KITTY, name=name, version=version).under_text is under
