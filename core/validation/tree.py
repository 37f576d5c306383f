"""An object as the rules look at it: items with their elements, values as far as they are short."""

from __future__ import annotations

from msgspec import Struct, field

from core.dump import values
from core.dump.source import Source
from core.validation.report import Place

KEPT = 256
"""Bytes of a value that are kept."""


class Element(Struct):
    """One data element; `raw` is the beginning of its value, `length` None where undefined."""

    tag: int
    vr: str
    order: str
    length: int | None
    available: int
    offset: int
    raw: bytes
    place: Place
    source: Source | None = None
    items: list[Item] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no value: no bytes, nothing but padding, or no items."""
        if self.items is not None:
            return not self.items
        if self.length is None:
            return False
        return not self.available or (self.vr in values.TEXT and not self.raw.strip(b" \0\\"))

    @property
    def text(self) -> str:
        """The value as text, cut to what is kept."""
        return values.as_text(self.raw, self.vr, self.order, (values.DEFAULT_ENCODING,))

    @property
    def number(self) -> int | None:
        """The first value as a whole number, None where it is none."""
        try:
            return int(self.text.split("\\")[0])
        except ValueError:
            return None


class Item(Struct):
    """A data set, or an item of a sequence, with what rules inside it."""

    path: str
    elements: dict[int, Element] = field(default_factory=dict)
    character_set: tuple[str, ...] | None = None
    """Python's names of the encodings, None where there is no Specific Character Set."""
    creators: dict[int, str] = field(default_factory=dict)
    last: int = 0
    """The tag that was met last."""

    def text(self, tag: int) -> str:
        """The value of an element as text, empty where there is none."""
        element = self.elements.get(tag)
        return "" if element is None else element.text

    def number(self, tag: int) -> int | None:
        """The value of an element as a whole number, None where there is none."""
        element = self.elements.get(tag)
        return None if element is None or element.is_empty else element.number


class Tree(Struct):
    """A whole object."""

    source: Source
    meta: Item
    root: Item
    transfer_syntax: str = ""
    is_implicit: bool = False
    count: int = 0
