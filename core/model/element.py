"""The elements of an object, one by one: rows of a tree, and the pages of a long value."""

from __future__ import annotations

from msgspec import Struct


class ValuePlace(Struct, frozen=True, kw_only=True):
    """Where the bytes of a value are, and how they are read.

    `offset` counts from the start of the file, or of the inflated data set where it is deflated.
    `size` are the bytes that are really there. `vr` is the one to read them by, which is the
    dictionary's where the file says UN. `character_set` are Python's names of the encodings.
    """

    offset: int
    size: int
    vr: str
    big_endian: bool = False
    deflated: bool = False
    character_set: tuple[str, ...] = ()


class ElementRow(Struct, frozen=True, kw_only=True):
    """One line of a data set as a tree: an element, or the start of a sequence item.

    `depth` is 0 for the data set itself. `length` is the value's length in bytes, None where
    undefined. `path` names the element as pydicom would be asked for it, such as
    `ReferencedSeriesSequence[0].SeriesInstanceUID`. `is_item` marks the line of an item of a
    sequence, or of a fragment of encapsulated pixel data. `is_vr_implied`: the VR is not in
    the file. `meaning` is what a value of code says in words. `creator` is who reserved a private
    element's block (PS3.5 7.8.1). `place` is None where there are no bytes to read.
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
    is_vr_implied: bool = False
    meaning: str = ""
    creator: str = ""
    place: ValuePlace | None = None


class ValuePage(Struct, frozen=True, kw_only=True):
    """Part of a long value: `page` of `pages`, counted from 0, as lines to read.

    `first` and `last` are the offsets in the value of the first byte on the page and of the one
    behind it, of `size` bytes in all. `kind` says what the lines are, such as "words of 16 bits".
    """

    page: int
    pages: int
    first: int
    last: int
    size: int
    kind: str
    lines: tuple[str, ...]
