"""What a converted object says is what it said before, and no object can harm the converter."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from core.errors import ConversionError
from core.imaging.transcoder import Transcoder
from tests.peers import dcmtk
from tests.samples import sample_file, sample_files

NATIVE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
PIXELS = (
    0x00280004, 0x00280006, 0x00280100, 0x00280102, 0x00282110, 0x7FE00001, 0x7FE00002, 0x7FE00010,
)  # fmt: skip
CUT_SHORT = ("MR_truncated.dcm",)
# What implicit VR leaves open, and pydicom decides by attributes elsewhere.
AMBIGUOUS = (0x00283002, 0x00283006)


@pytest.fixture(scope="module")
def transcoder() -> Iterator[Transcoder]:
    with Transcoder(seconds=20) as made:
        yield made


def converted(transcoder: Transcoder, path: Path, source: str, target: str) -> Dataset:
    with transcoder.converted(path, source, target) as output:
        data = BytesIO(output.read_bytes())
    ds = read_dataset(data, target == ImplicitVRLittleEndian, target != ExplicitVRBigEndian)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = target
    return ds


def sources(*, compressed: bool) -> list[Path]:
    found = []
    for path in sample_files():
        try:
            meta = dcmread(path, stop_before_pixels=True).file_meta
            syntax = meta.TransferSyntaxUID
            if syntax.is_encapsulated == compressed and "MediaStorageDirectory" not in (
                meta.MediaStorageSOPClassUID.name.replace(" ", "")
            ):
                found.append(path)
        except Exception:
            continue
    return found


def text_of(ds: Dataset) -> dict[str, Any]:
    """The public elements that a conversion leaves as they are; words have a test of their own."""
    return {
        str(element.tag): _plain(element)
        for element in ds
        if element.tag not in PIXELS + AMBIGUOUS
        and element.tag.element
        and not element.tag.is_private
        and element.VR not in ("OW", "UN", "OL", "OF", "OD")
    }


def _plain(element: DataElement) -> Any:
    if isinstance(element.value, Sequence):
        return [text_of(item) for item in element.value]
    return str(element.value)


@pytest.mark.parametrize("path", sources(compressed=True), ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_a_compressed_object_has_the_pixels_it_had(transcoder: Transcoder, path: Path) -> None:
    before = dcmread(path)
    try:
        pixels = before.pixel_array
    except Exception:
        pixels = None
    for target in NATIVE:
        syntax = before.file_meta.TransferSyntaxUID
        if pixels is None:
            # Some of these we can read all the same; what counts is that nothing else happens.
            with contextlib.suppress(ConversionError):
                converted(transcoder, path, syntax, target)
            continue
        after = converted(transcoder, path, syntax, target)
        assert len(after.PixelData) % 2 == 0
        if after.BitsAllocated <= 16 or target != ExplicitVRBigEndian:
            assert np.array_equal(after.pixel_array, pixels)
        assert text_of(after) == text_of(before)
        if before.SamplesPerPixel == 3:
            assert after.PlanarConfiguration == 0
            assert after.PhotometricInterpretation in ("RGB", "YBR_FULL")
        if before.file_meta.TransferSyntaxUID.endswith((".50", ".51")):
            assert after.LossyImageCompression == "01"
        if target == ExplicitVRLittleEndian:
            assert ("OB" if after.BitsAllocated <= 8 else "OW") == after["PixelData"].VR


@pytest.mark.parametrize("path", sources(compressed=False), ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_a_native_object_is_the_same_in_every_native_syntax(
    transcoder: Transcoder, path: Path
) -> None:
    before = dcmread(path)
    for target in NATIVE:
        if target == before.file_meta.TransferSyntaxUID:
            continue
        source = before.file_meta.TransferSyntaxUID
        if path.name in CUT_SHORT:
            with pytest.raises(ConversionError, match="ends before"):
                converted(transcoder, path, source, target)
            continue
        after = converted(transcoder, path, source, target)
        assert text_of(after) == text_of(before)
        if "PixelData" in before:
            theirs, ours = before.PixelData, after.PixelData
            if "OB" not in (before["PixelData"].VR, after["PixelData"].VR):
                theirs = big_words(before, theirs)
                ours = big_words(after, ours)
            assert ours == theirs


def big_words(ds: Dataset, value: bytes) -> bytes:
    """Words of 16 bits, whatever they make up (PS3.5 6.2, OW), in one order."""
    little = ds.file_meta.TransferSyntaxUID != ExplicitVRBigEndian
    return np.frombuffer(value, "<u2").byteswap().tobytes() if little else value


def written(folder: Path, ds: Dataset, syntax: str, *, bare: bool = False) -> Path:
    path = folder / "object.dcm"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = "1.2.3"
    ds.save_as(path, enforce_file_format=True)
    return path


def words(value: list[int], vr: str) -> bytes:
    return np.array(value, "<u2").tobytes()


def test_words_are_swapped_and_bytes_are_not(transcoder: Transcoder, tmp_path: Path) -> None:
    ds = Dataset()
    ds.Rows, ds.Columns, ds.SamplesPerPixel = 2, 2, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 1
    ds.SmallestImagePixelValue = -5
    ds.add_new(0x60003000, "OW", words([0x0102, 0x0304], "OW"))
    ds.add_new(0x00281201, "OW", words([1, 2, 3], "OW"))
    ds.add_new(0x00090010, "LO", "MAKER")
    ds.add_new(0x00091001, "OB", b"\1\2\3\4")
    ds.add_new(0x00091002, "FD", [1.5, -2.5])
    ds.PixelData = words([1, 2, 3, 0xFFFE], "OW")
    ds["PixelData"].VR = "OW"
    path = written(tmp_path, ds, ExplicitVRLittleEndian)
    big = converted(transcoder, path, ExplicitVRLittleEndian, ExplicitVRBigEndian)
    assert big.PixelData == b"\0\1\0\2\0\3\xff\xfe"
    assert big[0x60003000].value == b"\1\2\3\4"
    assert big[0x00091001].value == b"\1\2\3\4"
    assert list(big[0x00091002].value) == [1.5, -2.5]
    assert big.SmallestImagePixelValue == -5
    back = tmp_path / "big.dcm"
    big.file_meta.MediaStorageSOPClassUID = big.SOPClassUID
    big.file_meta.MediaStorageSOPInstanceUID = big.SOPInstanceUID
    big.save_as(back, enforce_file_format=True)
    again = converted(transcoder, back, ExplicitVRBigEndian, ExplicitVRLittleEndian)
    assert again == ds


def test_text_stays_the_bytes_it_was(transcoder: Transcoder, tmp_path: Path) -> None:
    """Also where it is not in the character set that it claims."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.PatientID = "X" * 9
    path = written(tmp_path, ds, ExplicitVRLittleEndian)
    lie = "Jérôme".encode()
    path.write_bytes(path.read_bytes().replace(b"X" * 9 + b" ", lie + b" " * (10 - len(lie))))
    with transcoder.converted(path, ExplicitVRLittleEndian, ImplicitVRLittleEndian) as output:
        assert lie in output.read_bytes()


