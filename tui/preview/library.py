"""All that is used of term-image; import it where it is needed, for it takes a third of a second.

It warns where there is no terminal, and asks the terminal whenever it wants to know something. Here
it does neither: only :mod:`tui.preview.probe` lets it ask, before the console takes the line over.
Its images are made from pixels only, never from files or addresses.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from term_image import disable_queries, enable_queries, set_query_timeout
    from term_image.ctlseqs import ITERM2_START, ST, DA1_b
    from term_image.image import ITerm2Image, KittyImage
    from term_image.image.kitty import Transmission
    from term_image.utils import get_cell_size, get_terminal_name_version, query_terminal

disable_queries()

__all__ = [
    "ITERM2_START",
    "ST",
    "DA1_b",
    "ITerm2Image",
    "KittyImage",
    "Transmission",
    "disable_queries",
    "enable_queries",
    "get_cell_size",
    "get_terminal_name_version",
    "query_terminal",
    "set_query_timeout",
]
