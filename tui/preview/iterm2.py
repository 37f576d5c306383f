"""The iTerm2 inline image protocol.

https://iterm2.com/documentation-images.html
"""

from __future__ import annotations

from base64 import standard_b64encode
from typing import TYPE_CHECKING

from tui.preview.png import png

if TYPE_CHECKING:
    from PIL.Image import Image


def draw(image: Image, columns: int, rows: int) -> str:
    """Escapes that put the image at the cursor, over what the cells hold.

    term-image's own render is for text that scrolls: it moves by line feeds, which would start
    every picture in the first column. So only its sequences serve here.
    """
    from tui.preview.library import ITERM2_START, ST

    data = png(image)
    control = f"size={len(data)};width={columns};height={rows};preserveAspectRatio=0;inline=1"
    payload = standard_b64encode(data).decode("ascii")
    return f"{ITERM2_START}{control};doNotMoveCursor=1:{payload}{ST}"