def test_what_lies_behind_the_pixels_and_within_sequences_comes_along(
    transcoder: Transcoder, tmp_path: Path
) -> None:
    ds = dcmread(sample_file("MR_small_RLE.dcm"))
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = "1.2.3.4"
    inner.add_new(0x00281053, "DS", "2.50")
    ds.ReferencedImageSequence = [inner, inner]
    ds.add_new(0x00090010, "LO", "MAKER")
    ds.add_new(0x00091010, "SQ", [inner])
    ds.add_new(0xFFFCFFFC, "OB", b"\0" * 10)
    icon = Dataset()
    icon.Rows = icon.Columns = 8
    icon.PixelData = b"\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\x02\x00\x00\x00ab"
    icon["PixelData"].VR = "OB"
    icon["PixelData"].is_undefined_length = True
    ds.IconImageSequence = [icon]
    path = written(tmp_path, ds, RLELossless)
    after = converted(transcoder, path, RLELossless, ExplicitVRLittleEndian)
    assert after.ReferencedImageSequence[1].ReferencedSOPInstanceUID == "1.2.3.4"
    assert after.ReferencedImageSequence[0][0x00281053].value == 2.5
    assert after[0x00091010].value[0].ReferencedSOPInstanceUID == "1.2.3.4"
    assert len(after[0xFFFCFFFC].value) == 10
    assert "IconImageSequence" not in after, "it would be compressed within what is not"
    assert np.array_equal(after.pixel_array, dcmread(sample_file("MR_small.dcm")).pixel_array)


def test_group_lengths_that_would_lie_are_left_out(transcoder: Transcoder, tmp_path: Path) -> None:
    ds = Dataset()
    ds.PatientID = "P"
    path = written(tmp_path, ds, ImplicitVRLittleEndian)
    raw = path.read_bytes()
    start = 144 + int.from_bytes(raw[140:144], "little")
    length = b"\x08\x00\x00\x00\x04\x00\x00\x00\x63\x00\x00\x00"
    path.write_bytes(raw[:start] + length + raw[start:])
    with transcoder.converted(path, ImplicitVRLittleEndian, ExplicitVRLittleEndian) as output:
        assert output.read_bytes()[:8] == b"\x08\x00\x16\x00UI\x1a\x00"


