"""Ask the terminal what pictures it can draw, once, before the console takes the line over.

Replies that come late would be taken for keystrokes by who runs next, so the first question is one
whose late reply does no harm: where the cursor is (a report the console knows and ignores). A
terminal that does not answer it in a second is asked nothing else. The same question fences the
last one off: a terminal answers in order, so once its report is here nothing else is on its way.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TextIO

from core.settings import ColorDepth, PreviewSettings, Protocol
from tui.preview import questions
from tui.preview.questions import Line
from tui.preview.terminal import FALLBACK_CELL, Depth, Terminal, cell_size, version_numbers

PATIENCE = 1.0
"""Seconds for the first answer."""
_SHORTEST_PATIENCE = 0.5
_PATIENCE_IN_ROUND_TRIPS = 4

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
    typed: bytes = b""


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
        typed=answer.typed,
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
    """Ask, and keep what was typed meanwhile."""
    import termios

    try:
        with questions.line(os.ttyname(fd)) as both_ways:
            answer = _asked(both_ways, name)
            return replace(answer, typed=both_ways.typed())
    except (OSError, termios.error):
        return _Answer(protocol=Protocol.BLOCK, why="the terminal's answers made no sense")


def _asked(line: Line, fallback_name: str) -> _Answer:
    start = time.monotonic()
    if line.answers(b"", PATIENCE) is None:
        why = f"the terminal did not answer within {PATIENCE:g} s"
        return _Answer(protocol=Protocol.BLOCK, why=why, name=fallback_name)
    round_trip = time.monotonic() - start
    patience = min(max(_SHORTEST_PATIENCE, round_trip * _PATIENCE_IN_ROUND_TRIPS), PATIENCE)

    answer = line.answers(questions.NAME_AND_CELL, patience) or b""
    told = questions.name_in(answer)
    name, version = told or (fallback_name, os.environ.get("TERM_PROGRAM_VERSION", ""))
    cell = questions.cell_in(answer, *os.get_terminal_size(line.fd))
    found = _by_pictures(line, patience, name, version)
    return replace(found, name=name, version=version, cell=cell)


def _by_pictures(line: Line, patience: float, name: str, version: str) -> _Answer:
    """The protocol of kitty, of iTerm2, or sixel, whichever the terminal draws, in this order."""
    if name != "iterm2":  # kitty's question would become the title of its window
        answer = line.answers(questions.KITTY_GRAPHICS, patience) or b""
        if questions.draws_kitty(answer) and _draws_all_of_kitty(name, version):
            why = f"{name} answered kitty's graphics query"
            return _Answer(protocol=Protocol.KITTY, why=why)
    if _draws_all_of_iterm2(name, version):
        return _Answer(protocol=Protocol.ITERM2, why=f"{name} draws by iTerm2's protocol")
    sixel = questions.sixel_in(line.answers(questions.SIXEL_GRAPHICS, patience) or b"")
    if sixel is None:
        why = "the terminal knows no graphics protocol of ours"
        return _Answer(protocol=Protocol.BLOCK, why=why)
    why = "the terminal's attributes name sixel"
    return _Answer(protocol=Protocol.SIXEL, why=why, registers=sixel[0], largest=sixel[1])


def _draws_all_of_kitty(name: str, version: str) -> bool:
    """Whether what is drawn of kitty's protocol suffices: of others that answer, parts are missing.

    kitty itself needs 0.20. Ghostty implements it all by its own documentation.
    """
    if name == "kitty":
        return version_numbers(version) >= (0, 20)
    return name in ("konsole", "ghostty")


def _draws_all_of_iterm2(name: str, version: str) -> bool:
    """Whether a terminal draws by iTerm2's protocol; Konsole does since 22.04."""
    if name == "konsole":
        return version_numbers(version) >= (22, 4)
    return name in ("iterm2", "wezterm")


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
