"""How an object that is there as a whole gets its place and its record, durably."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from core.archive.arrivals import Arrivals
from core.archive.claims import Claims
from core.archive.disk import fault
from core.archive.elements import Source
from core.archive.entities import Held
from core.archive.filemeta import read_meta
from core.archive.files import ObjectFiles
from core.archive.header import Header, read_header
from core.archive.index import Index
from core.archive.parcel import Parcel
from core.archive.room import Room
from core.errors import ArchiveError, DuplicateError
from core.model import Instance, StoreAction, Stored
from core.settings import Duplicates


class Landing(Struct, frozen=True, kw_only=True):
    """What an object needs of the archive to be taken in."""

    files: ObjectFiles
    index: Index
    claims: Claims
    arrivals: Arrivals
    room: Room
    duplicates: Callable[[], Duplicates]

    def instance(self, held: Held) -> Instance:
        """An instance as the rest of the station knows it, its file there to be read."""
        return self._instance(held, self.files.place_of(held))

    @staticmethod
    def _instance(held: Held, path: str) -> Instance:
        series = held.series
        return Instance(
            study_uid=series.study.uid,
            series_uid=series.uid,
            sop_instance_uid=held.sop_instance_uid,
            sop_class_uid=str(held.common.get("SOPClassUID", "")),
            transfer_syntax_uid=str(held.common.get("AvailableTransferSyntaxUID", "")),
            path=path,
            size=held.own.z,
        )

    def land(self, temp: str, header: Header, size: int) -> Stored:
        """Put a synced file in its place and into the index, durably."""
        return self._admit(header, size, lambda old: self._put(temp, header, size, old))

    def land_logged(self, parcel: Parcel, header: Header) -> Stored:
        """The same for an object that is small enough for the log of arrivals, in memory.

        Its file may be written later, by :meth:`go_on`; then the parcel is empty.
        """
        return self._admit(header, parcel.size, lambda old: self._log(parcel, header, old))

    def go_on(self, stored: Stored) -> None:
        """Do what needs not be done before an object is acknowledged."""
        self.files.go_on(stored.instance.path)

    def _admit(self, header: Header, size: int, put: Callable[[Held | None], Held]) -> Stored:
        """Take an object in by `put`, or keep the one that is held, as the policy says."""
        uid = header.sop_instance_uid
        need = self._need(uid, size)
        # Room first: who recycles waits for the claims of others, and may have none himself.
        with self.room.reserve(need, header.study_uid, uid), self.claims.claim(uid):
            old = self.index.held(uid)
            action = StoreAction.STORED if old is None else StoreAction.REPLACED
            if old is not None:
                policy = self.duplicates()
                if policy is Duplicates.REFUSE:
                    raise DuplicateError(
                        f"an object with SOP Instance UID {uid} is held already",
                        "archive.duplicates says to refuse a second one",
                    )
                if policy is Duplicates.KEEP_FIRST and os.path.exists(self.files.place_of(old)):  # noqa: PTH110
                    return self._keep_first(old, header)
            held = put(old)
            instance = self._instance(held, self.files.future_place_of(held))
            return Stored(instance=instance, action=action, warning=header.warning)

    def _need(self, uid: str, size: int) -> int:
        """How many bytes more there will be, at most."""
        held = self.index.held(uid)
        if held is None:
            return size
        replaces = self.duplicates() is Duplicates.REPLACE
        return max(0, size - held.own.z) if replaces else 0

    def _keep_first(self, held: Held, header: Header) -> Stored:
        # The first may have come a moment ago: success is said when it is durable, not before.
        self.index.storage.sync(self.index.storage.journal.end)
        return Stored(
            instance=self.instance(held), action=StoreAction.KEPT_FIRST, warning=header.warning
        )

    def _put(self, temp: str, header: Header, size: int, old: Held | None) -> Held:
        self.arrivals.wait_settled(header.sop_instance_uid)
        if old is not None:
            position = self._place(header, size, old, lambda place: self._put_at_once(temp, place))
            self.index.storage.sync(position)
            return self._in_place_of(old, header)
        position = self._place(header, size, old, lambda place: self.files.put(temp, place))
        # In this order: most file systems make the name durable with the journal, and are asked
        # for it in vain afterwards. The other way round they are kept waiting twice.
        self.index.storage.sync(position)
        self._sync_name(header)
        return self._in_place_of(old, header)

    def _put_at_once(self, temp: str, place: str) -> None:
        self.files.put(temp, place)
        self.files.sync_name(place)

    def _sync_name(self, header: Header) -> None:
        """Make the name of a new object durable, or take the object back."""
        uid = header.sop_instance_uid
        place = self.files.place(header.study_uid, header.series_uid, uid)
        try:
            self.files.sync_name(place)
        except OSError as error:
            self.index.storage.sync(self.index.remove([uid]))
            self.files.remove(place)
            raise fault(error, "store an object") from error

    def _log(self, parcel: Parcel, header: Header, old: Held | None) -> Held:
        uid, size = header.sop_instance_uid, parcel.size
        place = self.files.place(header.study_uid, header.series_uid, uid)
        entry = self.arrivals.append(uid, place, parcel)
        try:
            # Before the index has it: a journal line is to mean that the object is durable.
            self.arrivals.sync(entry)
            self._place(header, size, old, lambda place: self._write(place, parcel, old))
        except ArchiveError:
            self.arrivals.take_back(entry)
            raise
        finally:
            self.arrivals.done(entry)
        return self._in_place_of(old, header)

    def _write(self, place: str, parcel: Parcel, old: Held | None) -> None:
        if old is None:
            self.files.write_later(place, parcel)
        else:
            # What it replaces is kept at hand until the index has the new one: see _place.
            self.files.write(place, parcel.file)

    def _place(
        self, header: Header, size: int, old: Held | None, write: Callable[[str], None]
    ) -> int:
        """Write an object's file and its record, both or neither; the journal's position."""
        place = self.files.place(header.study_uid, header.series_uid, header.sop_instance_uid)
        old_place = self.files.place_of(old) if old is not None else ""
        # A file that nobody knows may lie there, left by a crash or a deletion cut short: it was
        # never acknowledged and gives way.
        with self._undone_by_failure(place if old_place == place else ""):
            try:
                write(place)
                return self.index.add(header, size)
            except (OSError, ArchiveError) as error:
                # It may have its place already, and only the folder could not be synced.
                if old_place != place:
                    self.files.remove(place)
                if isinstance(error, OSError):
                    raise fault(error, "store an object") from error
                raise

    def _in_place_of(self, old: Held | None, header: Header) -> Held:
        """The new object, as held; the file of the old one goes where it was another."""
        held = self.index.held(header.sop_instance_uid)
        if held is None:
            raise ArchiveError("the object was deleted while it came in")
        if old is not None and (before := self.files.place_of(old)) != self.files.place_of(held):
            self.files.remove(before)
        return held

    def settle(self, places: Sequence[str]) -> None:
        """Make logged objects durable outside of the log. Raises ArchiveError."""
        try:
            self.files.sync(places)
        except OSError as error:
            raise fault(error, "make objects durable") from error
        self.index.storage.sync(self.index.storage.journal.end)

    @staticmethod
    def header_of(data: bytes) -> Header:
        """The header of a whole file; raises NotDicomError."""
        meta = read_meta(io.BytesIO(data), len(data))
        source = Source(data[meta.offset :], len(data) - meta.offset)
        header = read_header(source, meta.transfer_syntax_uid)
        header.common["AvailableTransferSyntaxUID"] = meta.transfer_syntax_uid
        return header

    def store_again(self, data: bytes) -> tuple[str, bool]:
        """Store an object from the log of arrivals: its place, and whether it was not held.

        Nothing is synced. Raises ArchiveError, NotDicomError.
        """
        header = self.header_of(data)
        old = self.index.held(header.sop_instance_uid)
        self._place(header, len(data), old, lambda place: self.files.write(place, data))
        return self.files.place_of(self._in_place_of(old, header)), old is None

    @contextlib.contextmanager
    def _undone_by_failure(self, place: str) -> Iterator[None]:
        """Keep a second name for the file that is about to be replaced, until the index has it."""
        saved = f"{self.files.incoming}/{os.getpid()}-{threading.get_ident()}.old" if place else ""
        if saved:
            try:
                os.link(place, saved)
            except OSError:
                saved = ""
        try:
            yield
        except ArchiveError:
            if saved:
                os.replace(saved, place)  # noqa: PTH105
                saved = ""
            raise
        finally:
            if saved:
                with contextlib.suppress(OSError):
                    os.unlink(saved)  # noqa: PTH108
