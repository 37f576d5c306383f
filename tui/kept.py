"""Where the last session of the console ended, kept in the data folder for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field

from core.errors import ModalittyError
from tui.state_file import StateFile
from tui.widgets.row_table import TableState

FILE_NAME = "session.json"
VERSION = 1


class Kept(Struct, frozen=True, kw_only=True):
    """What is kept of a session; filters may hold names, so the file is its owner's only."""

    version: int = VERSION
    place: str = ""
    """The mode that one was in."""
    theme: str = ""
    """The theme in use, where it was not the one of the settings."""
    theme_setting: str = ""
    """The theme of the settings then: another one since counts more than what is kept."""
    tables: Mapping[str, TableState] = field(default_factory=dict)
    """By place and table."""
    places: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What places keep beside their tables, such as the level of a query."""


def load(folder: Path) -> tuple[Kept, str]:
    """What is kept in a data folder, and a word where it cannot be read."""
    path = folder / FILE_NAME
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        return Kept(), ""
    except (OSError, ValueError, RecursionError):
        return Kept(), f"What {path} kept of the last session cannot be read: this one starts anew."
    if kept.version != VERSION:
        return Kept(), f"{path} was kept by another version: this session starts anew."
    return kept, ""


def save(folder: Path, kept: Kept) -> str:
    """Keep a session in a data folder; answers why it cannot be kept, or with an empty string."""
    try:
        StateFile(folder / FILE_NAME, Kept).change(lambda _: kept)
    except ModalittyError as error:
        return str(error)
    return ""
