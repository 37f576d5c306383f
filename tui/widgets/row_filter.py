"""What a person types behind `/`, as a test over the text of rows."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

_ESCAPE = re.compile(r"\\.", re.DOTALL)


@dataclass(frozen=True)
class RowFilter:
    """`text` for rows that hold it, `~text` for a regular expression, `!` in front for the rest.

    Case makes no difference. A backslash before a first `~` or `!` takes it as it is. In a
    regular expression `^` and `$` are the edges of a column. `error` says why an expression
    cannot be used; such a filter lets everything pass.
    """

    needle: str = ""
    inverse: bool = False
    pattern: re.Pattern[str] | None = None
    shown: re.Pattern[str] | None = None
    error: str = ""

    @classmethod
    def parse(cls, text: str) -> RowFilter:
        """The filter that `text` means; never raises."""
        inverse = text.startswith("!")
        body = text[inverse:]
        if body.startswith("~"):
            return cls._expression(body[1:], inverse)
        if body.startswith(("\\~", "\\!")):
            body = body[1:]
        return cls(needle=body.casefold(), inverse=inverse and bool(body))

    @classmethod
    def _expression(cls, body: str, inverse: bool) -> RowFilter:
        if not body:
            return cls()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # half-typed sets look like future syntax
                shown = re.compile(body, re.IGNORECASE | re.MULTILINE)
                # Texts are case folded: a pattern without capitals needs no slower matching.
                folded = _ESCAPE.sub("", body)
                small = folded == folded.casefold() and "(?" not in folded
                pattern = re.compile(body, re.MULTILINE) if small else shown
        except (re.error, OverflowError, RecursionError) as error:
            return cls(error=f"not a regular expression yet: {error}")
        return cls(pattern=pattern, shown=shown, inverse=inverse)

    @property
    def active(self) -> bool:
        """True where it may leave rows out."""
        return bool(self.needle) or self.pattern is not None

    def refines(self, other: RowFilter) -> bool:
        """True where every row that passes this one passes `other` too, for certain."""
        if not other.active:
            return not other.error
        plain = self.pattern is None and other.pattern is None
        return plain and not self.inverse and not other.inverse and other.needle in self.needle

    def select(self, slots: Sequence[int], texts: Sequence[str]) -> list[int]:
        """Those of `slots` whose text in `texts` (case folded) passes, in the same order."""
        if self.pattern is not None:
            search = self.pattern.search
            if self.inverse:
                return [slot for slot in slots if not search(texts[slot])]
            return [slot for slot in slots if search(texts[slot])]
        needle = self.needle
        if not needle:
            return list(slots)
        if self.inverse:
            return [slot for slot in slots if needle not in texts[slot]]
        return [slot for slot in slots if needle in texts[slot]]

    def spans(self, shown: str) -> list[tuple[int, int]]:
        """Where in a shown text the filter matches, as start and end; none for an inverse one."""
        if self.inverse or not self.active:
            return []
        pattern = self.shown or re.compile(re.escape(self.needle), re.IGNORECASE)
        return [found.span() for found in pattern.finditer(shown) if found.end() > found.start()]
