"""Modalities that another program's configuration names, and what would become of them here."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from core.model.modality import Modality


class Fate(str, Enum):
    """What an import does with a modality of a file."""

    NEW = "new"
    CLASH = "clash"
    """One of that name is here already, and differs: taken only where it is to be replaced."""
    SAME = "same"
    """It is here already, as it is in the file."""
    GROUP = "group"
    """A name for several others, which they keep as a comment: we have no groups."""
    LEFT_OUT = "left out"
    """It cannot be taken."""


class Candidate(Struct, frozen=True, kw_only=True):
    """One modality of a file; `modality` is None where it is left out."""

    name: str
    """As the file has it."""
    fate: Fate
    modality: Modality | None = None
    why: str = ""
    """What clashes, or why it is left out."""
    notes: tuple[str, ...] = ()
    """What was changed on the way, what could not be taken along, what is odd."""
