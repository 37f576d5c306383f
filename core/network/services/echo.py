"""C-ECHO as SCP: PS3.7 9.1.5, PS3.4 annex A."""

from __future__ import annotations

from core.network.services.call import SUCCESS, Call


def answer_echo(call: Call) -> int:
    """Say that we are there."""
    call.association.skip_data(call.message)
    return call.answer(SUCCESS)
