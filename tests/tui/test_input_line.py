"""What a terminal sends, and which keys it is; what is typed before there is a screen."""

from __future__ import annotations

import signal
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual import events
from textual.message import Message

from tests.peers.processes import eventually
from tests.tui.commandline import CommandLine
from tests.tui.preview import fake_terminal
from tests.tui.preview.fake_terminal import FakeTerminal
from tests.tui.preview.test_probe import found
from tests.tui.terminal import PROGRAM, Terminal
from tui.input_line import Reader

ANSWERS = b"\x1bP>|kitty(0.41.1)\x1b\\\x1b[6;21;11t\x1b[4;504;880t\x1b_Gi=31;OK\x1b\\\x1b[?62;4c"
SIXEL_ANSWERS = b"\x1b[?1;0;256S\x1b[?2;0;1000;800S\x1b[?1;3;0S"


def names(messages: Sequence[Message]) -> list[str]:
    """Keys by their names, pasted text as it is, of other messages the kind."""
    return [
        m.key if isinstance(m, events.Key) else getattr(m, "text", type(m).__name__)
        for m in messages
    ]


def keys(*pieces: bytes, alt: Sequence[str] = ()) -> list[str]:
    """What comes of these reads, and of a while without any."""
    reader = Reader(alt)
    messages = [message for piece in pieces for message in reader.read(piece)]
    return names([*messages, *reader.rest()])


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((b"\x1bj",), "escape j"),
        ((b"x\x1b/ab\x1b4\x1b\r",), "x escape slash a b escape 4 escape enter"),
        ((b"\x1b", b"j"), "escape j"),
        ((b"\x1bj\x1b[B\x1b\x1b[A",), "escape j down escape up"),
        ((b"\x1b" + b"k" * 40,), "escape" + " k" * 40),
        ((b"\x1bPd",), "escape P d"),
        ((b"\x1bP",), "escape P"),
        ((b"\x1b",), "escape"),
        ((b"\x1b[", b"B"), "down"),
        ((b"\x1bOQ\x1b[1;5C\x1bb\x1b\x7f",), "f2 ctrl+right ctrl+left ctrl+w"),
        ((b"\xc3", b"\xa4\xff"), "ä replacement_character"),
        ((b"\x1b[200~a", b"b\x1b[201~", b"\x1bc"), "ab escape c"),
    ],
)
def test_escape_and_keys_that_come_together_are_these_keys(
    pieces: tuple[bytes, ...], expected: str
) -> None:
    assert keys(*pieces) == expected.split(" ")


def test_a_key_with_alt_that_somebody_chose_is_that_key() -> None:
    assert keys(b"\x1bj\x1bJ\x1bk", alt=["alt+j", "alt+shift+j", "f5"]) == [
        *("alt+j", "alt+shift+j"),
        *("escape", "k"),
    ]


@pytest.mark.parametrize("at", range(0, len(ANSWERS + SIXEL_ANSWERS), 3))
def test_an_answer_that_comes_late_is_no_key(at: int) -> None:
    late = ANSWERS + SIXEL_ANSWERS
    assert keys(b"a" + late[:at], late[at:] + b"b") == ["a", "b"]


def test_where_the_cursor_is_remains_to_be_heard() -> None:
    assert keys(b"a\x1b[3;7Rb") == ["a", "CursorPosition", "b"]


CONSOLE = """
import json
from core.settings import PreviewSettings
from tui.preview.probe import probe
terminal = probe(PreviewSettings())
from tui.typed_ahead import KeysInOrder

class Console(KeysInOrder):
    typed_before = terminal.typed
    keys = []
    def on_key(self, event):
        self.keys.append(event.key)
        if event.key == "enter":
            self.exit()

Console().run()
print("FOUND" + json.dumps({"keys": Console.keys, "protocol": terminal.protocol.value}) + "END")
"""


def test_what_is_typed_while_the_terminal_is_asked_is_not_lost() -> None:
    with FakeTerminal(
        CONSOLE, fake_terminal.KITTY_0_41, delay=0.1, cue=b"\x1b[6n", types=b"4/ab\x1b[B\r"
    ) as terminal:
        result = found(terminal.wait())
    assert result["keys"] == ["4", "slash", "a", "b", "down", "enter"]
    assert result["protocol"] == "kitty", "the answers were understood all the same"


def test_what_is_typed_at_once_reaches_the_console(tmp_path: Path) -> None:
    console = Terminal(CommandLine(tmp_path).words(), {})
    try:
        console.type("4/none\r6")  # nothing runs yet that could read it
        console.shows("Settings", "station.ae_title")
        console.type("4")
        console.shows("Archive", "0 of 0", "none")
        console.type("q")
        assert console.ends() == 0
    finally:
        console.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_while_the_terminal_is_asked_leaves_it_as_it_was(
    tmp_path: Path, number: signal.Signals
) -> None:
    asked = ("env", "-u", "TMUX", sys.executable, "-c", PROGRAM)
    console = Terminal(["demo"], {"TMPDIR": str(tmp_path)}, command=asked)
    try:
        before = termios.tcgetattr(console.child.child_fd)
        eventually(
            lambda: console.text is not None and b"\x1b[6n" in console.raw, what="a question"
        )
        assert termios.tcgetattr(console.child.child_fd) != before, "it does not echo now"
        console.child.kill(number)
        assert console.ends() == 128 + number
        assert termios.tcgetattr(console.child.child_fd) == before
        assert b"Traceback" not in console.raw
        assert not list(tmp_path.iterdir())
    finally:
        console.close()
