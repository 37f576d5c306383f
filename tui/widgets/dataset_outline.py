"""The rows of a data set as an outline: folding, and a filter that keeps parents shown."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from core.model import ElementRow
from tui.mask import is_sensitive, sensitive
from tui.widgets.parents import parents_of
from tui.widgets.row_columns import Values
from tui.widgets.row_filter import RowFilter

_FOLD_FROM = 20
"""Sequences with more items start folded: the frames of an enhanced object fill no screens."""
_DEEPEST_INDENT = 10


class Outline:
    """Which rows of a data set are shown: all but what is folded, or what a filter finds."""

    def __init__(self, rows: Sequence[ElementRow] = (), keywords: bool = False) -> None:
        self.rows = tuple(rows)
        self.keywords = keywords
        self.filter = RowFilter()
        self.private_only = False
        self.keys = _unique_keys(self.rows)
        self.index = {key: index for index, key in enumerate(self.keys)}
        self.parents = parents_of(self.rows)
        self._texts: list[str] = []
        self._folded = {
            index
            for index, row in enumerate(self.rows)
            if (row.is_sequence and row.vm > _FOLD_FROM) or self._holds_fragments(index)
        }
        self._folded_in_filter: set[int] = set()
        self._found: list[int] | None = None

    # -- what is shown

    @property
    def filtered(self) -> bool:
        """True where rows may be left out for another reason than folding."""
        return self.filter.active or self.private_only

    @property
    def found_count(self) -> int:
        """How many rows the filter found; all without a filter."""
        return len(self.rows) if self._found is None else len(self._found)

    def choose(self, row_filter: RowFilter, private_only: bool) -> None:
        """Look for other rows; folds made among the rows found so far are forgotten."""
        self.filter = row_filter
        self.private_only = private_only
        self._folded_in_filter.clear()
        self._found = self._find() if self.filtered else None

    def shown(self) -> list[int]:
        """Indices of the rows to show, in the order of the data set."""
        wanted = self._with_parents() if self._found is not None else range(len(self.rows))
        folds = self._folds
        out: list[int] = []
        hidden_below = -1
        for index in wanted:
            depth = self.rows[index].depth
            if 0 <= hidden_below < depth:
                continue
            out.append(index)
            hidden_below = depth if index in folds else -1
        return out

    def values(self, index: int) -> Values:
        """What the table shows of a row."""
        row = self.rows[index]
        item = row.is_item
        return {
            "tag": "" if item else row.tag or "!",
            "vr": row.vr,
            "name": self._label(index),
            "vm": None if row.is_item or not row.tag else row.vm,
            "value": with_meaning(row),
            "length": "undef." if row.length is None and row.tag else row.length,
        }

    def nearest_shown(self, shown: Sequence[int], index: int) -> int | None:
        """The row itself where it is shown, else its nearest parent or neighbour that is."""
        here: int | None = index
        while here is not None:
            place = bisect_left(shown, here)
            if place < len(shown) and shown[place] == here:
                return here
            here = self.parents[here]
        return shown[min(bisect_left(shown, index), len(shown) - 1)] if shown else None

    # -- folding

    def _holds_fragments(self, index: int) -> bool:
        row = self.rows[index]
        return self.has_children(index) and not (row.is_sequence or row.is_item)

    def is_folded(self, index: int) -> bool:
        """True where the rows below are put away."""
        return index in self._folds

    def has_children(self, index: int) -> bool:
        """True for a sequence or item that is not empty."""
        after = index + 1
        return after < len(self.rows) and self.rows[after].depth > self.rows[index].depth

    def fold(self, index: int, folded: bool) -> bool:
        """Fold or unfold one row; False where that changes nothing."""
        if not self.has_children(index) or self.is_folded(index) == folded:
            return False
        if folded:
            self._folds.add(index)
        else:
            self._folds.discard(index)
        return True

    def fold_all(self, folded: bool) -> None:
        """Fold or unfold everything."""
        self._folds.clear()
        if folded:
            self._folds.update(i for i in range(len(self.rows)) if self.has_children(i))

    @property
    def _folds(self) -> set[int]:
        return self._folded_in_filter if self._found is not None else self._folded

    # -- finding

    def _find(self) -> list[int]:
        if not self._texts:
            self._texts = [_text(row) for row in self.rows]
        candidates: Sequence[int] = range(len(self.rows))
        if self.private_only:
            candidates = self._private()
        return self.filter.select(candidates, self._texts)

    def _private(self) -> list[int]:
        """Private elements, and all that stands inside of private sequences."""
        inside: set[int] = set()
        for index, row in enumerate(self.rows):
            if row.is_private or self.parents[index] in inside:
                inside.add(index)
        return sorted(inside)

    def _with_parents(self) -> list[int]:
        wanted: set[int] = set()
        for index in self._found or ():
            here: int | None = index
            while here is not None and here not in wanted:
                wanted.add(here)
                here = self.parents[here]
        return sorted(wanted)

    def _label(self, index: int) -> str:
        row = self.rows[index]
        name = row.keyword if self.keywords and row.keyword else row.name
        sign = " "
        if self.has_children(index):
            sign = "▸" if self.is_folded(index) else "▾"
        indent = " " * min(row.depth, _DEEPEST_INDENT)
        deep = f"{row.depth}: " if row.depth > _DEEPEST_INDENT else ""
        return f"{indent}{sign} {deep}{name}"


def value_of(row: ElementRow) -> str:
    """The value of an element, marked where the mask hides it."""
    hidden = is_sensitive(row.keyword, row.vr, row.is_private)
    return sensitive(row.value) if hidden else row.value


def with_meaning(row: ElementRow) -> str:
    """The value and what it means, hidden both where the mask hides one."""
    if not row.meaning:
        return value_of(row)
    text = f"{row.value} = {row.meaning}"
    return sensitive(text) if is_sensitive(row.keyword, row.vr, row.is_private) else text


def _text(row: ElementRow) -> str:
    tag = row.tag.replace(",", "").strip("()")
    parts = (row.tag, tag, row.keyword, row.name, row.value, row.meaning)
    return "\n".join(parts).casefold()


def _unique_keys(rows: Sequence[ElementRow]) -> list[str]:
    """Paths, so that the cursor finds its element in the next object, made unique."""
    seen: dict[str, int] = {}
    keys = []
    for row in rows:
        count = seen[row.path] = seen.get(row.path, 0) + 1
        keys.append(row.path if count == 1 else f"{row.path}#{count}")
    return keys
