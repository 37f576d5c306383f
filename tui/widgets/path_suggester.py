"""Completes the path of a file or folder as it is typed."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from textual.suggester import Suggester

from tui.safe_text import safe_text

LOOKED_AT = 5000
"""Names of a folder that are looked at, at most."""


class PathSuggester(Suggester):
    """Suggests the first name, in order, that begins as typed; folders end in a slash.

    Names that a terminal would obey are not suggested.
    """

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The path that `value` may become, None where there is none."""
        folder, _, begin = value.rpartition("/")
        if not begin:
            return None
        try:
            at = Path(f"{folder}/" if "/" in value else ".").expanduser()
            with os.scandir(at) as entries:
                found = [e for e in islice(entries, LOOKED_AT) if e.name.startswith(begin)]
                best = min(found, key=lambda entry: entry.name, default=None)
                if best is None or safe_text(best.name) != best.name:
                    return None
                whole = value + best.name[len(begin) :] + ("/" if best.is_dir() else "")
        except (OSError, RuntimeError, ValueError):
            return None
        return whole if whole != value else None
