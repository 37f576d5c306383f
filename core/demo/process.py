"""The simulated PACS beside us: a process of its own, as a real one would be.

It works while we start, and keeps working while our interpreter is busy. It ends when its
standard input closes, so that it outlives us under no circumstances, and leaves nothing behind.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType

import msgspec

from core.errors import ModalittyError
from core.model import Modality

_START = "import sys; sys.path[:] = sys.argv.pop().split('\\n'); \
from core.demo.__main__ import main; main()"
_PATIENCE = 10.0
"""Seconds for it to clear away what it made."""


class DemoProcess:
    """Starts at once; :meth:`modality` waits until it is ready.

    `ae_title` and `port` are those of the console's own listener. What it makes lies in `folder`,
    which it takes away as a whole when it ends.
    """

    def __init__(self, ae_title: str, port: int, folder: Path) -> None:
        # The name of this package is looked up where this process looks, and nowhere else.
        path = "\n".join(entry for entry in sys.path if entry)
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter
            [sys.executable, "-c", _START, ae_title, str(port), str(folder), path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a hang-up of the terminal is ours to pass on
        )

    def __enter__(self) -> DemoProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()  # a thread that waits in `modality` has its answer by now

    def modality(self) -> Modality:
        """How to reach it; raises ModalittyError where it did not start."""
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise ModalittyError("the simulated PACS did not start", "try it again")
        return msgspec.json.decode(line, type=Modality)
