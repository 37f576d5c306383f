"""Round trips as a line of bars that says without colour what was fast, slow and not answered."""

from __future__ import annotations

from collections.abc import Sequence

from core.model import Beat
from tui import units

BARS = "▁▂▃▄▅▆▇█"
MISSED = "×"


def sparkline(beats: Sequence[Beat], width: int) -> str:
    """The last `width` beats, the newest at the right; bars from 0 to the slowest of them."""
    shown = beats[-width:]
    top = max((beat.seconds for beat in shown if beat.seconds is not None), default=0.0)
    return "".join(_bar(beat.seconds, top) for beat in shown)


def in_words(beats: Sequence[Beat]) -> str:
    """What a sparkline of these beats shows: how many, from when on, and what the bars mean."""
    answered = sorted(beat.seconds for beat in beats if beat.seconds is not None)
    missed = len(beats) - len(answered)
    count = f"last {len(beats)} echoes" if len(beats) != 1 else "one echo"
    parts = [count]
    if answered:
        middle = answered[len(answered) // 2]
        spread = f"{units.duration(answered[0])} to {units.duration(answered[-1])}"
        parts.append(f"usually {units.duration(middle)}, {spread}" if len(answered) > 1 else spread)
    if missed:
        parts.append(f"{missed} not answered ({MISSED})")
    return ", ".join(parts)


def _bar(seconds: float | None, top: float) -> str:
    if seconds is None:
        return MISSED
    if top <= 0:
        return BARS[0]
    return BARS[min(len(BARS) - 1, int(seconds / top * len(BARS)))]
