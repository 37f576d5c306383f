"""A long value is read a page at a time, in the form that its VR has, and never whole."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from core.dump import page, rows
from core.dump.pages import BYTES_OF_A_PAGE
from core.model import ValuePage, ValuePlace
from tests.core.imaging.objects import image, write, write_deflated


def place_of(path: Path, keyword: str) -> ValuePlace:
    place = next(row.place for row in rows(path) if row.keyword == keyword)
    assert place is not None
    return place


def first_page(path: Path, keyword: str, *, as_bytes: bool = False) -> ValuePage:
    return page(path, place_of(path, keyword), as_bytes=as_bytes)


def test_bytes_are_shown_with_their_offsets(tmp_path: Path) -> None:
    path = write(tmp_path, image(EncapsulatedDocument=b"%PDF-1.7\n" + bytes(range(9, 20))))
    shown = first_page(path, "EncapsulatedDocument")
    assert shown.kind == "bytes"
    assert shown.lines == (
        "00000000  25 50 44 46 2d 31 2e 37 0a 09 0a 0b 0c 0d 0e 0f  %PDF-1.7........",
        "00000010  10 11 12 13                                      ....",
    )


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_words_and_numbers_are_read_in_their_byte_order(tmp_path: Path, syntax: str) -> None:
    ds = image(syntax=syntax, PatientID="4711")
    big = syntax == ExplicitVRBigEndian
    ds.add_new(0x00281201, "OW", struct.pack(">2H" if big else "<2H", 0x0102, 0xA0B0))
    ds.add_new(0x7FE00008, "OF", struct.pack(">2f" if big else "<2f", 0.5, -2))
    ds.add_new(0x00280009, "AT", 0x00181063)
    path = write(tmp_path, ds)
    words = first_page(path, "RedPaletteColorLookupTableData")
    assert (words.kind, words.lines) == ("words of 16 bits", ("00000000  0102 a0b0",))
    floats = first_page(path, "FloatPixelData")
    assert (floats.kind, floats.lines) == ("numbers of 32 bits", ("00000000  0.5  -2.0",))
    assert first_page(path, "FrameIncrementPointer").lines == ("00000000  (0018,1063)",)
    assert first_page(path, "PatientID", as_bytes=True).lines[0].startswith("00000000  34 37 31 31")


def test_a_page_of_100_mb_is_read_without_the_rest(tmp_path: Path) -> None:
    path = write(tmp_path, image())
    size = 100 << 20
    with path.open("ab") as file:
        file.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, size))
        file.truncate(file.tell() + size - 1)
        file.seek(0, 2)
        file.write(b"\x7f")
    place = place_of(path, "PixelData")
    tracemalloc.start()
    try:
        shown = page(path, place, 1 << 30)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert (shown.page, shown.pages) == (size // BYTES_OF_A_PAGE - 1, size // BYTES_OF_A_PAGE)
    assert (shown.last, shown.size) == (size, size)
    assert shown.lines[-1].startswith("063ffff0  00")
    assert " 7f " in shown.lines[-1]


def test_long_text_loses_no_character_between_pages(tmp_path: Path) -> None:
    text = "aü山" * 5000
    path = write(tmp_path, image(SpecificCharacterSet="ISO_IR 192", TextValue=text))
    place = place_of(path, "TextValue")
    pages = page(path, place).pages
    assert pages > 3
    assert "".join("".join(page(path, place, n).lines) for n in range(pages)) == text


def test_text_of_several_lines_and_values_and_names_in_their_groups(tmp_path: Path) -> None:
    ds = image(
        SpecificCharacterSet="ISO_IR 192",
        PatientComments="one\r\ntwo",
        ImageType=["ORIGINAL", "PRIMARY"],
        PatientName="Yamada^Tarou^^Dr=山田^太郎",
    )
    path = write(tmp_path, ds)
    assert first_page(path, "PatientComments").lines == ("one", "two")
    assert first_page(path, "ImageType").lines == ("ORIGINAL", "PRIMARY")
    assert first_page(path, "PatientName").lines == (
        "Yamada^Tarou^^Dr=山田^太郎",
        "  Alphabetic: family Yamada, given Tarou, prefix Dr",
        "  Ideographic: family 山田, given 太郎",
    )


def test_a_value_of_a_deflated_object_is_read_too(tmp_path: Path) -> None:
    path = write_deflated(tmp_path, image(TextValue="x" * 20_000))
    place = place_of(path, "TextValue")
    assert place.deflated
    assert page(path, place, 2).lines == ("x" * (20_000 - 2 * BYTES_OF_A_PAGE),)
