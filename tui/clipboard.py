"""Text on its way into the clipboard of whoever sits before the terminal, by OSC 52.

Inside tmux and GNU screen the sequence has to be carried through. tmux takes it by itself only
where `set-clipboard` is `on`; with its default, `external`, `tmux load-buffer -w` does it.
"""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Mapping

LIMIT = 74_994
"""Bytes of text that are copied: 100,000 in base64, what common terminals take at least."""
_SCREEN_CHUNK = 240
"""GNU screen cuts longer device control strings off; some versions at 256 bytes."""
_PATIENCE = 3.0
_ESC = "\x1b"


def fitting(text: str) -> str:
    """`text`, or as many whole lines of it as a clipboard takes; of one line, its beginning."""
    data = text.encode("utf-8", "replace")
    if len(data) <= LIMIT:
        return text
    cut = data[:LIMIT].decode("utf-8", "ignore")
    return cut.rpartition("\n")[0] or cut


def carried(text: str, environ: Mapping[str, str]) -> str:
    """What to write beside the plain OSC 52 so that it gets through tmux or screen; often nothing.

    tmux lets it through where `allow-passthrough` is on, or before tmux 3.3.
    """
    plain = f"{_ESC}]52;c;{b64encode(text.encode('utf-8', 'replace')).decode('ascii')}\a"
    if environ.get("STY"):
        parts = (plain[i : i + _SCREEN_CHUNK] for i in range(0, len(plain), _SCREEN_CHUNK))
        return "".join(f"{_ESC}P{part}{_ESC}\\" for part in parts)
    if environ.get("TMUX") or environ.get("TERM", "").startswith("tmux"):
        doubled = plain.replace(_ESC, _ESC + _ESC)
        return f"{_ESC}Ptmux;{doubled}{_ESC}\\"
    return ""


def to_tmux(text: str) -> bool:
    """Hand `text` to the tmux we run in, which passes it on; False where it cannot.

    Blocks for a moment. The text goes by standard input: others may read command lines.
    """
    command = ["tmux", "load-buffer", "-w", "-"]
    try:
        done = subprocess.run(  # noqa: S603  a fixed command
            command, input=text.encode("utf-8", "replace"), capture_output=True, timeout=_PATIENCE
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
