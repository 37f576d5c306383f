"""The first frames of a video: MPEG-2, H.264 and HEVC (PS3.5 8.2.7 to 8.2.9, A.4.5 to A.4.9).

PyAV decodes, where the extra `video` is installed, in the process apart as everything else. The
container is told by how the stream begins and never probed: FFmpeg knows formats that open other
files, and addresses.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np

from core.errors import NoPreviewError
from core.imaging.files import ImageFile
from core.imaging.fragments import Fragment
from core.imaging.layout import MAX_FRAME_BYTES, Array, Layout, number
from core.imaging.patience import PATIENCE

FIRST_FRAMES = 120
"""Frames that can be looked at: each is decoded from those before it."""
_ROOT = "1.2.840.10008.1.2.4.10"
_KINDS = {"0": "MPEG-2", "1": "MPEG-2", **dict.fromkeys("23456", "H.264"), "7": "HEVC", "8": "HEVC"}
_PACKET = 188
"""Bytes of a packet of an MPEG transport stream."""
_ELEMENTARY = {"MPEG-2": "mpegvideo", "H.264": "h264", "HEVC": "hevc"}


def kind_of(transfer_syntax_uid: str) -> str:
    """MPEG-2, H.264 or HEVC for the transfer syntaxes of videos, fragmentable ones too; else ""."""
    if not transfer_syntax_uid.startswith(_ROOT):
        return ""
    return _KINDS.get(transfer_syntax_uid[len(_ROOT) :].removesuffix(".1"), "")


class Video:
    """A video that is open; frames are decoded in order and the last one is kept."""

    def __init__(self, image: ImageFile, kind: str) -> None:
        """Raises NoPreviewError where it cannot be opened, or nothing is installed to do so."""
        self._image = image
        self._av = _pyav(kind)
        self._stream = _Stream(image.file, image.fragments(1).all_fragments())
        PATIENCE.extend(self._stream.size)
        self._format = _format_of(self._stream, kind)
        self._place = -1
        self._frames: Any = None
        self._last: Array | None = None
        self.layout = self._layout()

    def frame(self, index: int) -> Array:
        """One frame as rows by columns by 3 in RGB; raises NoPreviewError."""
        if not 0 <= index < self.layout.frames:
            raise NoPreviewError(
                f"no preview: of a video the first {self.layout.frames} frames are shown"
            )
        PATIENCE.extend(self._stream.size)
        if self._frames is None or index < self._place:
            self._frames, self._place, self._last = self._decoded(), -1, None
        while self._last is None or self._place < index:
            self._last = next(self._frames, None)
            if self._last is None:
                self._frames = None
                raise NoPreviewError(f"no preview: the video ends before frame {index + 1}")
            self._place += 1
        return self._last

    def _decoded(self) -> Any:
        self._stream.seek(0)
        options = {"protocol_whitelist": ""}
        with self._av.open(
            self._stream, format=self._format, options=options, metadata_errors="ignore"
        ) as container:
            if not container.streams.video:
                raise NoPreviewError("no preview: there is no video in it")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            for frame in container.decode(stream):
                if frame.width * frame.height * 3 > MAX_FRAME_BYTES:
                    raise NoPreviewError("no preview: the video's frames are too large")
                yield frame.to_ndarray(format="rgb24")

    def _layout(self) -> Layout:
        """As the first frame is, whatever the header says."""
        self._frames = self._decoded()
        self._last = self._next()
        self._place = 0
        rows, columns = self._last.shape[:2]
        said = max(1, number(self._image.ds, "NumberOfFrames", 1))
        return Layout(
            rows=rows, columns=columns, samples=3, allocated=8, stored=8, high_bit=7, signed=False,
            photometric="RGB", planar=0, frames=min(said, FIRST_FRAMES),
        )  # fmt: skip

    def _next(self) -> Array:
        try:
            first: Array | None = next(self._frames, None)
        except self._av.FFmpegError as fault:
            raise NoPreviewError(f"no preview: the video cannot be decoded: {fault}") from fault
        if first is None:
            raise NoPreviewError("no preview: there is no frame in the video")
        return np.ascontiguousarray(first)


def _pyav(kind: str) -> Any:
    try:
        import av
    except ImportError as fault:
        raise NoPreviewError(
            f"no preview: a video in {kind}: to see its first frames install the extra"
            " modalitty[video]"
        ) from fault
    av.logging.set_level(None)
    return av


def _format_of(stream: _Stream, kind: str) -> str:
    """The container, by its first bytes; raises NoPreviewError where it is none of those named."""
    head = stream.read(2 * _PACKET + 1)
    stream.seek(0)
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:1] == b"G" and head[_PACKET : _PACKET + 1] == b"G":
        return "mpegts"
    if head.startswith(b"\0\0\1\xba"):
        return "mpeg"
    if head.startswith((b"\0\0\0\1", b"\0\0\1")):
        return _ELEMENTARY[kind]
    raise NoPreviewError(f"no preview: the video is in no container that {kind} comes in")


class _Stream(io.RawIOBase):
    """The fragments of a video as one file, which they are pieces of (PS3.5 A.4)."""

    def __init__(self, file: BinaryIO, fragments: list[Fragment]) -> None:
        super().__init__()
        self._file, self._fragments = file, fragments
        self.size = sum(size for _, size in fragments)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = self.size - self._position if size is None or size < 0 else size
        pieces: list[bytes] = []
        begin = 0
        for place, length in self._fragments:
            inside = self._position - begin
            if wanted > 0 and 0 <= inside < length:
                self._file.seek(place + inside)
                piece = self._file.read(min(wanted, length - inside))
                pieces.append(piece)
                self._position += len(piece)
                wanted -= len(piece)
            begin += length
        return b"".join(pieces)
