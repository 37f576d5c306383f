import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.row_filter import RowFilter

TEXTS = [text.casefold() for text in ("Smith\nCT\n12", "Müller\nMR", "~tilde\n!bang", "STRASSE")]


def found(text: str) -> list[int]:
    return RowFilter.parse(text).select(range(len(TEXTS)), TEXTS)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3]),
        ("SMITH", [0]),
        ("!smith", [1, 2, 3]),
        ("!", [0, 1, 2, 3]),
        ("~", [0, 1, 2, 3]),
        ("!~", [0, 1, 2, 3]),
        ("~^m", [1]),
        ("~^\\D{4}h", [0]),
        ("~SM.TH", [0]),
        ("~\\Sm(?i:I)th", [0]),
        ("~^MR$", [1]),
        ("!~[CM][TR]", [2, 3]),
        ("\\~tilde", [2]),
        ("\\!bang", [2]),
        ("straße", [3]),
        ("smith\tct", []),
    ],
)
def test_what_passes(text: str, rows: list[int]) -> None:
    assert found(text) == rows


@pytest.mark.parametrize("text", ["~(", "~[", "~*", "~a{99999999999999}", "!~(?P<"])
def test_what_is_no_expression_says_so_and_lets_all_pass(text: str) -> None:
    parsed = RowFilter.parse(text)
    assert parsed.error
    assert not parsed.active


@given(st.text(max_size=8), st.sampled_from(["", "~", "!", "!~"]))
def test_nothing_typed_raises(text: str, prefix: str) -> None:
    parsed = RowFilter.parse(prefix + text)
    parsed.select(range(len(TEXTS)), TEXTS)
    parsed.spans("Smith CT 12")


@given(st.text(alphabet="ab!~\\", max_size=4), st.text(alphabet="ab!~\\", max_size=4))
def test_what_refines_passes_no_row_that_the_other_stops(one: str, other: str) -> None:
    first, second = RowFilter.parse(one), RowFilter.parse(other)
    texts = ["", "a", "b", "ab", "ba", "~a", "!b", "abab"]
    if first.refines(second) and not first.error:
        narrow = first.select(range(len(texts)), texts)
        assert set(narrow) <= set(second.select(range(len(texts)), texts))


def test_matches_are_told_where_they_stand() -> None:
    assert RowFilter.parse("it").spans("Smith Kit") == [(2, 4), (7, 9)]
    assert RowFilter.parse("~^s").spans("Smith") == [(0, 1)]
    assert RowFilter.parse("!it").spans("Smith") == []
    assert RowFilter.parse("~x*").spans("Smith") == []
