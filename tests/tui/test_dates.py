from datetime import date

import pytest

from tui.dates import date_range

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
    ],
)
def test_what_people_type_becomes_what_c_find_matches(typed: str, sent: str) -> None:
    assert date_range(typed, TODAY) == sent


@pytest.mark.parametrize("typed", ["-", "tomorrow", "20241301", "2024", "2024*", "٢٠٢٤٠١٠١"])
def test_what_is_no_date_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(ValueError, match="no date"):
        date_range(typed, TODAY)


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        date_range("20240201-20240101", TODAY)
