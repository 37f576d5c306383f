"""The first frames of videos, made here by PyAV: a white bar goes four pixels on in each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from core.errors import NoPreviewError
from core.imaging import Decoder
from core.imaging.opened import OpenedImage
from core.imaging.video import kind_of
from tests.core.imaging.objects import image, show, write

ROWS, COLUMNS, FRAMES = 96, 128, 24
MPEG2, H264, HEVC = (f"1.2.840.10008.1.2.4.{end}" for end in (100, 102, 107))
H264_FRAGMENTABLE = "1.2.840.10008.1.2.4.102.1"


def coded(folder: Path, codec: str, container: str) -> bytes:
    path = folder / "video"
    with av.open(str(path), "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, "yuv420p"
        stream.bit_rate = 2_000_000
        for index in range(FRAMES):
            array = np.full((ROWS, COLUMNS, 3), 40, np.uint8)
            array[24:48, index * 4 : index * 4 + 16] = 255
            output.mux(stream.encode(av.VideoFrame.from_ndarray(array, format="rgb24")))
        output.mux(stream.encode())
    return path.read_bytes()


def of(data: bytes, syntax: str, *, fragments: int = 1) -> Dataset:
    ds = image(
        np.zeros((ROWS, COLUMNS, 3), np.uint8), syntax=UID(syntax), CineRate=25,
        PhotometricInterpretation="YBR_PARTIAL_420", NumberOfFrames=FRAMES,
    )  # fmt: skip
    ds.PixelData = encapsulate([data], fragments_per_frame=fragments)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return ds


def bar(pixels: bytes) -> int:
    """The column at which the bar begins."""
    shown = np.frombuffer(pixels, np.uint8).reshape(ROWS, COLUMNS, 3)
    return int(np.argmax((shown[26:46] > 200).all(axis=(0, 2))))


@pytest.mark.parametrize(
    ("codec", "container", "syntax", "fragments"),
    [
        ("mpeg2video", "mpeg", MPEG2, 1), ("mpeg2video", "mpegts", MPEG2, 3),
        ("mpeg2video", "mpeg2video", MPEG2, 1), ("libx264", "mp4", H264, 1),
        ("libx264", "mpegts", H264_FRAGMENTABLE, 5), ("libx264", "h264", H264, 1),
        ("libx265", "mp4", HEVC, 1), ("libx265", "mpegts", HEVC, 2),
    ],
)  # fmt: skip
def test_frames_of_a_video(
    tmp_path: Path, codec: str, container: str, syntax: str, fragments: int
) -> None:
    ds = of(coded(tmp_path, codec, container), syntax, fragments=fragments)
    opened = OpenedImage(write(tmp_path, ds))
    try:
        assert opened.layout.frames == FRAMES
        for frame in (0, 1, 12, 5):
            assert abs(bar(opened.stored(frame).tobytes()) - frame * 4) <= 1
    finally:
        opened.close()


def test_a_video_comes_out_of_the_process_apart(tmp_path: Path) -> None:
    path = write(tmp_path, of(coded(tmp_path, "mpeg2video", "mpegts"), MPEG2))
    with Decoder() as decoder:
        picture = decoder.picture(path, frame=10)
        assert abs(bar(picture.pixels) - 40) <= 1
        assert (picture.frames, picture.frames_per_second) == (FRAMES, 25)


def test_only_the_first_of_many_frames_are_shown(tmp_path: Path) -> None:
    ds = of(coded(tmp_path, "mpeg2video", "mpegts"), MPEG2)
    ds.NumberOfFrames = 5400
    picture = show(tmp_path, ds)
    assert picture.frames == 120
    assert picture.caption.startswith("the first 120 of 5400 frames")
    with pytest.raises(NoPreviewError, match="ends before frame 101"):
        show(tmp_path, ds, frame=100)


def test_without_pyav_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(NoPreviewError, match=r"HEVC.*install the extra modalitty\[video\]"):
        show(tmp_path, of(b"\0\0\1\xb3" * 9, HEVC))


@pytest.mark.parametrize(
    "data",
    [b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n" * 9,
     b"ffconcat version 1.0\nfile /etc/passwd\n" * 9, b"\0" * 500, b"GG"],
    ids=["playlist", "list of files", "zeros", "two letters"],
)  # fmt: skip
def test_what_is_no_video_is_not_opened_by_guessing(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NoPreviewError, match="container"):
        show(tmp_path, of(data, H264))


def test_a_damaged_video_ends_in_words(tmp_path: Path) -> None:
    data = bytearray(coded(tmp_path, "mpeg2video", "mpegts"))
    data[400:] = bytes(len(data) - 400)
    path = write(tmp_path, of(bytes(data), MPEG2))
    with Decoder() as decoder, pytest.raises(NoPreviewError, match="no preview: "):
        decoder.picture(path)


def test_kinds_by_transfer_syntax() -> None:
    assert kind_of("1.2.840.10008.1.2.4.101.1") == "MPEG-2"
    assert kind_of("1.2.840.10008.1.2.4.106") == "H.264"
    assert kind_of("1.2.840.10008.1.2.4.108") == "HEVC"
    assert kind_of("1.2.840.10008.1.2.4.100.2") == kind_of("1.2.840.10008.1.2.4.90") == ""
