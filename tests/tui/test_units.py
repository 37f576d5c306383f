import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import units


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (9_960_000, "10 MB"),
        (34_000_000, "34 MB"),
        (999_600_000, "1.0 GB"),
        (5e18, "5000 PB"),
        (-1, "-"),
        (float("nan"), "-"),
    ],
)
def test_size(count: float, shown: str) -> None:
    assert units.size(count) == shown


def test_rate() -> None:
    assert units.rate(34e6) == "34 MB/s"
    assert units.rate(float("inf")) == "-"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 ms"),
        (0.0031, "3.1 ms"),
        (0.25, "250 ms"),
        (0.9999, "1.0 s"),
        (1.44, "1.4 s"),
        (59.99, "1:00"),
        (125, "2:05"),
        (3599.9, "1:00:00"),
        (3725, "1:02:05"),
        (100_000, "1 d 3 h"),
        (-1, "-"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert units.duration(seconds) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada Tarou (山田 太郎)"),
        ("=山田^太郎", "山田 太郎"),
        ("==やまだ^たろう", "やまだ たろう"),
        ("Smith^John^^Dr", "Smith John Dr"),
        ("Smith^John", "Smith John"),
        ("a=a", "a"),
        ("a=b=c=d", "a=b=c=d"),
        ("", ""),
        ("^^^^", ""),
    ],
)
def test_person_name(value: str, shown: str) -> None:
    assert units.person_name(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("20240131", "2024-01-31"),
        ("2024.01.31", "2024-01-31"),
        ("20241331", "20241331"),
        ("٢٠٢٤٠١٣١", "٢٠٢٤٠١٣١"),
        ("2024", "2024"),
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_date(value: str, shown: str) -> None:
    assert units.date(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("134501.123", "13:45:01"),
        ("134501", "13:45:01"),
        ("1345", "13:45"),
        ("13", "13"),
        ("256000", "256000"),
        ("", ""),
    ],
)
def test_time(value: str, shown: str) -> None:
    assert units.time(value) == shown


@given(st.text())
def test_no_value_from_outside_raises(value: str) -> None:
    for show in (units.person_name, units.date, units.time):
        assert isinstance(show(value), str)


@given(st.floats())
def test_no_number_raises(value: float) -> None:
    for show in (units.size, units.rate, units.duration):
        assert show(value)
