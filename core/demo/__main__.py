"""The simulated PACS as a process of its own, for as long as somebody holds its standard input.

`python -m core.demo AE_TITLE PORT` (those of the console) prints how to reach it once it is ready.
"""

from __future__ import annotations

import sys

import msgspec

from core.demo.pacs import HOST, DemoPacs
from core.model import Modality


def main() -> None:
    """Serve until standard input ends: its other end closed it, or died."""
    ae_title, port = sys.argv[1:]
    console = Modality(name="console", ae_title=ae_title, host=HOST, port=int(port))
    with DemoPacs(console) as pacs:
        print(msgspec.json.encode(pacs.modality).decode(), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
