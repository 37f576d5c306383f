"""What a reader of such a file hands on: a modality as it stands there, or why it is none."""

from __future__ import annotations

import re

from msgspec import Struct

from core.model import Modality

_FOREIGN = re.compile(r"[^A-Za-z0-9_-]+")
_MAX_NAME = 64


class Found(Struct, frozen=True, kw_only=True):
    """One entry; `modality` has the file's name for it, and is None where `why` says what is."""

    name: str
    modality: Modality | None = None
    why: str = ""
    notes: tuple[str, ...] = ()
    group: bool = False
    """It is no modality, but a name for several of the others."""


def own_name(name: str) -> str:
    """A name as we take it, out of any text; empty where nothing is left of it."""
    return _FOREIGN.sub("-", name).strip("-")[:_MAX_NAME]


def port_of(value: object) -> int:
    """A TCP port written as a number or as text; -1 where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return -1
    if isinstance(value, int):
        return value if 0 < value < 1 << 31 else -1
    text = value.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
