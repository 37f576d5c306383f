"""Questions to the terminal, and what its answers mean; asked by :mod:`tui.preview.probe` alone.

term-image asks much the same, but is loaded when a picture is drawn and not for this: with Pillow
and numpy it takes a third of a second, which the first frame would wait for.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
from collections.abc import Iterator

WHERE_IS_THE_CURSOR = b"\x1b[6n"
NAME_AND_CELL = b"\x1b[>q\x1b[16t\x1b[14t"
"""XTVERSION; size of a cell, and of all of them, in pixels (XTWINOPS)."""
KITTY_GRAPHICS = b"\x1b_Ga=q,t=d,i=31,f=24,s=1,v=1;AAAA\x1b\\"
"""Whether a picture of one pixel could be drawn (kitty's graphics protocol, a=q)."""
SIXEL_GRAPHICS = b"\x1b[?1;1;0S\x1b[?2;4;0S\x1b[c"
"""Colour registers, largest picture (XTSMGRAPHICS), primary device attributes (DA1)."""

_CURSOR_IS_HERE = re.compile(rb"\x1b\[\d+;\d+R")
_NAME_IS = re.compile(rb"\x1bP>\|(\w+)[( ]([^)\x1b\x07]+)\)?(?:\x1b\\|\x07)")
_KITTY_SAYS = re.compile(rb"\x1b_Gi=31;OK\x1b\\")
_CELL_IS = re.compile(rb"\x1b\[6;(\d{1,5});(\d{1,5})t")
_AREA_IS = re.compile(rb"\x1b\[4;(\d{1,5});(\d{1,5})t")
_REGISTERS_ARE = re.compile(rb"\x1b\[\?1;0;(\d{1,9})S")
_LARGEST_IS = re.compile(rb"\x1b\[\?2;0;(\d{1,5});(\d{1,5})S")
_ATTRIBUTES_ARE = re.compile(rb"\x1b\[\?([\d;]+)c")
_SIXEL_ATTRIBUTE = b"4"
_MOST_REGISTERS = 256
_LONGEST_ANSWER = 4096
"""Bytes; what says more is no terminal that answers a question."""


@contextlib.contextmanager
def line(name: str) -> Iterator[int]:
    """Open a terminal's line, which echoes nothing meanwhile; nothing is left in it afterwards.

    Gives its file descriptor. Raises OSError or termios.error where it is no such line.
    """
    import termios

    fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
    try:
        before, during = termios.tcgetattr(fd), termios.tcgetattr(fd)
        during[3] &= ~(termios.ECHO | termios.ICANON)
        during[6][termios.VMIN], during[6][termios.VTIME] = 1, 0
        try:
            termios.tcsetattr(fd, termios.TCSAFLUSH, during)
            yield fd
        finally:
            termios.tcsetattr(fd, termios.TCSANOW, before)
            termios.tcflush(fd, termios.TCIFLUSH)
    finally:
        os.close(fd)


def answers(fd: int, questions: bytes, seconds: float) -> bytes | None:
    """What the terminal answers, up to the report of where the cursor is, which is asked last.

    None where that does not come within `seconds`. Raises OSError where the line is gone.
    """
    deadline = time.monotonic() + seconds
    asked = questions + WHERE_IS_THE_CURSOR
    while asked:
        asked = asked[os.write(fd, asked) :]
    read = b""
    while not _CURSOR_IS_HERE.search(read) and len(read) < _LONGEST_ANSWER:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            return None
        if not (more := os.read(fd, _LONGEST_ANSWER)):
            return None
        read += more
    return read


def name_in(answer: bytes) -> tuple[str, str] | None:
    """The terminal's name, lower case, and its version; None where it gave none."""
    found = _NAME_IS.search(answer)
    if not found:
        return None
    return found[1].decode("ascii", "replace").lower(), found[2].decode("ascii", "replace")


def cell_in(answer: bytes, columns: int, rows: int) -> tuple[int, int] | None:
    """Size of a cell in pixels, width first, or its share of the area of all; None if not told."""
    if (cell := _CELL_IS.search(answer)) and int(cell[1]) and int(cell[2]):
        return int(cell[2]), int(cell[1])
    area = _AREA_IS.search(answer)
    if area and int(area[2]) >= columns > 0 and int(area[1]) >= rows > 0:
        return int(area[2]) // columns, int(area[1]) // rows
    return None


def draws_kitty(answer: bytes) -> bool:
    """Whether it said that it could draw kitty's picture."""
    return _KITTY_SAYS.search(answer) is not None


def sixel_in(answer: bytes) -> tuple[int, tuple[int, int]] | None:
    """Colour registers and largest picture where it draws sixel, (0, 0) if that is not told."""
    attributes = _ATTRIBUTES_ARE.search(answer)
    if attributes is None or _SIXEL_ATTRIBUTE not in attributes[1].split(b";")[1:]:
        return None
    registers = _REGISTERS_ARE.search(answer)
    count = min(max(int(registers[1]), 2), _MOST_REGISTERS) if registers else _MOST_REGISTERS
    size = _LARGEST_IS.search(answer)
    return count, ((int(size[1]), int(size[2])) if size else (0, 0))
