"""The simulated PACS as a process of its own, for as long as somebody holds its standard input.

`python -m core.demo AE_TITLE PORT [FOLDER]` (those of the console) prints how to reach it once it
is ready. At the end it takes FOLDER away: the console may have been killed, and cannot.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import msgspec

from core.demo.ending import end_softly
from core.demo.loopback import HOST
from core.model import Modality


def main() -> None:
    """Serve until standard input ends: its other end closed it, or died."""
    ae_title, port, *folders = sys.argv[1:]
    with ExitStack() as exits:
        end_softly(exits)
        for folder in folders:
            exits.callback(shutil.rmtree, folder, ignore_errors=True)
        held = threading.Thread(target=_until_let_go, daemon=True)
        held.start()
        from core.demo.pacs import DemoPacs  # late: it takes a second, and may be let go meanwhile

        console = Modality(name="console", ae_title=ae_title, host=HOST, port=int(port))
        pacs = exits.enter_context(DemoPacs(console, Path(folders[0]) if folders else None))
        print(msgspec.json.encode(pacs.modality).decode(), flush=True)
        held.join()


def _until_let_go() -> None:
    # Not by way of sys.stdin: a thread that holds its lock would stop the interpreter's end.
    while os.read(0, 4096):
        pass
    # The main thread may still be making studies.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


if __name__ == "__main__":
    main()
