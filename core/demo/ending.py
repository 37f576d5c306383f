"""An end by a signal that still lets the demo clear away what it made."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from types import FrameType

SOFT_KILLS = (signal.SIGTERM, signal.SIGHUP)


def end_softly(exits: ExitStack) -> None:
    """Let SIGTERM and SIGHUP end the context of `exits` as sys.exit does; only the first counts.

    In the main thread, and where the program does not handle them itself.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SOFT_KILLS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _exit)
            exits.callback(signal.signal, number, signal.SIG_DFL)


def _exit(number: int, _frame: FrameType | None) -> None:
    for other in SOFT_KILLS:  # a second one would break off the clearing away
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)
