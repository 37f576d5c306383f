"""An object's data set in the transfer syntax that a peer takes: from its file, or converted.

Conversions lose nothing: they rewrite native data sets, and decompress. Nothing is compressed.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import ConversionError
from core.imaging.guarded import Stop
from core.imaging.transcoder import Transcoder
from core.network.contexts import DEFLATED_LE, NATIVE_ALL, uid_name
from core.network.mapped import DataSet, MappedFile
from core.network.part10 import ObjectFile


def is_possible(source: str, target: str) -> bool:
    """Whether an object in transfer syntax `source` can be had in `target`."""
    if source == target:
        return True
    return target in NATIVE_ALL and (
        source in (*NATIVE_ALL, DEFLATED_LE) or Transcoder.can_decode(source)
    )


class Converter:
    """Gives data sets as bytes; conversions run in a process apart. Safe for several threads."""

    def __init__(self) -> None:
        self._transcoder = Transcoder()

    def close(self) -> None:
        """End the process apart, and let no conversion begin."""
        self._transcoder.close()

    def data(self, found: ObjectFile, syntax: str, stop: Stop) -> tuple[DataSet, str]:
        """The data set of an object in `syntax`, and what was done to it, empty for nothing.

        Raises ConversionError, also soon after `stop` says that it is wanted no more; OSError where
        the file cannot be read.
        """
        source = found.transfer_syntax_uid
        if source == syntax:
            if found.whole:
                return memoryview(found.whole)[found.offset :], ""
            return MappedFile(Path(found.path), found.offset), ""
        try:
            with self._transcoder.converted(Path(found.path), source, syntax, stop) as path:
                return MappedFile(path, 0), _note(source)
        except ConversionError as exc:
            raise ConversionError(
                f"it cannot be had in {uid_name(syntax)}: {exc.message}",
                f"let the peer take {uid_name(source)}",
            ) from exc


def _note(source: str) -> str:
    if source in NATIVE_ALL or source == DEFLATED_LE:
        return f"rewritten from {uid_name(source)}"
    return f"decompressed from {uid_name(source)}"
