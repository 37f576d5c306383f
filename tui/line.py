"""The line to the terminal, and what becomes of it when the terminal is gone.

Textual's driver writes by a thread that ends with the first write that fails, and by a queue of 30
pieces: whoever writes the 31st waits for ever.
"""

from __future__ import annotations

from typing import Any

from textual.app import App


def is_open(app: App[Any]) -> bool:
    """False where nobody writes any more what is queued; what comes later is then let go."""
    writer = getattr(app._driver, "_writer_thread", None)
    if writer is None or writer.is_alive():
        return True
    hang_up(app)
    return False


def hang_up(app: App[Any]) -> None:
    """Let nobody wait in front of the queue: the terminal is gone, or going."""
    writer = getattr(app._driver, "_writer_thread", None)
    if writer is not None:
        writer._queue.maxsize = 0