def test_a_deflated_object_is_inflated(transcoder: Transcoder) -> None:
    path = sample_file("image_dfl.dcm")
    after = converted(transcoder, path, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian)
    assert after == dcmread(path)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"Rows": 65535, "Columns": 65535}, "MiB"),
        ({"NumberOfFrames": 2**31 - 1}, "fewer frames"),
        ({"NumberOfFrames": 3}, "frame"),
        ({"Rows": 0}, "pixels"),
        ({"BitsAllocated": 12}, "Bits Allocated"),
    ],
)
def test_what_cannot_be_is_refused_within_bounds(
    transcoder: Transcoder, tmp_path: Path, changes: dict[str, int], word: str
) -> None:
    ds = dcmread(sample_file("MR_small_RLE.dcm"))
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    path = written(tmp_path, ds, RLELossless)
    with (
        pytest.raises(ConversionError, match=word),
        transcoder.converted(path, RLELossless, ExplicitVRLittleEndian),
    ):
        pass


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_half_an_object_is_never_sent_as_a_whole(
    transcoder: Transcoder, tmp_path: Path, share: float
) -> None:
    for name in ("MR_small_RLE.dcm", "MR_small.dcm", "MR_small_jp2klossless.dcm"):
        whole = sample_file(name).read_bytes()
        path = tmp_path / name
        path.write_bytes(whole[: int(len(whole) * share)])
        source = dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
        with (
            pytest.raises(ConversionError),
            transcoder.converted(path, source, ImplicitVRLittleEndian),
        ):
            pass


def test_a_converter_that_dies_is_replaced(transcoder: Transcoder) -> None:
    path = sample_file("MR_small_RLE.dcm")
    with transcoder.converted(path, RLELossless, ExplicitVRLittleEndian) as output:
        size = output.stat().st_size
    assert transcoder._process is not None
    transcoder._process.kill()
    transcoder._process.wait()
    with transcoder.converted(path, RLELossless, ExplicitVRLittleEndian) as output:
        assert output.stat().st_size == size
    assert not output.exists()


def test_a_conversion_that_nobody_wants_any_more_is_given_up(transcoder: Transcoder) -> None:
    """The process apart stands still, as one does that is at work for minutes."""
    path = sample_file("MR_small_RLE.dcm")
    transcoder.warm_up()
    assert transcoder._process is not None
    stopped = transcoder._process
    stopped.send_signal(signal.SIGSTOP)
    asked = iter([False, False, True])
    start = time.monotonic()
    with (
        pytest.raises(ConversionError, match="cancelled"),
        transcoder.converted(path, RLELossless, ExplicitVRLittleEndian, lambda: next(asked)),
    ):
        pass
    assert time.monotonic() - start < 10, "not the time limit of the conversion"
    assert stopped.wait(10) == -signal.SIGKILL
    with transcoder.converted(path, RLELossless, ExplicitVRLittleEndian) as output:
        assert output.stat().st_size


TOOLS = {
    "1.2.840.10008.1.2.5": "dcmdrle",
    "1.2.840.10008.1.2.4.80": "dcmdjpls",
    "1.2.840.10008.1.2.4.81": "dcmdjpls",
    "1.2.840.10008.1.2.4.57": "dcmdjpeg",
    "1.2.840.10008.1.2.4.70": "dcmdjpeg",
}


@pytest.mark.interop
@pytest.mark.filterwarnings("ignore")
def test_dcmtk_decompresses_to_the_same_pixels(transcoder: Transcoder, tmp_path: Path) -> None:
    compared = 0
    for path in sources(compressed=True):
        source = dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
        output = tmp_path / "out.dcm"
        if source not in TOOLS or dcmtk.run(TOOLS[source], path, output).returncode:
            continue
        theirs = dcmread(output)
        if "PixelData" not in theirs:
            continue
        after = converted(transcoder, path, source, ExplicitVRLittleEndian)
        assert after.PhotometricInterpretation == theirs.PhotometricInterpretation, path
        assert np.array_equal(after.pixel_array, theirs.pixel_array), path
        compared += 1
    assert compared >= 10


@pytest.mark.interop
def test_dcmtk_reads_what_we_write(transcoder: Transcoder, tmp_path: Path) -> None:
    path = sample_file("MR_small_RLE.dcm")
    for target, option in ((ImplicitVRLittleEndian, "-ti"), (ExplicitVRBigEndian, "-tb")):
        with transcoder.converted(path, RLELossless, target) as output:
            done = subprocess.run(
                ["dcmdump", "-f", option, str(output)], capture_output=True, text=True, check=False
            )
        assert done.returncode == 0, done.stderr
        assert "W:" not in done.stderr
        assert "SIEMENS" in done.stdout or "PatientName" in done.stdout
