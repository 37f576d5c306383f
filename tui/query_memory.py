"""Queries that are remembered: those a person gave a name, and the last ones asked.

They are kept as they were typed, so that `-7d` means the last seven days whenever it is asked
again. The file lies in the data folder, and several consoles may write it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from core.model import Root
from tui.state_file import StateFile

FILE_NAME = "queries.json"
HISTORY_KEPT = 200
TARGETS_KEPT = 20
NAME_MAX = 60
ARCHIVE = "own archive"
"""What the own archive is called among those asked; no modality's name has a space in it."""


class Asked(Struct, frozen=True, kw_only=True):
    """One query as it was typed: whom, for what, by which fields."""

    peers: tuple[str, ...] = ()
    root: Root = Root.STUDY
    fields: Mapping[str, str] = field(default_factory=dict)
    """Field → text, as typed; empty fields are left out."""
    wildcards: bool = True
    limit: int = 0
    """The most matches from each peer; 0 is what the settings say."""


class Entry(Struct, frozen=True, kw_only=True):
    """One query of the history, and when it was asked last, in seconds since the epoch."""

    asked: Asked
    when: float = 0.0


class Remembered(Struct, frozen=True, kw_only=True):
    """All that is kept."""

    saved: Mapping[str, Asked] = field(default_factory=dict)
    """By name."""
    history: tuple[Entry, ...] = ()
    """Newest first, each query once."""
    targets: tuple[str, ...] = ()
    """AE titles that a person typed as the destination of a retrieve, newest first."""


class QueryMemory:
    """Remembers queries in a data folder; what changes something raises ModalittyError."""

    def __init__(self, data_folder: Path) -> None:
        self._file = StateFile(data_folder / "console" / FILE_NAME, Remembered)

    @property
    def path(self) -> Path:
        """The file they are kept in."""
        return self._file.path

    def read(self) -> Remembered:
        """All that is kept now, by this console and others."""
        return self._file.read()

    def note(self, asked: Asked, when: float | None = None) -> Remembered:
        """Put a query on top of the history."""
        entry = Entry(asked=asked, when=time.time() if when is None else when)

        def add(kept: Remembered) -> Remembered:
            others = (old for old in kept.history if old.asked != asked)
            return replace(kept, history=(entry, *others)[:HISTORY_KEPT])

        return self._file.change(add)

    def forget_asked(self, asked: Asked) -> Remembered:
        """Take a query out of the history."""
        return self._file.change(
            lambda kept: replace(
                kept, history=tuple(old for old in kept.history if old.asked != asked)
            )
        )

    def save(self, name: str, asked: Asked) -> Remembered:
        """Keep a query under a name; one that had the name is replaced."""
        return self._file.change(lambda kept: replace(kept, saved={**kept.saved, name: asked}))

    def delete(self, name: str) -> Remembered:
        """Forget the query of that name, if there is one."""
        return self._file.change(
            lambda kept: replace(
                kept, saved={key: value for key, value in kept.saved.items() if key != name}
            )
        )

    def note_target(self, ae_title: str) -> Remembered:
        """Remember an AE title as a destination."""
        return self._file.change(
            lambda kept: replace(
                kept, targets=tuple(dict.fromkeys((ae_title, *kept.targets)))[:TARGETS_KEPT]
            )
        )


def name_fault(name: str) -> str:
    """Say what is wrong with a name for a query; empty where nothing is."""
    if not name.strip():
        return "a name, please"
    if len(name) > NAME_MAX or not name.isprintable():
        return f"a name has at most {NAME_MAX} printable characters"
    return ""
