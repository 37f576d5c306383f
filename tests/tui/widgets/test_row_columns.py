from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.row_columns import Column, Kind, fit, measure
from tui.widgets.row_paint import GUTTER, Layout

A = Column("a", "A", min_width=4, max_width=20, priority=0)
B = Column("b", "B", min_width=4, max_width=20, priority=1)
C = Column("c", "C", width=6)


def test_content_decides_between_the_limits() -> None:
    assert fit([A, B, C], {"a": 2, "b": 99}, 100) == [4, 20, 6]


def test_the_least_important_column_gives_way_first() -> None:
    assert fit([A, B, C], {"a": 10, "b": 10}, 22) == [10, 4, 6]
    assert fit([A, B, C], {"a": 10, "b": 10}, 18) == [6, 4, 6]
    assert fit([A, B, C], {"a": 10, "b": 10}, 5) == [4, 4, 6]


def test_what_is_left_over_goes_to_flexible_columns_by_their_shares() -> None:
    flexible = [Column("a", "A", flex=1), Column("b", "B", flex=2), C]
    assert fit(flexible, {}, 30) == [8, 14, 6]


columns = st.lists(
    st.builds(
        Column,
        key=st.sampled_from("abcdef"),
        label=st.text("Label", max_size=8),
        width=st.none() | st.integers(1, 30),
        min_width=st.integers(1, 10),
        max_width=st.integers(1, 60),
        flex=st.integers(0, 3),
        priority=st.integers(0, 3),
        optional=st.booleans(),
    ),
    unique_by=lambda column: column.key,
)


@given(columns, st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 80)), st.integers(0, 250))
def test_the_width_is_used_and_only_exceeded_by_minimal_columns(
    some: list[Column], content: dict[str, int], available: int
) -> None:
    layout = Layout.of(some, content, available)
    assert all(width > 0 for width in layout.widths)
    for column, width in zip(layout.columns, layout.widths, strict=True):
        assert width >= (column.width or column.min_width)
    if layout.total > available:
        for column, width in zip(layout.columns, layout.widths, strict=True):
            assert width == (column.width or column.min_width)
            assert not column.optional
    elif any(column.flex and column.width is None for column in layout.columns):
        assert layout.total == available


def test_an_optional_column_goes_before_the_table_is_too_wide() -> None:
    some = [A, B, Column("c", "Length", min_width=6, optional=True)]
    assert [c.key for c in Layout.of(some, {}, GUTTER + 16).columns] == ["a", "b", "c"]
    assert [c.key for c in Layout.of(some, {}, GUTTER + 15).columns] == ["a", "b"]


def test_columns_are_found_by_where_they_stand() -> None:
    layout = Layout((A, C), (4, 6), 1)
    assert layout.column_at(GUTTER - 1) is None
    assert layout.column_at(GUTTER) is A
    assert layout.column_at(GUTTER + 5) is C
    assert layout.column_at(GUTTER + 99) is None


def test_wide_characters_are_measured_in_cells() -> None:
    widths: dict[str, int] = {}
    assert measure([A], [{"a": "山田太郎"}], widths)
    assert widths == {"a": 8}
    assert not measure([A], [{"a": "山田"}], widths)


def test_kinds_show_what_people_read() -> None:
    row = {"size": "1234567", "name": "A^B", "day": "20240131", "time": "1345", "took": 1.44}
    shown = [
        Column(key, key, kind).text(row)
        for key, kind in (
            ("size", Kind.SIZE),
            ("name", Kind.NAME),
            ("day", Kind.DATE),
            ("time", Kind.TIME),
            ("took", Kind.DURATION),
            ("absent", Kind.NUMBER),
        )
    ]
    assert shown == ["1.2 MB", "A B", "2024-01-31", "13:45", "1.4 s", ""]
    assert Column("size", "size", Kind.SIZE).text({"size": "odd"}) == "odd"
