"""One object to be looked at: its tags."""

from __future__ import annotations

from msgspec import Struct


class ElementRow(Struct, frozen=True, kw_only=True):
    """One line of a data set as a tree: an element, or the start of a sequence item.

    `depth` is 0 for the data set itself. `length` is the value's length in bytes, None where
    undefined. `path` names the element as pydicom would be asked for it, such as
    `ReferencedSeriesSequence[0].SeriesInstanceUID`. `is_item` marks an item's own line.
    """

    depth: int
    tag: str
    vr: str
    keyword: str
    name: str
    value: str
    path: str
    vm: int = 1
    length: int | None = None
    is_private: bool = False
    is_sequence: bool = False
    is_item: bool = False
