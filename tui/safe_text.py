"""Any text that came from outside, made harmless to a terminal.

Names, comments and file names can hold escape sequences, characters that turn the reading order
round, characters nobody sees, and Textual markup. What is shown passes through here: such
characters become short visible marks, and proper text of every script stays as it is. What is
marked as sensitive is hidden here while the mask is on (:mod:`tui.mask`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from tui.mask import resolved

if TYPE_CHECKING:
    from rich.text import Text
    from textual.content import Content

ELLIPSIS = "…"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_DOTTED_CIRCLE = "\N{DOTTED CIRCLE}"

_MARKS_IN_A_ROW = 8
"""Scripts need five at most; a hundred would climb over the lines above."""

_ZWNJ = 0x200C
_IDEOGRAPHIC_SELECTORS = range(0xE0100, 0xE01F0)
_VISIBLE = {0x09: "⇥", 0x0A: "↵", 0x7F: "\N{SYMBOL FOR DELETE}"}
# Letters and marks by their category that nobody sees: joiners, fillers, variation selectors.
_UNSEEN = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0x180B, 0x1810)}
    | set(range(0xFE00, 0xFE10))
)
# ZERO WIDTH NON-JOINER shapes Persian and Indic words; an ideographic variation selector chooses
# among the forms of a Japanese name. Anywhere else both are only hidden.
_JOINING = "\u0620-\u06ff\u0750-\u077f\u08a0-\u08c9\u0900-\u0dff"
_IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_MISPLACED = re.compile(
    f"(?<![{_JOINING}])\u200c|\u200c(?![{_JOINING}])|(?<![{_IDEOGRAPHS}])[\U000e0100-\U000e01ef]"
)


class _Table(dict[int, str]):
    """Code point → what is shown, found out at the first meeting."""

    def __missing__(self, point: int) -> str:
        shown = self[point] = _shown(point)
        return shown


def _shown(point: int) -> str:
    if point in _VISIBLE:
        return _VISIBLE[point]
    if point < 0x20:
        return chr(0x2400 + point)
    if point == _ZWNJ or point in _IDEOGRAPHIC_SELECTORS:
        return chr(point)
    category = unicodedata.category(chr(point))
    if category in ("Cs", "Co", "Cn"):
        return REPLACEMENT
    if category in ("Cc", "Cf", "Zl", "Zp") or point in _UNSEEN:
        return _code(point)
    return chr(point)


def _code(point: int) -> str:
    return f"⟨{point:02X}⟩" if point < 0x100 else f"⟨U+{point:04X}⟩"


_TABLE = _Table()


def safe_text(value: str, limit: int = 0) -> str:
    """`value` on one line with nothing in it that a terminal would obey, or a reader overlook.

    `limit` is the widest result in terminal cells, 0 for any width; what is cut off is said by
    an ellipsis. The result passes unchanged when given again.
    """
    if value.isascii() and value.isprintable():
        return value if limit <= 0 or len(value) <= limit else _cut(value, limit)
    value = resolved(value)
    if limit <= 0:
        return _clean(value)
    # A value may be megabytes long: look no further than could be shown.
    reach = limit * (_MARKS_IN_A_ROW + 2)
    text = _clean(value[:reach])
    return _cut(text + ELLIPSIS if len(value) > reach else text, limit)


def safe_content(value: str, style: str = "", limit: int = 0) -> Content:
    """`value` made harmless, as Textual content: brackets in it are never read as markup."""
    from textual.content import Content  # takes longer to load than a verb of the command line

    return Content.styled(safe_text(value, limit), style)


def safe_rich(value: str, style: str = "", limit: int = 0) -> Text:
    """`value` made harmless, as Rich text: brackets in it are never read as markup."""
    from rich.text import Text

    return Text(safe_text(value, limit), style, no_wrap=True, end="")


def cut_cells(text: str, cells: int) -> str:
    """`text`, harmless already, in at most `cells` terminal cells, with "…" where it was cut."""
    if len(text) * 2 <= cells or cell_len(text) <= cells:
        return text
    return _cut(text, cells)


def _cut(text: str, limit: int) -> str:
    if cell_len(text) <= limit:
        return text
    return set_cell_size(text, limit - 1).rstrip(" \u200c") + ELLIPSIS if limit > 0 else ""


def _clean(value: str) -> str:
    text = value.replace("\r\n", "\n").translate(_TABLE)
    if text.isascii():
        return text
    text = _MISPLACED.sub(lambda found: _code(ord(found[0])), text)
    return _tame_marks(text)


def _tame_marks(text: str) -> str:
    """Combining marks get something to stand on, and only as many as a script needs."""
    out: list[str] = []
    run = 0
    for char in text:
        if not unicodedata.category(char).startswith("M"):
            run = 0
            out.append(char)
            continue
        if not out:
            out.append(_DOTTED_CIRCLE)
        run += 1
        if run <= _MARKS_IN_A_ROW:
            out.append(char)
        elif run == _MARKS_IN_A_ROW + 1:
            out.append(REPLACEMENT)
    return "".join(out)
