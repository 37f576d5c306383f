"""Ask the terminal what pictures it can draw, once, before the console takes the line over.

Replies that come late would be taken for keystrokes, so the first question is one whose late reply
does no harm: where the cursor is (a report the console knows and ignores). A terminal that does
not answer it in a second is asked nothing else. The same question fences the last one off: a
terminal answers in order, so once its report is here nothing else is on its way.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from core.settings import ColorDepth, PreviewSettings, Protocol
from tui.preview.terminal import FALLBACK_CELL, Depth, Terminal, cell_size

PATIENCE = 1.0
"""Seconds for the first answer."""
_SHORTEST_PATIENCE = 0.5
_PATIENCE_IN_ROUND_TRIPS = 4

_WHERE_IS_THE_CURSOR = b"\x1b[6n"
_CURSOR_IS_HERE = re.compile(rb"\x1b\[\d+;\d+R")
_COLOUR_REGISTERS = b"\x1b[?1;1;0S"
_REGISTERS_ARE = re.compile(rb"\x1b\[\?1;0;(\d+)S")
_LARGEST_PICTURE = b"\x1b[?2;4;0S"
_LARGEST_IS = re.compile(rb"\x1b\[\?2;0;(\d{1,5});(\d{1,5})S")
_ATTRIBUTES_ARE = re.compile(rb"\x1b\[\?([\d;]+)c")
_SIXEL_ATTRIBUTE = b"4"

_DRAWS_TRUECOLOR = frozenset(
    (
        "alacritty",
        "contour",
        "foot",
        "ghostty",
        "iterm2",
        "kitty",
        "konsole",
        "mintty",
        "mlterm",
        "rio",
        "tmux",
        "vte",
        "wezterm",
        "windows",
        "xterm",
    )
)
_DRAWS_NO_COLOUR = re.compile(r"|dumb|unknown|linux|ansi|cons\d+|vt\d+.*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """What the terminal said of itself."""

    protocol: Protocol
    why: str
    name: str = ""
    version: str = ""
    cell: tuple[int, int] | None = None
    registers: int = 256
    largest: tuple[int, int] = (0, 0)


def probe(
    settings: PreviewSettings,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
) -> Terminal:
    """Find out how to draw on the terminal; standard input and output unless others are given.

    Writes and reads the line for about a second at most where nobody answers. Not asked are: a
    pipe or a file, tmux and screen (which pass no picture on), a terminal whose protocol is
    configured. Where truecolor is warranted it sets COLORTERM, which ssh drops and Textual reads
    when the app is made.
    """
    fd = _line(stdin or sys.__stdin__, stdout or sys.__stdout__)
    answer = _answer(settings, fd, os.environ)
    depth = _depth(settings, os.environ, answer.name)
    if depth is Depth.TRUECOLOR:
        os.environ["COLORTERM"] = "truecolor"
    cell = (cell_size(fd) if fd is not None else None) or answer.cell or FALLBACK_CELL
    return Terminal(
        protocol=answer.protocol,
        depth=depth,
        cell=cell,
        name=answer.name,
        version=answer.version,
        registers=answer.registers,
        largest=answer.largest,
        why=answer.why,
    )


def _answer(settings: PreviewSettings, fd: int | None, environ: Mapping[str, str]) -> _Answer:
    """The protocol, by asking only where nothing else decides."""
    name = _name(environ)
    if fd is None:
        return _Answer(protocol=Protocol.BLOCK, why="not a terminal", name=name)
    if settings.protocol is not Protocol.AUTO:
        version = environ.get("TERM_PROGRAM_VERSION", "")
        why = "configured by preview.protocol"
        return _Answer(protocol=settings.protocol, why=why, name=name, version=version)
    if _in_multiplexer(environ):
        why = "tmux and screen pass no picture on"
        return _Answer(protocol=Protocol.BLOCK, why=why, name=name)
    if _DRAWS_NO_COLOUR.fullmatch(environ.get("TERM", "")):
        return _Answer(protocol=Protocol.BLOCK, why="TERM names no graphic terminal", name=name)
    return _ask(fd, name)


def _line(stdin: TextIO | None, stdout: TextIO | None) -> int | None:
    """The terminal's file descriptor, None where there is none or another job has it."""
    try:
        import termios  # noqa: F401  not there on Windows

        if stdin is None or stdout is None or not (stdin.isatty() and stdout.isatty()):
            return None
        fd = stdout.fileno()
        return fd if os.tcgetpgrp(fd) == os.getpgrp() else None
    except (ImportError, OSError, ValueError):
        return None


