"""The rows of a table without a screen: kept by key, filtered, sorted, marked.

Changes are cheap when they are made and take effect together in :meth:`RowStore.settle`, so a
flood of rows costs one placing per frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Any

from tui.widgets.row_columns import Column, Values
from tui.widgets.row_filter import RowFilter
from tui.widgets.row_order import RowOrder

Key = Any
"""What tells a row from all others: hashable."""

_INDEX_BLOCK = 500
_COMPACT_FROM = 2000
_FEW = 1000


class RowStore:
    """Rows by key, and the list of those shown, in display order."""

    def __init__(self, columns: Sequence[Column] = ()) -> None:
        self._use(columns)
        self.filter = RowFilter()
        self.sorted_by: Column | None = None
        self.marks: set[Key] = set()
        self._order = RowOrder()
        self.clear()

    # -- rows

    def clear(self) -> None:
        """Forget all rows and marks; filter and sort order stay."""
        self._keys: list[Key] = []
        self._values: list[Values | None] = []
        self._slots: dict[Key, int] = {}
        self._texts: list[str] = []
        self._ordered: list[int] = []
        self._shown = self._ordered if not self.filter.active else []
        self._dirty: set[int] = set()
        self._placed = 0
        self.marks.clear()
        self._order = RowOrder(None if self.sorted_by is None else [], self._order.reverse)

    def add(self, rows: Iterable[tuple[Key, Values]]) -> None:
        """Append rows; one whose key is known already replaces that row in its place."""
        keys, table, slots = self._keys, self._values, self._slots
        for key, values in rows:
            slot = slots.setdefault(key, len(keys))
            if slot == len(keys):
                keys.append(key)
                table.append(values)
            else:
                table[slot] = values
                self._dirty.add(slot)

    def update(self, key: Key, values: Values) -> bool:
        """Change some values of a row; False where there is no such row."""
        slot = self._slots.get(key)
        if slot is None:
            return False
        self._values[slot] = {**(self._values[slot] or {}), **values}
        self._dirty.add(slot)
        return True

    def remove(self, key: Key) -> bool:
        """Take a row away, with its mark; False where there is no such row."""
        slot = self._slots.pop(key, None)
        if slot is None:
            return False
        self._values[slot] = None
        self._dirty.add(slot)
        self.marks.discard(key)
        return True

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: Key) -> bool:
        return key in self._slots

    def values(self, key: Key) -> Values:
        """The values of a row, empty where there is no such row."""
        slot = self._slots.get(key)
        return {} if slot is None else self._values[slot] or {}

    # -- what is shown

    @property
    def shown_count(self) -> int:
        """How many rows pass the filter, of all there are."""
        self.index_if_filtered()
        self.settle()
        return len(self._shown)

    @property
    def placed_count(self) -> int:
        """How many rows were shown when changes last took effect."""
        return len(self._shown)

    def peek(self, index: int) -> Key:
        """Key of the row shown at `index` when changes last took effect, None where none was."""
        return self._keys[self._shown[index]] if 0 <= index < len(self._shown) else None

    def newest(self, count: int) -> list[Values]:
        """Values of some of the rows that came last."""
        return [values for values in self._values[-count:] if values is not None]

    def key_at(self, index: int) -> Key:
        """Key of the row at `index` of those shown."""
        self.settle()
        return self._keys[self._shown[index]]

    def keys_between(self, start: int, end: int) -> list[Key]:
        """Keys of the rows shown from `start` up to before `end`."""
        self.settle()
        return [self._keys[slot] for slot in self._shown[start:end]]

    def index_of(self, key: Key) -> int | None:
        """Where the row stands among those shown, None where it is not."""
        self.settle()
        slot = self._slots.get(key)
        return None if slot is None else self._order.find(self._shown, slot)

    def nearest(self, key: Key) -> int | None:
        """Index of the row, or of the first one shown behind its place; None without any."""
        self.settle()
        slot = self._slots.get(key)
        if slot is None or not self._shown:
            return None
        return min(self._order.place(self._shown, slot), len(self._shown) - 1)

    def marked(self) -> list[Key]:
        """Keys of the marked rows in display order, whether the filter shows them or not."""
        self.settle()
        if not self.marks:
            return []
        return [key for key in map(self._keys.__getitem__, self._ordered) if key in self.marks]

    def hidden_marks(self) -> int:
        """How many of the marked rows the filter hides."""
        self.settle()
        if not self.filter.active:
            return 0
        if len(self.marks) <= _FEW:
            return sum(self.index_of(key) is None for key in self.marks)
        return len(self.marks.difference(map(self._keys.__getitem__, self._shown)))

    # -- order and filter

    @property
    def reverse(self) -> bool:
        """True where the largest comes first."""
        return self._order.reverse

    def sort(self, column: Column | None, reverse: bool = False) -> None:
        """Order rows by a column, or by arrival for None."""
        self.settle()
        self.sorted_by = column
        self._order = RowOrder(None if column is None else [], reverse and column is not None)
        self._read_sort_keys()
        self._order.sort(self._ordered)
        self._choose(self._ordered)

    def set_filter(self, row_filter: RowFilter) -> None:
        """Show only rows that pass; a filter with an error changes nothing but its message."""
        self.settle()
        before = self.filter
        if row_filter.error:
            return
        self.filter = row_filter
        self._choose(self._shown if row_filter.refines(before) else self._ordered)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Change which columns are shown, and so which the filter looks at."""
        self.settle()
        self._use(columns)
        self._texts.clear()
        self._choose(self._ordered)

    def _use(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self._readers = [(column.key, column.show_value) for column in self.columns]

    def index(self, seconds: float = float("inf")) -> bool:
        """Read the text of rows for the filter, for some time; True when all of it is read."""
        until = perf_counter() + seconds
        table, texts = self._values, self._texts
        while len(texts) < len(table):
            block = table[len(texts) : len(texts) + _INDEX_BLOCK]
            texts.extend([self._text(values) for values in block])
            if perf_counter() >= until:
                break
        return len(texts) >= len(table)

    def index_if_filtered(self) -> None:
        """Read the text of all rows where a filter is to look at it."""
        if self.filter.active:
            self.index()

    # -- placing what is new

    def settle(self) -> bool:
        """Place rows that came, changed or went; True where there were any.

        Rows that came while a filter is active wait until :meth:`index` has read their text.
        """
        read = max(self._placed, len(self._texts)) if self.filter.active else len(self._keys)
        fresh = range(self._placed, min(read, len(self._keys)))
        if not fresh and not self._dirty:
            return False
        changed = {slot for slot in self._dirty if slot < self._placed}
        for slots in self._lists():
            self._order.remove(slots, changed)
        self._reread(self._dirty)
        self._read_sort_keys()
        self._placed = fresh.stop
        self._dirty.clear()
        self._place(sorted(changed), newest=False)
        self._place(fresh, newest=True)
        self._compact()
        return True

    def _lists(self) -> list[list[int]]:
        one = self._shown is self._ordered
        return [self._ordered] if one else [self._ordered, self._shown]

    def _place(self, slots: Iterable[int], newest: bool) -> None:
        live = [slot for slot in slots if self._values[slot] is not None]
        if not live:
            return
        self._order.insert(self._ordered, live, newest)
        if self._shown is not self._ordered:
            self._order.insert(self._shown, self.filter.select(live, self._texts), newest)

    def _choose(self, candidates: list[int]) -> None:
        if not self.filter.active:
            self._shown = self._ordered
            return
        self.index()
        self._shown = self.filter.select(candidates, self._texts)

    def _reread(self, changed: Iterable[int]) -> None:
        column, keys = self.sorted_by, self._order.keys
        for slot in changed:
            values = self._values[slot]
            if slot < len(self._texts):
                self._texts[slot] = self._text(values)
            if values is None or column is None or keys is None:
                continue
            if slot < len(keys):
                keys[slot] = column.sort_value(values, self.reverse)

    def _read_sort_keys(self) -> None:
        column, keys = self.sorted_by, self._order.keys
        if column is None or keys is None:
            return
        name, read = column.key, column.sort_reader(self.reverse)
        rows = self._values[len(keys) :]
        keys.extend([None if values is None else read(values.get(name)) for values in rows])

    def _text(self, values: Values | None) -> str:
        if values is None:
            return ""
        parts = []
        for name, show in self._readers:
            value = values.get(name)
            if value is None:
                continue
            raw = value if isinstance(value, str) else str(value)
            parts.append(raw)
            if show and (shown := show(value)) != raw:
                parts.append(shown)
        return "\n".join(parts).casefold()

    def _compact(self) -> None:
        """Give the slots of removed rows back once they outnumber the rows."""
        many_gone = len(self._slots) * 2 <= len(self._keys) >= _COMPACT_FROM
        if not many_gone or self._placed < len(self._keys):
            return
        live = [slot for slot, values in enumerate(self._values) if values is not None]
        new = {slot: index for index, slot in enumerate(live)}
        shown = None if self._shown is self._ordered else [new[slot] for slot in self._shown]
        self._ordered = [new[slot] for slot in self._ordered]
        self._shown = self._ordered if shown is None else shown
        self._keys = [self._keys[slot] for slot in live]
        self._values = [self._values[slot] for slot in live]
        self._slots = {key: slot for slot, key in enumerate(self._keys)}
        self._texts = [self._texts[slot] for slot in live if slot < len(self._texts)]
        if self._order.keys is not None:
            self._order.keys = [self._order.keys[slot] for slot in live]
        self._placed = len(self._keys)
