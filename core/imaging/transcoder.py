"""Data sets in other transfer syntaxes, made in a process apart."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from core.errors import ConversionError
from core.imaging.guarded import DiedError, Guarded, Stop, StoppedError
from core.imaging.protocol import Conversion, Converted

MEMORY = 2 << 30
"""Bytes of address space that a conversion may take."""
SECONDS = 120
"""How long one conversion may take."""
_DECODABLE = frozenset(
    (
        "1.2.840.10008.1.2.5",  # RLE
        "1.2.840.10008.1.2.4.50",  # JPEG: baseline, extended, lossless
        "1.2.840.10008.1.2.4.51",
        "1.2.840.10008.1.2.4.57",
        "1.2.840.10008.1.2.4.70",
        "1.2.840.10008.1.2.4.80",  # JPEG-LS
        "1.2.840.10008.1.2.4.81",
        "1.2.840.10008.1.2.4.90",  # JPEG 2000
        "1.2.840.10008.1.2.4.91",
        "1.2.840.10008.1.2.4.201",  # HTJ2K
        "1.2.840.10008.1.2.4.202",
        "1.2.840.10008.1.2.4.203",
    )
)


class Transcoder(Guarded):
    """Rewrites data sets into native transfer syntaxes; safe to use from several threads."""

    def __init__(self, *, memory: int = MEMORY, seconds: int = SECONDS) -> None:
        super().__init__("core.imaging.transcoding", memory=memory, seconds=seconds)

    @staticmethod
    def can_decode(transfer_syntax_uid: str) -> bool:
        """Whether pixel data in a compressed transfer syntax can be decompressed."""
        return transfer_syntax_uid in _DECODABLE

    @contextmanager
    def converted(
        self, path: Path, source: str, target: str, stop: Stop = lambda: False
    ) -> Iterator[Path]:
        """A file that begins with the data set of `path`, in the native syntax `target`.

        It is gone when the context ends. Raises ConversionError where it cannot be made within
        bounds, or soon after `stop` says that it is wanted no more; OSError where there is no room
        for it.
        """
        with tempfile.NamedTemporaryFile(prefix="modalitty-") as output:
            request = Conversion(
                path=str(path), source=str(source), target=str(target), output=output.name
            )
            try:
                with self._turn(stop):
                    fault = "the station closes" if self._closed else self._fault(request, stop)
            except StoppedError:
                fault = "cancelled"
            if fault:
                raise ConversionError(fault)
            yield Path(output.name)

    def _fault(self, request: Conversion, stop: Stop) -> str:
        try:
            return msgspec.msgpack.decode(self._ask(request, stop), type=Converted).fault
        except TimeoutError:
            return f"it takes more than {self._seconds} s"
        except DiedError:
            return "the decoder died of it"
