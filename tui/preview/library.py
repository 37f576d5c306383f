"""All that is used of term-image; import it where it is needed, for it takes a third of a second.

It warns where there is no terminal, and asks the terminal whenever it wants to know something. Here
it does neither: what is to be known :mod:`tui.preview.probe` has asked.
Its images are made from pixels only, never from files or addresses.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from term_image import disable_queries
    from term_image.ctlseqs import ITERM2_START, ST
    from term_image.image import ITerm2Image, KittyImage
    from term_image.image.kitty import Transmission

disable_queries()

__all__ = ["ITERM2_START", "ST", "ITerm2Image", "KittyImage", "Transmission"]
