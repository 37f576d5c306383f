"""The process that makes pictures: it keeps the last file open, and reads ahead in it."""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG

import msgspec

from core.errors import ModalittyError, NoPreviewError
from core.imaging.opened import OpenedImage
from core.imaging.patience import PATIENCE
from core.imaging.protocol import Answer, PixelRequest, Request
from core.imaging.render import pixel_value, render
from core.imaging.worker import run

_WORTH, _TOO_SLOW = 0.004, 0.3
"""Seconds to decode a frame between which the next one is decoded before it is asked for."""


class Renderer:
    """Renders frames and keeps the last file open, so that the next frame is quick."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._image: OpenedImage | None = None
        self._frame, self._next = -1, -1

    def answer(self, request: Request) -> Answer:
        """What is asked for; raises NoPreviewError."""
        PATIENCE.begin()
        self._next = -1
        try:
            image = self._opened(Path(request.path))
            if isinstance(request, PixelRequest):
                found = pixel_value(image, request.frame, request.column, request.row)
                return Answer(pixel=found)
            picture = render(image, request.frame, request.rendering)
            self._expect(image, request.frame)
            return Answer(picture=picture)
        except ModalittyError:
            raise
        except MemoryError as fault:
            self.forget()
            raise NoPreviewError("no preview: decoding it takes too much memory") from fault
        except Exception as fault:
            self.forget()
            why = str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__
            raise NoPreviewError(f"no preview: the object cannot be read: {why}") from fault
        finally:
            PATIENCE.end()

    def read_ahead(self) -> None:
        """Decode the frame that is likely to be asked for next, if one is."""
        if self._image is None or self._next < 0:
            return
        PATIENCE.begin()
        try:
            self._image.raw(self._next)
        except Exception:
            # Whoever asks for it is told.
            self._next = -1
        finally:
            PATIENCE.end()

    def _expect(self, image: OpenedImage, frame: int) -> None:
        """Expect the next frame after two in a row, where that is worth it and holds up nobody."""
        is_stepping = frame == self._frame + 1 and frame + 1 < image.layout.frames
        if is_stepping and _WORTH < image.seconds < _TOO_SLOW:
            self._next = frame + 1
        self._frame = frame

    def _opened(self, path: Path) -> OpenedImage:
        stat = path.stat()
        if not S_ISREG(stat.st_mode):
            raise NoPreviewError("no preview: not a file")
        key = (path, stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if self._image is None or key != self._key:
            self.forget()
            self._image, self._key = OpenedImage(path), key
            self._frame = -1
        return self._image

    def forget(self) -> None:
        """Close the file that is open."""
        if self._image is not None:
            self._image.close()
        self._image, self._key = None, ()


def main() -> None:
    """Make pictures."""
    renderer = Renderer()

    def answer(message: bytearray) -> Answer:
        try:
            return renderer.answer(msgspec.msgpack.decode(message, type=Request))
        except ModalittyError as fault:
            return Answer(fault=fault.message)

    run(answer, renderer.read_ahead)