def _ask(fd: int, name: str) -> _Answer:
    """Ask by term-image's queries, and leave nothing in the line."""
    import termios

    from tui.preview.library import disable_queries, enable_queries, set_query_timeout

    enable_queries()
    set_query_timeout(PATIENCE)
    try:
        return _questions(name)
    except (OSError, UnicodeError, termios.error):
        return _Answer(protocol=Protocol.BLOCK, why="the terminal's answers made no sense")
    finally:
        disable_queries()
        termios.tcflush(fd, termios.TCIFLUSH)


def _questions(fallback_name: str) -> _Answer:
    from tui.preview.library import get_cell_size, get_terminal_name_version, set_query_timeout

    start = time.monotonic()
    if not _CURSOR_IS_HERE.search(_fenced(b"")):
        why = f"the terminal did not answer within {PATIENCE:g} s"
        return _Answer(protocol=Protocol.BLOCK, why=why, name=fallback_name)
    round_trip = time.monotonic() - start
    patience = max(_SHORTEST_PATIENCE, round_trip * _PATIENCE_IN_ROUND_TRIPS)
    set_query_timeout(min(patience, PATIENCE))

    name, version = get_terminal_name_version()
    protocol, why = _by_term_image(name or "")
    cell = get_cell_size()
    registers, largest = 256, (0, 0)
    if protocol is Protocol.BLOCK:
        protocol, why, registers, largest = _by_attributes()
    elif protocol is Protocol.ITERM2:
        _fenced(b"")
    return _Answer(
        protocol=protocol,
        why=why,
        name=name or fallback_name,
        version=version or "",
        cell=cell,
        registers=registers,
        largest=largest,
    )


def _by_term_image(name: str) -> tuple[Protocol, str]:
    """The protocol of kitty or of iTerm2 by term-image; block where it finds neither."""
    from tui.preview.library import ITerm2Image, KittyImage

    if KittyImage.is_supported():
        return Protocol.KITTY, f"{name or 'the terminal'} answered kitty's graphics query"
    if name == "ghostty":
        # term-image knows it not; it implements kitty's protocol by its own documentation.
        return Protocol.KITTY, "ghostty draws by kitty's protocol"
    if ITerm2Image.is_supported():
        return Protocol.ITERM2, f"{name} draws by iTerm2's protocol"
    return Protocol.BLOCK, ""


def _by_attributes() -> tuple[Protocol, str, int, tuple[int, int]]:
    """Sixel where the primary device attributes say so, with its colours and largest picture."""
    from tui.preview.library import DA1_b

    reply = _fenced(_COLOUR_REGISTERS + _LARGEST_PICTURE + DA1_b)
    attributes = _ATTRIBUTES_ARE.search(reply)
    if attributes is None or _SIXEL_ATTRIBUTE not in attributes[1].split(b";")[1:]:
        return Protocol.BLOCK, "the terminal knows no graphics protocol of ours", 256, (0, 0)
    registers = _REGISTERS_ARE.search(reply)
    count = min(max(int(registers[1]), 2), 256) if registers else 256
    size = _LARGEST_IS.search(reply)
    largest = (int(size[1]), int(size[2])) if size else (0, 0)
    return Protocol.SIXEL, "the terminal's attributes name sixel", count, largest


def _fenced(request: bytes) -> bytes:
    """The replies to a request, read up to the report of where the cursor is."""
    from tui.preview.library import query_terminal

    reply: bytes | None = query_terminal(
        request + _WHERE_IS_THE_CURSOR, lambda read: not _CURSOR_IS_HERE.search(read)
    )
    return reply or b""


def _name(environ: Mapping[str, str]) -> str:
    """The terminal's name by the environment, lower case; empty where that does not tell."""
    if "TMUX" in environ or environ.get("TERM", "").startswith("tmux"):
        return "tmux"
    if "kitty" in environ.get("TERM", "") or "KITTY_WINDOW_ID" in environ:
        return "kitty"
    if "KONSOLE_VERSION" in environ:
        return "konsole"
    return (environ.get("TERM_PROGRAM") or environ.get("LC_TERMINAL", "")).lower()


def _in_multiplexer(environ: Mapping[str, str]) -> bool:
    return (
        "TMUX" in environ
        or "STY" in environ
        or environ.get("TERM", "").startswith(("tmux", "screen"))
    )


def _depth(settings: PreviewSettings, environ: Mapping[str, str], name: str) -> Depth:
    """The colours of block pictures: as configured, else by NO_COLOR, COLORTERM, name, TERM."""
    if settings.color is not ColorDepth.AUTO:
        return Depth(settings.color.value)
    if environ.get("NO_COLOR"):
        return Depth.MONO
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or name in _DRAWS_TRUECOLOR:
        return Depth.TRUECOLOR
    if _DRAWS_NO_COLOUR.fullmatch(environ.get("TERM", "")):
        return Depth.MONO
    return Depth.INDEXED
