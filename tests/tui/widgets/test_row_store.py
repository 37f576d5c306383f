from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tui.widgets.row_columns import Column, Kind
from tui.widgets.row_filter import RowFilter
from tui.widgets.row_store import RowStore

NAME = Column("name", "Name")
COUNT = Column("count", "Count", Kind.NUMBER)
DAY = Column("day", "Day", Kind.DATE)
COLUMNS = (NAME, COUNT, DAY)


def store_of(*rows: tuple[Any, dict[str, object]]) -> RowStore:
    store = RowStore(COLUMNS)
    store.add(rows)
    return store


def shown(store: RowStore) -> list[Any]:
    return store.keys_between(0, store.shown_count)


def test_rows_stand_in_the_order_they_came() -> None:
    store = store_of(("b", {"name": "B"}), ("a", {"name": "A"}))
    assert shown(store) == ["b", "a"]
    assert store.index_of("a") == 1
    assert store.index_of("x") is None


def test_a_known_key_replaces_its_row_in_its_place() -> None:
    store = store_of(("a", {"name": "A", "count": 1}), ("b", {"name": "B"}))
    store.add([("a", {"name": "new"})])
    assert shown(store) == ["a", "b"]
    assert store.values("a") == {"name": "new"}


def test_an_update_changes_only_what_it_names_and_says_where_there_is_no_row() -> None:
    store = store_of(("a", {"name": "A", "count": 1}))
    assert store.update("a", {"count": 2})
    assert store.values("a") == {"name": "A", "count": 2}
    assert not store.update("b", {"count": 2})
    assert not store.remove("b")


def test_numbers_sort_as_numbers_and_what_is_none_comes_last_both_ways() -> None:
    store = store_of(
        ("ten", {"count": "10"}),
        ("nine", {"count": 9}),
        ("none", {}),
        ("odd", {"count": "1\\2"}),
        ("nan", {"count": float("nan")}),
        ("huge", {"count": 10**400}),
    )
    store.sort(COUNT)
    assert shown(store) == ["nine", "ten", "none", "odd", "nan", "huge"]
    store.sort(COUNT, reverse=True)
    assert shown(store) == ["ten", "nine", "none", "odd", "nan", "huge"]


def test_text_sorts_without_case_empty_last_and_equal_ones_as_they_came() -> None:
    store = store_of(
        (1, {"name": "b"}), (2, {"name": ""}), (3, {"name": "A"}), (4, {"name": "B"}), (5, {})
    )
    store.sort(NAME)
    assert shown(store) == [3, 1, 4, 2, 5]
    store.sort(NAME, reverse=True)
    assert shown(store) == [1, 4, 3, 2, 5]
    store.sort(None)
    assert shown(store) == [1, 2, 3, 4, 5]


def test_a_filter_sees_what_is_shown_and_what_was_sent() -> None:
    store = store_of((1, {"day": "20240131"}), (2, {"day": "20230131"}))
    for text in ("2024-01", "202401"):
        store.set_filter(RowFilter.parse(text))
        assert shown(store) == [1]


def test_a_filter_does_not_see_columns_that_are_not_shown() -> None:
    store = store_of((1, {"name": "x", "secret": "needle"}), (2, {"name": "needle"}))
    store.set_filter(RowFilter.parse("needle"))
    assert shown(store) == [2]
    store.set_columns([COUNT])
    assert shown(store) == []


def test_a_needle_does_not_span_two_columns() -> None:
    store = store_of((1, {"name": "ab", "count": "12"}))
    store.set_filter(RowFilter.parse("b1"))
    assert shown(store) == []


def test_a_broken_expression_leaves_the_filter_before_it_in_force() -> None:
    store = store_of((1, {"name": "a"}), (2, {"name": "b"}))
    store.set_filter(RowFilter.parse("a"))
    store.set_filter(RowFilter.parse("~("))
    assert shown(store) == [1]


def test_a_row_updated_before_it_was_ever_shown_is_found_by_its_new_text() -> None:
    store = RowStore(COLUMNS)
    store.add([("a", {"name": "old"})])
    store.index()
    store.update("a", {"name": "new"})
    store.set_filter(RowFilter.parse("new"))
    assert shown(store) == ["a"]


