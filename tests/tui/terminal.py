"""The real program on a real pty, its screen read through a terminal emulator."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import pexpect
import pyte

from tests.peers.processes import eventually

PROGRAM = "import sys; from tui.cli import main; sys.argv[0] = 'modalitty'; main()"


# Test runners with workers export the size of their own terminal, which programs then believe.
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}


class Terminal:
    """A pty of so many columns and lines with `modalitty` in it."""

    def __init__(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
        command: Sequence[str] = (sys.executable, "-c", PROGRAM),
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.child = pexpect.spawn(
            command[0],
            [*command[1:], *words],
            dimensions=(lines, columns),
            env={**_ENVIRONMENT, "TERM": "xterm-256color", "TMUX": "", **env},
            timeout=30,
        )

    @property
    def text(self) -> str:
        """What a person sees now."""
        self._read()
        return "\n".join(self.screen.display)

    def type(self, *keys: str) -> None:
        for key in keys:
            self.child.send(key)

    def resize(self, columns: int, lines: int) -> None:
        """Drag the window to another size."""
        self.screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def shows(self, *texts: str, seconds: float = 60) -> None:
        """Wait until every one of `texts` is on the screen."""
        try:
            eventually(lambda: self._shows_or_ended(texts), seconds, what=repr(texts))
            assert all(text in self.text for text in texts), "it ended"
        except AssertionError as error:
            end = "" if self.child.isalive() else f"\nended with {self.child.exitstatus}"
            raise AssertionError(f"{error}\n{self.text}{end}") from None

    def _shows_or_ended(self, texts: Sequence[str]) -> bool:
        alive = self.child.isalive()  # before the last look: what it said at its end counts
        return all(text in self.text for text in texts) or not alive

    def ends(self) -> int:
        """Wait for the end of the program; its exit code, or minus the signal that killed it."""
        eventually(lambda: self._read() or not self.child.isalive(), what="the program's end")
        self._read()
        status = self.child.exitstatus
        return status if status is not None else -int(self.child.signalstatus or 0)

    def close(self) -> None:
        self.child.close(force=True)

    def _read(self) -> bool:
        while True:
            try:
                data = self.child.read_nonblocking(65536, timeout=0)
            except (pexpect.TIMEOUT, pexpect.EOF):
                return False
            self.raw += data
            self._stream.feed(data)
