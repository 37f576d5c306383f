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
_NO_KEY = re.compile(
    rb"\x1b(?:P>\|[^\x1b\x07]*(?:\x1b\\|\x07)|_G[^\x1b]*\x1b\\"
    rb"|\[\?[\d;]*c|\[\?\d+;\d+(?:;\d+)*S|\[[46];\d+;\d+t)"
)
"""Any answer to our questions, but for where the cursor is, which Textual knows."""
_SIXEL_ATTRIBUTE = b"4"
_MOST_REGISTERS = 256
_MOST_TYPED = 65536
_LONGEST_ANSWER = 4096
"""Bytes; what says more is no terminal that answers a question."""


class Line:
    """A terminal's line on which questions are asked, while a person may type on it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._heard = b""

    def answers(self, questions: bytes, seconds: float) -> bytes | None:
        """What the terminal answers, up to the report of where the cursor is, which is asked last.

        None where that does not come within `seconds`. Raises OSError where the line is gone.
        """
        deadline = time.monotonic() + seconds
        asked = questions + WHERE_IS_THE_CURSOR
        while asked:
            asked = asked[os.write(self.fd, asked) :]
        read = b""
        while not _CURSOR_IS_HERE.search(read) and len(read) < _LONGEST_ANSWER:
            more = self._hear(deadline - time.monotonic())
            if not more:
                return None
            read += more
        return read

    def typed(self) -> bytes:
        """What has come by now and is no answer: keys that somebody pressed meanwhile."""
        while len(self._heard) < _MOST_TYPED and self._hear(0):
            pass
        return _CURSOR_IS_HERE.sub(b"", without_answers(self._heard))

    def _hear(self, seconds: float) -> bytes:
        """What comes within `seconds`; nothing where nothing does."""
        if not select.select([self.fd], [], [], max(0.0, seconds))[0]:
            return b""
        more = os.read(self.fd, _LONGEST_ANSWER)
        self._heard += more
        return more


@contextlib.contextmanager
def line(name: str) -> Iterator[Line]:
    """Open a terminal's line, which echoes nothing meanwhile, and keeps what is typed.

    Raises OSError or termios.error where it is no such line.
    """
    import termios

    fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
    try:
        before, during = termios.tcgetattr(fd), termios.tcgetattr(fd)
        during[3] &= ~(termios.ECHO | termios.ICANON)
        during[6][termios.VMIN], during[6][termios.VTIME] = 1, 0
        try:
            termios.tcsetattr(fd, termios.TCSANOW, during)
            yield Line(fd)
        finally:
            termios.tcsetattr(fd, termios.TCSANOW, before)
    finally:
        os.close(fd)


def without_answers(read: bytes) -> bytes:
    """The same without what a terminal answers to our questions; reports of the cursor remain."""
    return _NO_KEY.sub(b"", read)


def is_answer(sequence: bytes) -> bool:
    """Whether a sequence is such an answer."""
    return _NO_KEY.fullmatch(sequence) is not None


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
