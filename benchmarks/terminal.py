"""A program on a pty, and a terminal that answers it at once and notes when its bytes come.

What came is looked at afterwards, so that reading a screen takes no time from what is measured.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

import pyte
from ptyprocess import PtyProcess

from benchmarks.faults import WorkNotDoneError

_ANSWERS: Mapping[bytes, bytes] = {
    rb"\x1b\[6n": b"\x1b[1;1R",
    rb"\x1b\[>0?q": b"\x1bP>|XTerm(390)\x1b\\",
    rb"\x1b\[0?c": b"\x1b[?64;1;2;22c",
    rb"\x1b\[\?2026\$p": b"\x1b[?2026;2$y",
}
"""What a program asks, and what xterm says; frames in one piece (mode 2026) as newer ones do."""
_QUESTION = re.compile(b"|".join(b"(%b)" % asked for asked in _ANSWERS))
# Size and multiplexer are those of the developer's terminal. An installed program has its bytecode,
# which a developer's shell may forbid to write.
_NOT_ITS_OWN = ("COLUMNS", "LINES", "TMUX", "STY", "PYTHONDONTWRITEBYTECODE")
_LONGEST = 8
"""Bytes that a question has at most, less one."""
_SAID = tuple(_ANSWERS.values())
_PATIENCE = 60.0


@dataclass(frozen=True)
class Written:
    """Bytes that the program wrote, and when they came (perf_counter)."""

    at: float
    data: bytes


class Terminal:
    """Starts a program on a pty of so many columns and lines, and hangs up when it is left."""

    def __init__(
        self,
        words: Sequence[str],
        columns: int,
        lines: int,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.columns, self.lines = columns, lines
        self.written: list[Written] = []
        own = {name: value for name, value in os.environ.items() if name not in _NOT_ITS_OWN}
        environment = {**own, "TERM": "xterm-256color", **(env or {})}
        self.began = time.perf_counter()
        self._pty = PtyProcess.spawn(list(words), env=environment, dimensions=(lines, columns))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pty.pid, signal.SIGHUP)
        self._reader.join(_PATIENCE)
        self._pty.close(force=True)

    @property
    def pid(self) -> int:
        """The program's process."""
        return int(self._pty.pid)

    def type(self, keys: str) -> float:
        """Type keys; when they were typed."""
        now = time.perf_counter()
        os.write(self._pty.fd, keys.encode())
        return now

    def wait_for(self, *texts: str, seconds: float = _PATIENCE) -> None:
        """Wait until all `texts` are on the screen; raises WorkNotDoneError."""
        self.wait_until(lambda screen: all(text in screen for text in texts), repr(texts), seconds)

    def wait_until(
        self, seen: Callable[[str], object], what: str, seconds: float = _PATIENCE
    ) -> None:
        """Wait until `seen` of the screen's text; raises WorkNotDoneError."""
        deadline = time.monotonic() + seconds
        replay = self.replay()
        while not seen("\n".join(replay.screen.display)):
            if not replay.step():
                if time.monotonic() > deadline or not self._reader.is_alive():
                    raise WorkNotDoneError(
                        f"the console does not show {what}:\n" + "\n".join(replay.screen.display)
                    )
                time.sleep(0.02)

    def replay(self) -> Replay:
        """Look at what was written, from the first byte on."""
        return Replay(self)

    def _read(self) -> None:
        tail = b""
        while True:
            try:
                data = os.read(self._pty.fd, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self.written.append(Written(time.perf_counter(), data))
            tail = self._answer(tail + data)

    def _answer(self, written: bytes) -> bytes:
        """Answer what is asked; the end, in which a question may have begun."""
        end = 0
        for asked in _QUESTION.finditer(written):
            end = asked.end()
            with contextlib.suppress(OSError):
                os.write(self._pty.fd, _SAID[(asked.lastindex or 1) - 1])
        return written[end:][-_LONGEST:]


class Replay:
    """What a person saw, step by step, in the order in which it was written."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self.screen = pyte.Screen(terminal.columns, terminal.lines)
        self._stream = pyte.ByteStream(self.screen)
        self._next = 0
        self.at = terminal.began
        """When the last step was written."""

    def step(self) -> bool:
        """Take the next piece; False where there is none yet."""
        if self._next >= len(self._terminal.written):
            return False
        piece = self._terminal.written[self._next]
        self._next += 1
        self.at = piece.at
        self._stream.feed(piece.data)
        return True

    def steps(self) -> Iterator[float]:
        """Take all that is there, and give the time of each piece."""
        while self.step():
            yield self.at
