"""Words of damaged values: what cannot be read is left out, and hides nothing else."""

from __future__ import annotations

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from core.documents import words

_TEXT_VALUE = Tag(0x0040A160)


def _holding(value: bytes | None) -> Dataset:
    ds = Dataset()
    ds[_TEXT_VALUE] = RawDataElement(_TEXT_VALUE, "ZZ", 4, value, 0, False, True)
    return ds


def test_a_value_of_a_vr_that_nobody_knows_is_shown_as_it_is_written() -> None:
    assert words.text(_holding(b"abcd"), "TextValue") == "abcd"


def test_a_value_left_in_a_file_that_cannot_be_read_is_none() -> None:
    assert words.text(_holding(None), "TextValue") == ""
    assert words.raw(_holding(None), "TextValue") == b""
