"""An object of a peer that is looked at, and not kept."""

from __future__ import annotations

from msgspec import Struct

from core.model.held import Instance
from core.model.modality import Retrieve


class Look(Struct, frozen=True, kw_only=True):
    """One object that was fetched to be looked at, or that was held here anyhow.

    Unless `held`, its file is there until the look is closed.
    """

    instance: Instance
    peer: str
    """Name of the modality it is of."""
    held: bool = False
    """It is in the archive."""
    way: Retrieve | None = None
    """By which service it came; None where it did not have to."""
    note: str = ""
    """What a person should know of it, such as "instance 3 of 5"."""
