"""What passes between the console's process and the one that reads documents."""

from __future__ import annotations

from msgspec import Struct

from core.model.documents import Document


class Wanted(Struct, frozen=True, kw_only=True):
    """The document of a file, or what is embedded in it."""

    path: str
    embedded: bool = False


class Read(Struct, frozen=True, kw_only=True):
    """What was asked for, or why it cannot be had."""

    document: Document | None = None
    embedded: bytes | None = None
    fault: str = ""
