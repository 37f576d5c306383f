"""What the terminal sends, read as Textual's driver for Linux and macOS does, but for three things.

What was typed before the screen stood comes first. Answers to our questions are no keys, however
late they come. Escape and a key that come together are these two keys: Textual makes alt and the
key of them, which nothing is bound to here, or loses the escape.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import selectors
from collections.abc import Collection, Iterable, Iterator

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys, key_to_character
from textual.message import Message

from tui.preview.questions import is_answer, without_answers

QUIET = 0.1
"""Seconds without a byte after which an escape was the key and not the beginning of a sequence."""
_AT_ONCE = 4096
"""Bytes that are read at once; an answer that is longer is none."""
_MAY_GO_ON = re.compile(rb"\x1b(?:P(?:>(?:\|[^\x1b\x07]*\x1b?)?)?|_(?:G[^\x1b]*\x1b?)?)?\Z")
"""An escape at the end, or the beginning of an answer that Textual's parser would not know."""
_ESCAPE = re.compile(r"\x1b(?=[^\x1b[Ofb\t\x7f])")
"""Escape, and behind it neither a sequence of the keyboard nor what may begin one."""


class InputLine(LinuxDriver):
    """Textual's driver with a reader of its own."""

    def run_input_thread(self) -> None:
        """Read until the driver ends; in a thread."""
        typed: bytes = getattr(self._app, "typed_before", b"")
        self._app.typed_before = b""  # type: ignore[attr-defined]  # after a suspension: no more
        reader = Reader(getattr(self._app, "alt_keys", ()))
        is_terminal = os.isatty(self.fileno)
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            if selector.select(0):
                typed += os.read(self.fileno, _AT_ONCE)
            # Before the line was raw, it made line feeds of returns.
            self._hand_on(reader.read(typed.replace(b"\n", b"\r")))
            while not self.exit_event.is_set():
                if not selector.select(QUIET):
                    self._hand_on(reader.rest())
                elif data := os.read(self.fileno, _AT_ONCE):
                    self._hand_on(reader.read(data))
                else:
                    if is_terminal:
                        self._hang_up()
                    return

    def _hang_up(self) -> None:
        """Say that the terminal is gone: the system tells the session's leader, and no one else.

        That may be a `make` or a shell which waits for us.
        """
        hung_up = getattr(self._app, "hung_up", None)
        with contextlib.suppress(RuntimeError):  # the loop is closed: the app has ended
            self._loop.call_soon_threadsafe(hung_up or self._app.exit)

    def _hand_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)


class Reader:
    """Makes keys and other events of bytes as they come."""

    def __init__(self, alt_keys: Collection[str] = ()) -> None:
        """`alt_keys` are named as Textual names keys; those without alt do not matter."""
        self._with_alt = {_character(key): key for key in alt_keys}
        self._parser = _Parser()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = b""
        self._is_pasting = False

    def read(self, data: bytes) -> Iterator[Message]:
        """What these bytes mean, and those that were kept back before."""
        data = without_answers(self._held + data)
        begun = _MAY_GO_ON.search(data[-_AT_ONCE:])
        self._held = begun[0] if begun else b""
        yield from self._keys(self._decoder.decode(data[: len(data) - len(self._held)]))

    def rest(self) -> Iterator[Message]:
        """What was kept back means, as nothing more has come for a while."""
        held, self._held = self._held, b""
        if held == b"\x1b":
            yield events.Key("escape", "\x1b")
        else:
            yield from self._keys(held.decode("ascii", "replace"))
        yield from self._parser.tick()

    def _keys(self, text: str) -> Iterator[Message]:
        pasted = self._is_pasting or BRACKETED_PASTE_START in text
        self._is_pasting = pasted and (
            text.rfind(BRACKETED_PASTE_START) >= text.rfind(BRACKETED_PASTE_END)
        )
        first, *others = [text] if pasted else _ESCAPE.split(text)
        if first:
            yield from self._parser.feed(first)
        for other in others:
            yield from self._behind_escape(other)

    def _behind_escape(self, text: str) -> Iterator[Message]:
        if key := self._with_alt.get(text[0]):
            yield events.Key(key, None)
            text = text[1:]
        else:
            yield events.Key("escape", "\x1b")
        if text:
            yield from self._parser.feed(text)


class _Parser(XTermParser):
    """Knows answers to our questions, and that they are no keys."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if is_answer(sequence.encode()):
            return (events.Key(Keys.Ignore, sequence),)
        return super()._sequence_to_key_events(sequence, alt)


def _character(key: str) -> str:
    """What a terminal sends behind the escape for a key with alt; nothing where it has no alt."""
    *modifiers, name = key.split("+")
    if "alt" not in modifiers or "ctrl" in modifiers:
        return ""
    name = key_to_character(name) or ""
    return name.upper() if "shift" in modifiers else name
