"""Rows in display order: lists of slots, kept sorted as rows come, change and go.

A slot is a row's place in the order of arrival. Rows stand by sort key, and equal ones by slot, so
that a row's place can be found by bisection and sorting is stable in both directions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

_ONE_BY_ONE = 256


class RowOrder:
    """The order that lists of slots are in: by arrival, or by `keys` (one per slot)."""

    def __init__(self, keys: list[Any] | None = None, reverse: bool = False) -> None:
        self.keys = keys
        self.reverse = reverse

    def sort(self, slots: list[int]) -> None:
        """Bring `slots` from any order into this one."""
        slots.sort()
        self._sort_by_key(slots)

    def find(self, slots: Sequence[int], slot: int) -> int | None:
        """Index of `slot` in ordered `slots`, None where it is not among them."""
        index = self.place(slots, slot)
        return index if index < len(slots) and slots[index] == slot else None

    def remove(self, slots: list[int], gone: Collection[int]) -> None:
        """Take `gone` out of `slots`; keys of both must be as they were when they were placed."""
        if len(gone) > _ONE_BY_ONE:
            slots[:] = [slot for slot in slots if slot not in gone]
            return
        for slot in gone:
            index = self.find(slots, slot)
            if index is not None:
                del slots[index]

    def insert(self, slots: list[int], new: Sequence[int], newest: bool) -> None:
        """Put `new` (ascending) where they belong; `newest` where all came after all of `slots`."""
        if newest and self.keys is None:
            slots.extend(new)
        elif len(new) <= _ONE_BY_ONE:
            for slot in new:
                slots.insert(self.place(slots, slot), slot)
        else:
            slots.extend(new)
            if not newest:
                slots.sort()
            self._sort_by_key(slots)  # quick where two runs are in order already

    def _sort_by_key(self, slots: list[int]) -> None:
        if self.keys is not None:
            slots.sort(key=self.keys.__getitem__, reverse=self.reverse)

    def place(self, slots: Sequence[int], slot: int) -> int:
        """Index in ordered `slots` where `slot` stands or would stand."""
        low, high = 0, len(slots)
        while low < high:
            middle = (low + high) // 2
            if self._before(slots[middle], slot):
                low = middle + 1
            else:
                high = middle
        return low

    def _before(self, one: int, other: int) -> bool:
        if self.keys is None:
            return one < other
        first, second = self.keys[one], self.keys[other]
        if first == second:
            return one < other
        return bool(first > second if self.reverse else first < second)
