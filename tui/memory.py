"""How a process that stays for months has its memory from the system."""

from __future__ import annotations

import ctypes
import os

ARENAS = 2
_M_ARENA_MAX = -8  # of glibc's malloc.h


def share_arenas() -> None:
    """Have all threads take memory from ARENAS arenas of glibc's; elsewhere nothing is done.

    glibc gives threads arenas of their own, up to eight for each core, and keeps in each what was
    freed between blocks that stay. Here threads come and go with the associations, and Python lets
    one of them work at a time, so that more arenas are of no use. It is to be called before there
    are threads.
    """
    if os.name == "posix":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, ARENAS)
