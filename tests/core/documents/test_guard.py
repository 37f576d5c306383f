"""Traps: what is deep, endless or torn says why it cannot be shown, and the reader goes on."""

from __future__ import annotations

import os
import struct
import time
import zlib
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from core.documents import DocumentReader
from core.errors import NoDocumentError
from tests.documents import cda_object, embedded_object, pdf_object
from tests.tui.console import image_object


def _element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


_HEAD = _element(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.88.33\0")
_KIND = _element(0x40, 0xA040, b"CS", b"CONTAINER ")
_START = struct.pack("<HH2sHI", 0x40, 0xA730, b"SQ", 0, 0xFFFFFFFF)
_ITEM = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
_ITEM_END = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def _nested(depth: int) -> bytes:
    """A report whose content items stand one in another, in Explicit VR Little Endian."""
    return _HEAD + _KIND + (_START + _ITEM + _KIND) * depth + (_ITEM_END + _END) * depth


def _flat(count: int) -> bytes:
    """A report of so many content items side by side."""
    return _HEAD + _KIND + _START + (_ITEM + _KIND + _ITEM_END) * count + _END


def _bomb() -> bytes:
    """A PDF of which one page inflates to a quarter of a gigabyte."""
    packed = zlib.compressobj(9)
    stream = b"".join(packed.compress(b" " * (1 << 20)) for _ in range(256)) + packed.flush()
    whole = pdf_object("bomb").EncapsulatedDocument
    start = whole.index(b"<< /Length")
    end = whole.index(b"endstream")
    filtered = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\n" % (len(stream), stream)
    return whole[:start] + filtered + whole[end:]


def test_content_nested_without_end_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "deep.dcm").write_bytes(_nested(20_000))
    with DocumentReader() as reader:
        with pytest.raises(NoDocumentError, match="cannot be shown: "):
            reader.document(tmp_path / "deep.dcm")
        _still_reads(reader, tmp_path)


def test_a_bomb_in_a_pdf_costs_neither_time_nor_memory(tmp_path: Path) -> None:
    ds = embedded_object(pdf_object("x").SOPClassUID, "application/pdf", _bomb())
    ds.save_as(tmp_path / "bomb.dcm", enforce_file_format=True)
    with DocumentReader() as reader:
        try:
            document = reader.document(tmp_path / "bomb.dcm")
        except NoDocumentError as fault:
            assert "cannot be shown: " in fault.message  # noqa: PT017  either is well
        else:
            assert any("cannot be read" in row.value for row in document.rows)
        _still_reads(reader, tmp_path)


def test_a_report_of_too_many_rows_ends_with_a_word(tmp_path: Path) -> None:
    (tmp_path / "many.dcm").write_bytes(_flat(50_001))
    with DocumentReader() as reader:
        try:
            document = reader.document(tmp_path / "many.dcm")
        except NoDocumentError as fault:
            assert fault.message == "cannot be shown: reading it takes too long"  # noqa: PT017
        else:
            assert document.rows[-1].value.startswith("more than 50,000 rows")


def test_a_picture_and_what_is_no_file_say_so(tmp_path: Path) -> None:
    image_object(1, 1, 1).save_as(tmp_path / "image.dcm", enforce_file_format=True)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("no DICOM at all")
    with DocumentReader() as reader:
        with pytest.raises(NoDocumentError, match="the object is a picture"):
            reader.document(tmp_path / "image.dcm")
        for name in ("pipe", "text"):
            with pytest.raises(NoDocumentError, match="cannot be shown: "):
                reader.document(tmp_path / name)


def test_a_reader_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with DocumentReader() as reader:
        _still_reads(reader, tmp_path)
        first = reader.pid
        os.kill(first, 9)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                _still_reads(reader, tmp_path)
                break
            except NoDocumentError:
                continue
        assert reader.pid not in (0, first)


def _still_reads(reader: DocumentReader, folder: Path) -> None:
    ds: Dataset = cda_object()
    ds.save_as(folder / "letter.dcm", enforce_file_format=True)
    assert reader.document(folder / "letter.dcm").attachment is not None