def test_marks_are_told_in_display_order_hidden_ones_too_and_go_with_their_row() -> None:
    store = store_of(("a", {"name": "A"}), ("b", {"name": "B"}), ("c", {"name": "C"}))
    store.marks.update(["a", "c", "b"])
    store.sort(NAME, reverse=True)
    store.set_filter(RowFilter.parse("a"))
    assert store.marked() == ["c", "b", "a"]
    store.remove("c")
    assert store.marked() == ["b", "a"]


def test_the_nearest_of_a_hidden_row_is_the_one_behind_it() -> None:
    store = store_of(*((i, {"name": f"row {i} {'odd' if i % 2 else 'even'}"}) for i in range(9)))
    store.set_filter(RowFilter.parse("odd"))
    assert shown(store) == [1, 3, 5, 7]
    assert store.nearest(4) == 2
    assert store.nearest(5) == 2
    assert store.nearest(8) == 3
    assert store.nearest("gone") is None


def test_slots_of_removed_rows_are_given_back_and_nothing_is_lost() -> None:
    store = store_of(*((i, {"name": f"n{i:05}", "count": -i}) for i in range(5000)))
    store.sort(COUNT)
    store.set_filter(RowFilter.parse("n0"))
    for key in range(4000):
        store.remove(key)
    assert shown(store) == list(range(4999, 3999, -1))
    assert len(store._keys) == 1000
    store.add([("x", {"name": "n0x", "count": -4500.5})])
    assert shown(store)[498:501] == [4501, "x", 4500]
    assert store.index_of("x") == 499


class AgainstAPlainList(RuleBasedStateMachine):
    """Whatever is done in whatever order, what is shown is the filtered, sorted list of rows."""

    names = st.sampled_from(["", "a", "B", "b", "ab", "Ç", "1"])
    counts = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from(["2", "x"]))
    keys = st.integers(0, 150)

    def __init__(self) -> None:
        super().__init__()
        self.store = RowStore(COLUMNS)
        self.rows: dict[int, dict[str, object]] = {}
        self.needle = ""
        self.column: Column | None = None
        self.reverse = False

    @rule(rows=st.lists(st.tuples(keys, names, counts), max_size=100))
    def add(self, rows: list[tuple[int, str, object]]) -> None:
        made = [(key, {"name": name, "count": count}) for key, name, count in rows]
        self.store.add(made)
        self.rows.update(made)

    @rule(key=keys, name=names)
    def update(self, key: int, name: str) -> None:
        assert self.store.update(key, {"name": name}) == (key in self.rows)
        if key in self.rows:
            self.rows[key] = {**self.rows[key], "name": name}

    @rule(keys=st.lists(keys, max_size=100))
    def remove(self, keys: list[int]) -> None:
        for key in keys:
            assert self.store.remove(key) == (key in self.rows)
            self.rows.pop(key, None)

    @rule(column=st.sampled_from([None, NAME, COUNT]), reverse=st.booleans())
    def sort(self, column: Column | None, reverse: bool) -> None:
        self.store.sort(column, reverse)
        self.column, self.reverse = column, reverse and column is not None

    @rule(needle=st.sampled_from(["", "a", "ab", "!b", "~^b$", "!~[ab]"]))
    def filter(self, needle: str) -> None:
        self.store.set_filter(RowFilter.parse(needle))
        self.needle = needle

    @rule()
    def clear(self) -> None:
        self.store.clear()
        self.rows.clear()

    @invariant()
    def the_same_is_shown(self) -> None:
        keys = list(self.rows)
        column = self.column
        if column is not None:
            keys.sort(
                key=lambda key: column.sort_value(self.rows[key], self.reverse),
                reverse=self.reverse,
            )
        wanted = RowFilter.parse(self.needle)
        keys = [key for key in keys if wanted.select([0], [self.store._text(self.rows[key])])]
        assert shown(self.store) == keys
        assert len(self.store) == len(self.rows)
        for index, key in enumerate(keys[:3]):
            assert self.store.index_of(key) == index


TestAgainstAPlainList = AgainstAPlainList.TestCase
TestAgainstAPlainList.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("count", [3, 500])
def test_rows_that_come_later_find_their_place_among_equals(count: int) -> None:
    store = store_of(*((i, {"count": i % 5}) for i in range(1000)))
    store.sort(COUNT, reverse=True)
    store.add([(1000 + i, {"count": i % 5}) for i in range(count)])
    expected = sorted(range(1000 + count), key=lambda i: (-(i % 5), i))
    assert shown(store) == expected
