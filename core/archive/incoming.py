"""Objects on their way in: from the first byte to the journal line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from types import TracebackType

from core.archive.disk import fault
from core.archive.elements import Source
from core.archive.filemeta import encode_meta
from core.archive.header import Header, HeaderReader
from core.archive.landing import Landing
from core.archive.parcel import LARGEST, Parcel
from core.errors import ArchiveError, MismatchError, OutOfResourcesError
from core.model import Stored

HEAD = 256 << 10
_FLUSH = 256 << 10
_AT_HAND = 16 << 10
"""Bytes in which most headers lie."""
_MAX_UID = 1024


class Incoming:
    """One object being received: written as it comes, discarded unless it is committed."""

    def __init__(
        self,
        landing: Landing,
        *,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax_uid: str,
        source: str,
        limit: int,
        done: Callable[[Stored], None],
    ) -> None:
        self._landing = landing
        self._sop_class_uid = sop_class_uid
        self._sop_instance_uid = sop_instance_uid
        self._transfer_syntax_uid = transfer_syntax_uid
        self._limit = limit
        self._done = done
        self._size = 0
        self._fd = -1
        self._temp = ""
        self._stored: Stored | None = None
        self._gone = False
        self._fault = ArchiveError("the object is no longer being received")
        self._meta = encode_meta(
            sop_class_uid=sop_class_uid[:_MAX_UID],
            sop_instance_uid=sop_instance_uid[:_MAX_UID],
            transfer_syntax_uid=transfer_syntax_uid[:_MAX_UID],
            source=source,
        )
        self._head = b""
        self._reader = HeaderReader(transfer_syntax_uid)
        self._looked = False
        self._parcel = Parcel()
        self._parcel.add(self._meta)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes of the data set, as they come in P-DATA.

        Raises OutOfResourcesError at the limit or on a full disk; the object is then discarded.
        """
        if self._gone:
            raise self._fault
        self._size += len(data)
        if self._limit and self._size > self._limit:
            self.discard()
            self._fault = OutOfResourcesError(
                f"the object is larger than the limit of {self._limit} bytes",
                "raise station.max_object_mib",
            )
            raise self._fault
        if self._parcel.size + len(data) > self._room:
            with self._landing.room.watched():
                self._flush()
        self._add(data)

    @property
    def _room(self) -> int:
        """Bytes that are kept before they are written: all of an object that may be logged."""
        return LARGEST if self._fd < 0 else _FLUSH

    def _add(self, data: bytes | bytearray | memoryview) -> None:
        if len(data) > self._room:
            self._write_out(memoryview(data))
            return
        self._parcel.add(data)
        if self._size >= _AT_HAND and not self._looked and self._fd < 0:
            # While the peer sends the rest.
            self._looked = True
            start = len(self._meta)
            self._reader.look(bytes(self._parcel.file[start : start + _AT_HAND]))

    def commit(self) -> Stored:
        """Make the object durable and findable.

        Raises DuplicateError, MismatchError, NotDicomError or OutOfResourcesError, and then
        nothing of it stays.
        """
        if self._gone:
            raise self._fault
        try:
            with self._landing.room.watched():
                stored = self._land()
        finally:
            self.discard()
        self._stored = stored
        return stored

    def finish(self) -> None:
        """Let go of the object, and do what could wait until it was acknowledged."""
        self.discard()
        stored, self._stored = self._stored, None
        if stored is not None:
            self._landing.go_on(stored)
            self._done(stored)

    def _land(self) -> Stored:
        size = len(self._meta) + self._size
        if self._fd < 0 and self._landing.arrivals.usable:
            header = self._read_header(_source(self._parcel.file, len(self._meta)))
            return self._landing.land_logged(self._parcel, header)
        self._flush()
        header = self._read_header(Source(self._head, self._size, self._fd, len(self._meta)))
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise fault(error, "store an object") from error
        return self._landing.land(self._temp, header, size)

    def discard(self) -> None:
        """Let go of the object; after a commit there is nothing to let go."""
        if not self._gone:
            self._gone = True
            self._parcel.let_go()
        if self._fd < 0:
            return
        os.close(self._fd)
        self._fd = -1
        with contextlib.suppress(OSError):
            os.unlink(self._temp)  # noqa: PTH108

    def __enter__(self) -> Incoming:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finish()

    def _flush(self) -> None:
        rest = self._parcel.file
        self._parcel.size = 0
        self._write_out(rest)

    def _write_out(self, data: memoryview) -> None:
        try:
            if self._fd < 0:
                self._fd, self._temp = self._landing.files.new_temp()
                self._head = bytes(data[len(self._meta) : len(self._meta) + HEAD])
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            self.discard()
            self._fault = fault(error, "receive an object")
            raise self._fault from error

    def _read_header(self, source: Source) -> Header:
        header = self._reader.finish(source)
        header.common["AvailableTransferSyntaxUID"] = self._transfer_syntax_uid
        for name, said, is_there in (
            ("SOP Class UID", self._sop_class_uid, header.sop_class_uid),
            ("SOP Instance UID", self._sop_instance_uid, header.sop_instance_uid),
        ):
            if said.strip(" \0") != is_there:
                raise MismatchError(
                    f"the {name} is {is_there!r} in the data set, {said!r} in the command"
                )
        return header


def _source(whole: memoryview, offset: int) -> Source:
    """The data set of an object that is in memory: its beginning at hand, the rest on demand."""
    data = whole[offset:]
    return Source(bytes(data[:_AT_HAND]), len(data), read=lambda at, end: bytes(data[at:end]))
