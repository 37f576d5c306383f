"""Message IDs of our C-MOVEs, PS3.7 9.1.4: what comes by them bears them, so each has its own."""

from __future__ import annotations

import itertools
import secrets
import threading

_ALL = range(1, 0x10000)
# Not from 1 at each start: what a process before this one has asked for may still be coming.
_message_ids = itertools.islice(itertools.cycle(_ALL), secrets.randbelow(len(_ALL)), None)
_lock = threading.Lock()


def next_message_id() -> int:
    """Give the next Message ID; one sequence for the process tells concurrent moves apart."""
    with _lock:
        return next(_message_ids)
