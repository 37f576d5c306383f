"""Takes the one object that a look asks for, into a file of its own, and refuses all others."""

from __future__ import annotations

import threading
from pathlib import Path

from core.archive.disk import fault
from core.archive.filemeta import encode_meta
from core.archive.importing import read_object
from core.errors import ArchiveError, MismatchError, ModalittyError, OutOfResourcesError
from core.model import Instance, StoreAction, Stored
from core.transfers.look_files import LookFile, LookFolder

LIMIT = 2 << 30
"""The largest object that is fetched to be looked at, in bytes."""


class LookTaker:
    """A :class:`core.network.ports.Taker` for one object; safe from any thread.

    `wanted` is its SOP Instance UID; where it is empty the first object that comes will do.
    """

    def __init__(self, files: LookFolder, wanted: str) -> None:
        self.came = threading.Event()
        """The object is here."""
        self.instance: Instance | None = None
        self.fault: ModalittyError | None = None
        """Why the last one that came was not taken."""
        self.received = 0
        """Bytes that have come so far."""
        self._files = files
        self._wanted = wanted
        self._busy = False
        self._closed = False
        self._lock = threading.Lock()

    def receive(
        self,
        *,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax_uid: str,
        source: str,
        limit: int = 0,
    ) -> LookIncoming:
        """Begin to take it; raises MismatchError for another, and ArchiveError."""
        uid = sop_instance_uid.strip(" \0")
        try:
            self._admit(uid)
            meta = encode_meta(
                sop_class_uid=sop_class_uid.strip(" \0")[:64],
                sop_instance_uid=uid[:64],
                transfer_syntax_uid=transfer_syntax_uid,
                source=source,
            )
            return LookIncoming(self, self._files, uid, meta, limit or LIMIT)
        except ModalittyError as error:
            self.fault = error
            raise

    def close(self) -> None:
        """Take nothing more."""
        with self._lock:
            self._closed = True

    def _admit(self, uid: str) -> None:
        with self._lock:
            if self._wanted and uid != self._wanted:
                raise MismatchError("this is not the object that was asked for")
            if self._closed or self._busy or self.came.is_set():
                raise MismatchError("one object was asked for, and no other")
            self._busy = True

    def ended(self, instance: Instance | None, error: ModalittyError | None = None) -> None:
        """Know that what was being taken is here, or is not to be."""
        with self._lock:
            self._busy = False
            if instance is not None and not self._closed:
                self.instance = instance
                self.came.set()
            elif instance is not None:
                self._files.remove(Path(instance.path))
            elif error is not None:
                self.fault = error


class LookIncoming:
    """The object on its way into its file."""

    def __init__(
        self, taker: LookTaker, files: LookFolder, uid: str, meta: bytes, limit: int
    ) -> None:
        self._taker = taker
        self._files = files
        self._uid = uid
        self._left = limit
        self._file: LookFile | None = None
        try:
            self._file = files.new()
            self._file.write(meta)
        except OSError as error:
            raise self._given_up(fault(error, "fetch an object to look at")) from error
        except ModalittyError as error:
            self._given_up(error)
            raise

    def write(self, data: memoryview) -> None:
        """Append a piece of the data set; raises ArchiveError."""
        if self._file is None:
            raise ArchiveError("the object is no longer being received")
        self._left -= len(data)
        self._taker.received += len(data)
        if self._left < 0:
            raise self._given_up(
                OutOfResourcesError(
                    f"it is too large to look at: more than {LIMIT >> 30} GiB", "retrieve it"
                )
            )
        try:
            self._file.write(data)
        except OSError as error:
            raise self._given_up(fault(error, "fetch an object to look at")) from error

    def commit(self) -> Stored:
        """Hand it to who waits for it; raises MismatchError, NotDicomError."""
        if self._file is None:
            raise ArchiveError("the object is no longer being received")
        path = self._file.path
        try:
            found = read_object(path)
            header = found.header
            if header.sop_instance_uid != self._uid:
                raise MismatchError("the data set is another object than the command says")
        except ModalittyError as error:
            self._given_up(error)
            raise
        instance = Instance(
            study_uid=header.study_uid,
            series_uid=header.series_uid,
            sop_instance_uid=header.sop_instance_uid,
            sop_class_uid=header.sop_class_uid,
            transfer_syntax_uid=found.meta.transfer_syntax_uid,
            path=str(path),
            size=found.size,
        )
        self._file = None
        self._taker.ended(instance)
        return Stored(instance=instance, action=StoreAction.SET_ASIDE)

    def finish(self) -> None:
        """Leave nothing of it behind that nobody has."""
        self._given_up(None)

    def _given_up(self, error: ModalittyError | None) -> ModalittyError:
        if self._file is not None:
            self._files.remove(self._file.path)
            self._file = None
        self._taker.ended(None, error)
        return error or ArchiveError("the object is no longer being received")
