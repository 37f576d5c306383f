"""How long a picture takes: python -m benchmarks.preview.

From the file to the console's process first, then in each protocol with how many bytes, then in the
console on a pty.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks import decoding, viewing
from benchmarks.decoding import Line
from core.model import Picture, PixelMode
from core.settings import Protocol
from tui.preview.block import block_lines
from tui.preview.graphics import draw
from tui.preview.terminal import Depth, Terminal

CELL = (10, 20)
SIZES = ((48, 24), (80, 24), (120, 58))
ROUNDS = 10
LIMITS = {("80x24", "truecolor"): 10.0, ("80x24", "kitty"): 20.0}
"""Milliseconds that we allow ourselves after decoding."""


def picture() -> Picture:
    """A frame of 512 by 512 with edges, gradients and noise, as a CT has."""
    y, x = np.mgrid[:512, :512] - 256
    body = np.where(np.hypot(x, y) < 200, 90 + x // 8, 0)
    noise = np.random.default_rng(1).normal(0, 6, body.shape)
    pixels = np.clip(body + noise, 0, 255).astype(np.uint8)
    return Picture(width=512, height=512, mode=PixelMode.GREY, pixels=pixels.tobytes())


def milliseconds(work: Callable[[], object]) -> float:
    """The best of some rounds, after one to warm up."""
    work()
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1000


def drawing() -> Iterator[Line]:
    """From the picture to what is written, by size, colours and protocol."""
    frame = picture()
    for columns, rows in SIZES:
        size = f"{columns}x{rows}"
        for depth in Depth:
            took = milliseconds(lambda d=depth: block_lines(frame, columns, rows, CELL, d))  # noqa: B023
            limit = LIMITS.get((size, depth.value), 0.0)
            yield Line(f"{size} blocks, {depth.value}", took, limit=limit)
        for protocol in (Protocol.KITTY, Protocol.ITERM2, Protocol.SIXEL):
            terminal = Terminal(protocol=protocol, cell=CELL)
            took = milliseconds(lambda t=terminal: draw(frame, columns, rows, t, 1))  # noqa: B023
            sent = len(draw(frame, columns, rows, terminal, 1).at(0, 0)) / 1000
            limit = LIMITS.get((size, protocol.value), 0.0)
            yield Line(f"{size} {protocol.value}, {sent:.0f} KB", took, limit=limit)


def main() -> None:
    """Print every figure as it is found."""
    for lines in (decoding.lines(), drawing(), viewing.lines()):
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
