"""A terminal of another make on a pty: it answers queries as told, when told, and types keys."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping
from types import TracebackType

CURSOR = rb"\x1b\[6n"
ATTRIBUTES = rb"\x1b\[c"
NAME = rb"\x1b\[>q"
KITTY = rb"\x1b_G[^\x1b]*a=q[^\x1b]*\x1b\\"
REGISTERS = rb"\x1b\[\?1;1;0S"
LARGEST = rb"\x1b\[\?2;4;0S"
CELL = rb"\x1b\[16t"

XTERM = {CURSOR: b"\x1b[1;1R", ATTRIBUTES: b"\x1b[?64;1;2;22c", NAME: b"\x1bP>|XTerm(379)\x1b\\"}
VT340 = {
    **XTERM,
    ATTRIBUTES: b"\x1b[?63;1;2;4;22c",
    REGISTERS: b"\x1b[?1;0;16S",
    LARGEST: b"\x1b[?2;0;1000;800S",
}
KITTY_0_41 = {
    CURSOR: b"\x1b[1;1R",
    ATTRIBUTES: b"\x1b[?62c",
    NAME: b"\x1bP>|kitty(0.41.1)\x1b\\",
    KITTY: b"\x1b_Gi=31;OK\x1b\\",
    CELL: b"\x1b[6;21;11t",
}
ITERM2 = {CURSOR: b"\x1b[1;1R", ATTRIBUTES: b"\x1b[?62;4c", NAME: b"\x1bP>|iTerm2 3.5.0\x1b\\"}
SILENT: Mapping[bytes, bytes] = {}


class FakeTerminal:
    """Runs a Python program on a pty of 80 columns and 24 rows, without pixel sizes.

    Each query the program writes is answered `delay` seconds later. `types` is what the user types
    as soon as the program has written `cue`. `rate` is how many bytes a second the line takes, 0
    for as many as come.
    """

    def __init__(
        self,
        program: str,
        answers: Mapping[bytes, bytes],
        *,
        delay: float = 0.0,
        rate: float = 0.0,
        cue: bytes = b"",
        types: bytes = b"",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._answers = answers
        self._delay = delay
        self._rate = rate
        self._cue, self._types = cue, types
        self.seen = b""
        self._pending: list[tuple[float, bytes]] = []
        self._master, line = pty.openpty()
        fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        self._child = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program],
            stdin=line,
            stdout=line,
            stderr=line,
            start_new_session=True,
            preexec_fn=_take_the_line,
            env={
                **kept,
                "TERM": "xterm-256color",
                "COLUMNS": "80",
                "LINES": "24",
                **(environ or {}),
            },
        )
        os.close(line)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> FakeTerminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.kill()
        self._child.wait()
        self._thread.join(10)
        os.close(self._master)

    def wait(self, timeout: float = 30.0) -> str:
        """Wait for the program to end well; everything it wrote."""
        code = self._child.wait(timeout)
        self._thread.join(10)
        written = self.seen.decode(errors="replace")
        assert code == 0, written
        return written

    def _run(self) -> None:
        unanswered = b""
        while True:
            now = time.monotonic()
            due = [reply for when, reply in self._pending if when <= now]
            self._pending = [(when, reply) for when, reply in self._pending if when > now]
            for reply in due:
                os.write(self._master, reply)
            if self._cue and self._cue in self.seen and not self._pending:
                self._cue = b""
                os.write(self._master, self._types)
            if not select.select([self._master], [], [], 0.01)[0]:
                continue
            try:
                read = os.read(self._master, 512 if self._rate else 65536)
            except OSError:
                return
            if self._rate:
                time.sleep(len(read) / self._rate)  # so long it takes on the line
            self.seen += read
            unanswered = self._answer(unanswered + read)

    def _answer(self, written: bytes) -> bytes:
        """Queue the answers to the queries written; what comes after the last of them."""
        if not self._answers:
            return b""
        end = 0
        for query in re.finditer(b"|".join(self._answers), written):
            end = query.end()
            reply = next(r for q, r in self._answers.items() if re.fullmatch(q, query[0]))
            self._pending.append((time.monotonic() + self._delay, reply))
        return written[end:][-200:]


def _take_the_line() -> None:
    """Make the pty the child's controlling terminal, as a login would."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
