import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tui.safe_text import cut_cells, safe_content, safe_rich, safe_text

NASTY = [
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x9b2J\x9d0;t\x9c",
    "\u202egnp.exe\u202c",
    "\u2066a\u2069\u200e\u200f\u061c",
    "a\u2028b\u2029c\r\nd\te\x00f\x7fg",
    "\ufeffzero\u200bwidth\u200d\u2060\u00ad",
    "tag\U000e0041\U000e007f",
    "\ud800 \udfff \ue000 \U0010ffff \u0378",
    "\ufe0f\u180b\u3164\u115f\uffa0\u034f",
    "[/b] [@click=app.exit]x[/]",
]

SCRIPTS = [
    "Müller^Jürgen",
    "山田^太郎=やまだ^たろう",
    "김^희중",
    "قباني^لنزار",
    "שָׁלוֹם",
    "Διονυσιος",
    "Люкceмбypг",  # noqa: RUF001
    "นิติ",
    "नमस्ते",
    "e\u0301",
    "می\u200cخواهم",  # noqa: RUF001
    "葛\U000e0100城",
    "10 µm ± 2 °C",
]

hostile = st.lists(
    st.one_of(st.text(), st.sampled_from(NASTY + SCRIPTS), st.characters(categories=["Cs", "Mn"]))
).map("".join)


def assert_harmless(text: str) -> None:
    for index, char in enumerate(text):
        if char == "\u200c":
            around = text[index - 1 : index] + text[index + 1 : index + 2]
            assert all(unicodedata.category(c)[0] in "LM" for c in around), ascii(text)
            assert len(around) == 2
            continue
        assert unicodedata.category(char)[0] != "C", ascii(text)
        assert unicodedata.category(char) not in ("Zl", "Zp"), ascii(text)


@given(hostile)
def test_nothing_that_a_terminal_obeys_is_left(value: str) -> None:
    assert_harmless(safe_text(value))


@given(hostile)
def test_given_again_it_passes_unchanged(value: str) -> None:
    once = safe_text(value)
    assert safe_text(once) == once


@given(hostile, st.integers(1, 40))
def test_a_limit_is_kept_and_the_cut_text_is_harmless_too(value: str, limit: int) -> None:
    cut = safe_text(value, limit)
    assert cell_len(cut) <= limit
    assert_harmless(cut)
    assert safe_text(cut, limit) == cut


@given(hostile)
def test_no_more_than_a_script_needs_is_stacked_on_one_letter(value: str) -> None:
    run = 0
    for char in safe_text("x" + value):
        run = run + 1 if unicodedata.category(char)[0] == "M" else 0
        assert run <= 8


@pytest.mark.parametrize("text", [*SCRIPTS, "CT ABDOMEN", "", "[b]not markup[/b]"])
def test_proper_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\x1bb", "a␛b"),
        ("\x07", "␇"),
        ("\x00", "␀"),
        ("a\r\nb\nc\td", "a↵b↵c⇥d"),
        ("\x7f", "␡"),
        ("\x9b", "⟨9B⟩"),
        ("\u202e", "⟨U+202E⟩"),
        ("\ud800", "\ufffd"),
        ("\ue000", "\ufffd"),
        ("\u0301a", "◌\u0301a"),
        ("a\u200cb", "a⟨U+200C⟩b"),
    ],
)
def test_what_is_taken_away_is_seen(value: str, shown: str) -> None:
    assert safe_text(value) == shown


@pytest.mark.parametrize("value", NASTY)
def test_every_nasty_value_leaves_something_to_see(value: str) -> None:
    assert safe_text(value).strip()
    assert_harmless(safe_text(value))


def test_a_cut_is_said_and_counts_wide_characters() -> None:
    assert safe_text("abcdef", 6) == "abcdef"
    assert safe_text("abcdef", 5) == "abcd…"
    assert safe_text("山田太郎", 8) == "山田太郎"
    assert safe_text("山田太郎", 6) == "山田…"
    assert safe_text("山田太郎", 7) == "山田太…"
    assert cut_cells("abc", 0) == ""
    assert cut_cells("abc", 1) == "…"


def test_a_megabyte_is_not_read_to_show_ten_cells() -> None:
    assert safe_text("\x1b" * 10_000_000, 10) == "␛" * 9 + "…"


def test_brackets_are_never_markup() -> None:
    hostile = "[/b][@click=app.exit]x[/]"
    assert safe_content(hostile).plain == hostile
    assert not safe_content(hostile).spans
    assert safe_content(hostile, "bold").plain == hostile
    assert safe_rich(hostile).plain == hostile
    assert not safe_rich(hostile).spans
    assert safe_rich(hostile, "bold").style in ("bold", Style(bold=True))
