from datetime import date

import pytest

from tui.dates import date_range, in_words

TODAY = date(2024, 3, 1)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("", ""),
        ("today", "20240301"),
        (" Yesterday ", "20240229"),
        ("-7d", "20240223-"),
        ("-2w", "20240216-"),
        ("2024-01-31", "20240131"),
        ("2024.01.31", "20240131"),
        ("20240101-20240131", "20240101-20240131"),
        ("2024-01-01 - 2024-01-31", "20240101-20240131"),
        ("20240101-", "20240101-"),
        ("-20240131", "-20240131"),
        ("-9999y", "00010101-"),
        ("2024-01-01..", "20240101-"),
        ("..2024-01-31", "-20240131"),
        ("2024-01-01..2024-01-31", "20240101-20240131"),
        ("20240101..today", "20240101-20240301"),
        ("-2w..-1w", "20240216-20240223"),
        ("yesterday..", "20240229-"),
        ("..yesterday", "-20240229"),
        ("today..today", "20240301"),
        ("2024-02", "20240201-20240229"),
        ("202402", "20240201-20240229"),
        ("2023", "20230101-20231231"),
        ("2024-", "20240101-"),
        ("2023..2024-01", "20230101-20240131"),
    ],
)
def test_what_people_type_becomes_what_c_find_matches(typed: str, sent: str) -> None:
    assert date_range(typed, TODAY) == sent


@pytest.mark.parametrize(
    "typed",
    [
        *("-", "..", "...", "tomorrow", "20241301", "2024*", "٢٠٢٤٠١٠١", "2024-1-1", "2024-02-30"),
        *("0000", "2024-13", "20240", "-7x", "1..2", "7d", "2024-01-01..2024-01-31..", "2024-x"),
    ],
)
def test_what_is_no_date_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(ValueError, match="no date"):
        date_range(typed, TODAY)


@pytest.mark.parametrize("typed", ["20240201-20240101", "today..yesterday", "2024..2023"])
def test_a_range_that_ends_before_it_starts_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="ends before"):
        date_range(typed, TODAY)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("20240301", "Fri 2024-03-01"),
        ("20240223-", "since Fri 2024-02-23"),
        ("-20240131", "until Wed 2024-01-31"),
        ("20240101-20240131", "Mon 2024-01-01 to Wed 2024-01-31"),
        ("20241399", "20241399"),
        ("20240230", "20240230"),
    ],
)
def test_a_matching_value_is_read_as_people_say_it(value: str, words: str) -> None:
    assert in_words(value) == words
