"""The reader to use from elsewhere: it asks a process apart, and outlives what that meets."""

from __future__ import annotations

from pathlib import Path

import msgspec

from core.documents.protocol import Read, Wanted
from core.errors import NoDocumentError
from core.imaging.guarded import DiedError, Guarded
from core.model.documents import Document

MEMORY = 2 << 30
"""Bytes of address space that reading may take."""
SECONDS = 60
"""How long one answer may take at the outside; processor time is what is short (worker.BUDGET)."""


class DocumentReader(Guarded):
    """Reads documents in a worker process, started when needed and replaced when it dies.

    Safe to use from several threads; one document is read at a time.
    """

    def __init__(self, *, memory: int = MEMORY, seconds: int = SECONDS) -> None:
        super().__init__("core.documents.worker", memory=memory, seconds=seconds)

    def document(self, path: Path) -> Document:
        """What the object says.

        Raises NoDocumentError where there is nothing but a picture, or it cannot be read in bounds.
        """
        answer = self._read(Wanted(path=str(path)))
        if answer.document is None:
            raise NoDocumentError(answer.fault)
        return answer.document

    def embedded(self, path: Path) -> bytes:
        """The document of another format that is embedded in the object; raises NoDocumentError."""
        answer = self._read(Wanted(path=str(path), embedded=True))
        if answer.embedded is None:
            raise NoDocumentError(answer.fault)
        return answer.embedded

    def _read(self, request: Wanted) -> Read:
        with self._lock:
            if self._closed:
                raise NoDocumentError("cannot be shown: the reader is closed")
            try:
                return msgspec.msgpack.decode(self._ask(request), type=Read)
            except TimeoutError:
                return Read(fault=f"cannot be shown: reading it took more than {self._seconds} s")
            except DiedError:
                return Read(
                    fault="cannot be shown: reading it took too long, or was the reader's end"
                )
