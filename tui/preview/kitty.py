"""The kitty graphics protocol: one image with one placement, named by its id.

https://sw.kovidgoyal.net/kitty/graphics-protocol/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.preview.png import png

if TYPE_CHECKING:
    from PIL.Image import Image

UNDER_EVERYTHING = -(1 << 30) - 1
"""The first z-index under the cells' own background: only cells without one show the picture."""
_PLACEMENT = 1
_NO_REPLIES = 2
"""Any reply, even OK, would arrive as keystrokes."""


@dataclass
class _Control:
    """Control data in the form that term-image's transmission takes, keys named as the protocol's.

    The picture is stretched to `c` columns and `r` rows, and the cursor stays (`C`).
    """

    i: int
    c: int
    r: int
    z: int
    a: str = "T"
    f: int = 100
    t: str = "d"
    p: int = _PLACEMENT
    q: int = _NO_REPLIES
    C: int = 1
    o: str | None = None


def draw(image: Image, columns: int, rows: int, number: int, z: int) -> str:
    """Escapes that put the image at the cursor, in place of what had its number before."""
    from tui.preview.library import Transmission

    control = _Control(i=number, c=columns, r=rows, z=z)
    chunked: str = Transmission(control, png(image), 0).get_chunked()
    return chunked


def erase(number: int) -> str:
    """Escapes that take the image away and free its data."""
    return f"\x1b_Ga=d,d=I,i={number},q={_NO_REPLIES};\x1b\\"
