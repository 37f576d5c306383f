"""What is known about the terminal that pictures are drawn on."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from enum import Enum

from core.settings import Protocol

FALLBACK_CELL = (10, 20)


class Depth(str, Enum):
    """How many colours block pictures may use."""

    TRUECOLOR = "truecolor"
    INDEXED = "256"
    MONO = "mono"


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """A terminal as far as pictures go; the default one can do no more than any other.

    `cell` is the size of a character cell in pixels, width first. `name` and `version` are as the
    terminal gave them, empty where it did not. `registers` is how many colours a sixel picture may
    have, `largest` how many pixels across and down, 0 where it did not say. `why` says in words how
    the protocol was chosen. `typed` is what somebody typed while it was asked.
    """

    protocol: Protocol = Protocol.BLOCK
    depth: Depth = Depth.TRUECOLOR
    cell: tuple[int, int] = FALLBACK_CELL
    name: str = ""
    version: str = ""
    registers: int = 256
    largest: tuple[int, int] = (0, 0)
    why: str = "the terminal was not asked"
    typed: bytes = b""

    @property
    def graphic(self) -> bool:
        """True where pictures are made of pixels, not of characters."""
        return self.protocol is not Protocol.BLOCK

    @property
    def under_text(self) -> bool:
        """True where a picture can lie under the text, so that whatever is written hides it.

        kitty before 0.28 draws negative z-indexes wrongly; Konsole puts them under every cell.
        """
        if self.protocol is not Protocol.KITTY or self.name == "konsole":
            return False
        return self.name != "kitty" or version_numbers(self.version) >= (0, 28)

    @property
    def may_touch_bottom(self) -> bool:
        """False where a picture on the last row of the screen makes the terminal scroll."""
        return self.protocol is not Protocol.SIXEL

    def measured(self, fd: int) -> Terminal:
        """The same terminal with the cell size it has now, where the line tells it."""
        cell = cell_size(fd)
        return replace(self, cell=cell) if cell else self


def cell_size(fd: int) -> tuple[int, int] | None:
    """Size of a cell in pixels by TIOCGWINSZ; None where the line does not tell."""
    try:
        import fcntl
        import termios

        answer = fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8))
    except (ImportError, OSError, ValueError):
        return None
    rows, columns, width, height = struct.unpack("HHHH", answer)
    if not (rows and columns and width >= columns and height >= rows):
        return None
    return width // columns, height // rows


def version_numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a dotted version, empty where it has none."""
    numbers = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
