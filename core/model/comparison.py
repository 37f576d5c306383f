"""What two objects, or the common headers of two series, do not have in common."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Change(str, Enum):
    """What became of an element from the left to the right."""

    CHANGED = "changed"
    ADDED = "added"
    """Only the right has it."""
    REMOVED = "removed"
    """Only the left has it."""


class Difference(Struct, frozen=True, kw_only=True):
    """One element that is not the same on both sides.

    `path` is the one of :class:`ElementRow`. `left` and `right` are the values, with length and
    digest for what is compared but not shown; empty where a side does not have it. `vr` is
    "US → SS" where the files differ in it.
    """

    change: Change
    path: str
    tag: str
    vr: str
    keyword: str
    name: str
    left: str = ""
    right: str = ""
    is_private: bool = False
    creator: str = ""


class Comparison(Struct, frozen=True, kw_only=True):
    """What differs, in the order of the tags, how many elements are equal, and what to know."""

    differences: tuple[Difference, ...]
    equal: int
    notes: tuple[str, ...] = ()
