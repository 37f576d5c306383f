"""The simulated PACS beside us: a process of its own, as a real one would be.

It works while we start, and keeps working while our interpreter is busy. It ends when its
standard input closes, so that it outlives us under no circumstances, and leaves nothing behind.
"""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

import msgspec

from core.errors import ModalittyError
from core.model import Modality

_START = "import sys; sys.path[:] = sys.argv.pop().split('\\n'); \
from core.demo.__main__ import main; main()"


class DemoProcess:
    """Starts at once; :meth:`modality` waits until it is ready."""

    def __init__(self, ae_title: str, port: int) -> None:
        # The name of this package is looked up where this process looks, and nowhere else.
        path = "\n".join(entry for entry in sys.path if entry)
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter
            [sys.executable, "-c", _START, ae_title, str(port), path],
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
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def modality(self) -> Modality:
        """How to reach it; raises ModalittyError where it did not start."""
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise ModalittyError("the simulated PACS did not start", "try it again")
        return msgspec.json.decode(line, type=Modality)
