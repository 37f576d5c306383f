"""The decoder to use from elsewhere: it asks a process apart, and outlives whatever that meets."""

from __future__ import annotations

import signal
from pathlib import Path

import msgspec

from core.errors import NoPreviewError
from core.imaging import patience
from core.imaging.guarded import DiedError, Guarded
from core.imaging.protocol import Answer, PictureRequest, PixelRequest, Request
from core.model import Picture, PixelValue, Rendering

MEMORY = 2 << 30
"""Bytes of address space that decoding may take."""
SECONDS = 20
"""How long one picture may take, the start of the process included."""
_MARGIN = 0.3
_TOO_LONG = "no preview: decoding takes too long"
_AS_IT_IS = Rendering()


class Decoder(Guarded):
    """Makes pictures in a worker process, which is started when needed and replaced when it dies.

    Safe to use from several threads; one picture is made at a time.
    """

    def __init__(self, *, memory: int = MEMORY, seconds: int = SECONDS) -> None:
        super().__init__("core.imaging.pictures", memory=memory, seconds=seconds)
        self._reads_ahead = False

    def picture(self, path: Path, *, frame: int = 0, rendering: Rendering = _AS_IT_IS) -> Picture:
        """One frame, counted from 0, in the way wanted.

        Raises NoPreviewError where there is no picture, or none that can be made within bounds.
        """
        answer = self._answer(PictureRequest(path=str(path), frame=frame, rendering=rendering))
        if answer.picture is None:
            raise NoPreviewError(answer.fault)
        return answer.picture

    def pixel(self, path: Path, *, frame: int = 0, column: int, row: int) -> PixelValue:
        """What stands at one place of a frame, all counted from 0; raises NoPreviewError."""
        answer = self._answer(PixelRequest(path=str(path), frame=frame, column=column, row=row))
        if answer.pixel is None:
            raise NoPreviewError(answer.fault)
        return answer.pixel

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            if self._closed:
                return Answer(fault="no preview: the decoder is closed")
            limit = _limit(request.path)
            try:
                body = self._ask_twice(request, limit)
            except TimeoutError:
                return Answer(fault=_TOO_LONG)
            except DiedError as end:
                died = "no preview: the decoder died of it"
                return Answer(fault=_TOO_LONG if end.signal == signal.SIGALRM else died)
            answer = msgspec.msgpack.decode(body, type=Answer)
            self._reads_ahead = answer.picture is not None and answer.picture.frames > 1
            return answer

    def _ask_twice(self, request: Request, limit: float) -> bytes | bytearray:
        """Ask again where the process may have died of a frame that nobody had asked for."""
        is_ahead, self._reads_ahead = self._reads_ahead, False
        try:
            return self._ask(request, seconds=limit)
        except DiedError:
            if not is_ahead or self._closed:
                raise
            return self._ask(request, seconds=limit)


def _limit(path: str) -> float:
    """Seconds for a picture of a file: what the process allows itself, and some more to say so.

    No frame has more bytes than its file.
    """
    try:
        size = Path(path).stat().st_size
    except OSError:
        size = 0
    return patience.allowed(size) + _MARGIN
