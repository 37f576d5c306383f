"""Functional groups that are skipped over say of each frame what pydicom would say of it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from core.errors import NoPreviewError
from core.imaging import Decoder
from core.imaging.files import ImageFile
from tests.core.imaging.objects import image, item, show, write
from tests.samples import sample_files

FRAMES = 5


def enhanced(syntax: UID = ExplicitVRLittleEndian, *, undefined: bool = False) -> Dataset:
    """Windows by frame, sequences in sequences, and a private element among them."""
    ds = image(np.zeros((2, 2), np.uint8), syntax=syntax, NumberOfFrames=FRAMES)
    ds.PixelData = bytes(4 * FRAMES)
    ds.PerFrameFunctionalGroupsSequence = Sequence([_groups(n, undefined) for n in range(FRAMES)])
    ds["PerFrameFunctionalGroupsSequence"].is_undefined_length = undefined
    # What comes behind the sequence, and decides about the picture.
    ds.add_new(0x60000010, "US", 1)
    ds.add_new(0x60000011, "US", 2)
    ds.add_new(0x60003000, "OW", b"\x00\x03" if syntax == ExplicitVRBigEndian else b"\x03\x00")
    return ds


def _groups(number: int, undefined: bool) -> Dataset:
    codes = Sequence([item(CodeValue="1", PurposeOfReferenceCodeSequence=Sequence([]))])
    groups = item(
        FrameVOILUTSequence=Sequence([item(WindowCenter=number, WindowWidth=10)]),
        DerivationImageSequence=Sequence([item(DerivationCodeSequence=codes)]),
        FrameContentSequence=Sequence([]),
    )
    groups.add_new(0x00091010, "OB", b"\xfe\xff\x0d\xe0" * 3)  # looks like an end, and is none
    groups.is_undefined_length_sequence_item = undefined
    for element in groups:
        if element.VR == "SQ":
            element.is_undefined_length = undefined
            for inner in element.value:
                inner.is_undefined_length_sequence_item = undefined
    return groups


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_each_frame_has_the_groups_that_it_had(
    tmp_path: Path, syntax: UID, undefined: bool
) -> None:
    path = write(tmp_path, enhanced(syntax, undefined=undefined))
    file = ImageFile(path, is_lazy=True)
    assert file.groups is not None
    whole = dcmread(path).PerFrameFunctionalGroupsSequence
    assert [file.groups.item(n) for n in range(FRAMES)] == list(whole)
    assert file.groups.item(FRAMES) is file.groups.item(-1) is None
    assert "PerFrameFunctionalGroupsSequence" not in file.ds
    file.close()
    picture = show(tmp_path, dcmread(path), frame=3)
    assert [window.center for window in picture.windows] == [3]
    assert (picture.overlays, picture.pixels[:2]) == (1, b"\xff\xff")


def test_who_does_not_ask_for_it_has_the_data_set_whole(tmp_path: Path) -> None:
    file = ImageFile(write(tmp_path, enhanced()))
    assert len(file.ds.PerFrameFunctionalGroupsSequence) == FRAMES
    assert file.groups is None
    file.close()


def test_what_cannot_be_skipped_is_read_by_pydicom(tmp_path: Path) -> None:
    ds = enhanced(undefined=True)
    path = write(tmp_path, ds)
    # UN without a length, which holds implicit VR (PS3.5 6.2.2).
    private = struct.pack("<HH2sHI", 0x0009, 0x1010, b"UN", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE0DD, 0
    )
    data = path.read_bytes()
    place = data.index(struct.pack("<HH2sHI", 0x0009, 0x1010, b"OB", 0, 12))
    path.write_bytes(data[:place] + private + data[place + 24 :])
    file = ImageFile(path, is_lazy=True)
    assert file.groups is None
    assert len(file.ds.PerFrameFunctionalGroupsSequence) == FRAMES
    assert file.keyword == "PixelData"
    file.close()


@pytest.mark.parametrize("cut", [30, 200])
def test_a_sequence_that_ends_with_the_file_is_told(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path, enhanced(undefined=True))
    data = path.read_bytes()
    start = data.index(struct.pack("<HH", 0x5200, 0x9230))
    path.write_bytes(data[: start + cut])
    with Decoder() as decoder, pytest.raises(NoPreviewError, match="cannot be read"):
        decoder.picture(path)


def test_samples_with_groups_are_the_same(tmp_path: Path) -> None:
    seen = 0
    for path in sample_files():
        if path.suffix != ".dcm" or b"\x00\x52\x30\x92" not in path.read_bytes():
            continue
        lazy, whole = ImageFile(path, is_lazy=True), ImageFile(path)
        items = whole.ds.get("PerFrameFunctionalGroupsSequence") or []
        if lazy.groups is not None:
            seen += 1
            assert [lazy.groups.item(n) for n in range(len(lazy.groups))] == list(items)
        assert (lazy.offset, lazy.length) == (whole.offset, whole.length)
        lazy.close()
        whole.close()
    assert seen >= 3
