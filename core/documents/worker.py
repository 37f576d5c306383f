"""The process apart in which documents are read: it may die, and nothing else does."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from stat import S_ISREG
from types import FrameType

import msgspec

from core.documents.embedded import content_of
from core.documents.kinds import document_of
from core.documents.protocol import Read, Wanted
from core.errors import ModalittyError, NoDocumentError
from core.imaging.files import ImageFile
from core.imaging.worker import run

BUDGET = 1.5
"""Seconds of processor time for an answer; what is small and takes more is a trap."""
BYTES_PER_SECOND = 10 << 20
"""A large file gets a second more for each so many bytes."""


class TimeUpError(BaseException):
    """The budget is spent; no library's `except Exception` may swallow it."""


def read(request: Wanted) -> Read:
    """What was asked for; raises ModalittyError."""
    path = Path(request.path)
    if not S_ISREG(path.stat().st_mode):
        raise NoDocumentError("cannot be shown: not a file")
    file = ImageFile(path)
    file.close()
    if request.embedded:
        return Read(embedded=content_of(file.ds))
    return Read(document=document_of(file.ds, is_image=bool(file.keyword)))


def _spend(seconds: float) -> None:
    """Raise TimeUpError after so much processor time, again and again; 0 for no more."""
    signal.setitimer(signal.ITIMER_PROF, seconds, 0.05 if seconds else 0)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        # What does not come back to the interpreter hears no such signal: the system ends it.
        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = int(used.ru_utime + used.ru_stime + seconds) + 2 if seconds else hard
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _time_is_up(_number: int, _frame: FrameType | None) -> None:
    raise TimeUpError


def budget(path: str) -> float:
    """Seconds of processor time that reading a file may take."""
    with contextlib.suppress(OSError, ValueError):
        return BUDGET + Path(path).stat().st_size / BYTES_PER_SECOND
    return BUDGET


def answer(message: bytearray) -> Read:
    """Answer one request, whatever its file holds."""
    request = msgspec.msgpack.decode(message, type=Wanted)
    try:
        _spend(budget(request.path))
        try:
            return read(request)
        finally:
            _spend(0)
    except ModalittyError as fault:
        return Read(fault=_worded(fault.message))
    except (TimeUpError, MemoryError, RecursionError) as fault:
        return Read(fault=f"cannot be shown: {_LIMITS[type(fault)]}")
    except Exception as fault:
        why = str(fault).splitlines()[0][:200] if str(fault) else type(fault).__name__
        return Read(fault=f"cannot be shown: the object cannot be read: {why}")


def main() -> None:
    """Read documents."""
    signal.signal(signal.SIGPROF, _time_is_up)
    run(answer)


_LIMITS: dict[type[BaseException], str] = {
    TimeUpError: "reading it takes too long",
    MemoryError: "reading it takes too much memory",
    RecursionError: "its sequences are nested too deep",
}


def _worded(message: str) -> str:
    """A fault of the layer that opens files, which speaks of pictures, in our words."""
    return message.replace("no preview:", "cannot be shown:")
