"""pydicom by itself, for processes that are to be quick and look at no picture."""

from __future__ import annotations

import sys
from importlib import import_module

_SOUGHT = ("numpy", "PIL", "gdcm", "pylibjpeg", "openjpeg", "rle", "jpeg_ls", "requests")
"""What pydicom loads where it is there: pixel decoders and, for its samples, an HTTP client."""


def load_pydicom_alone() -> None:
    """Load pydicom as where none of its optional packages is installed: in half the time.

    Pixel data then stays bytes in this process, for good; a process apart decodes as ever. Nothing
    is done where pydicom is loaded already. Other modules find all packages as before.
    """
    if "pydicom" in sys.modules:
        return
    hidden = [name for name in _SOUGHT if name not in sys.modules]
    # None in sys.modules is the import system's own "there is no such module".
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import_module("pydicom")
    finally:
        for name in hidden:
            del sys.modules[name]
