"""Files and index as one: what is acknowledged is on disk and found again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from msgspec import Struct
from pydicom.dataset import Dataset

from core.archive import importing
from core.archive.check import CheckReport, check_archive, finish_leftovers
from core.archive.entities import Held
from core.archive.files import ObjectFiles
from core.archive.finding import find_identifier, match_query, select_instances
from core.archive.incoming import Claims, Incoming, Landing
from core.archive.index import Index
from core.archive.journal import fault
from core.archive.lock import FolderLock
from core.archive.lookup import look_up, patients_of_id
from core.archive.tables import JournalDB, JournalStorage
from core.errors import ArchiveError, NotHeldError, UsageError
from core.events import ArchiveChanged, EventBus, Notice, Severity
from core.model import Instance, Level, LookupHit, Match, Query, Ref, Root, Stored
from core.settings import Duplicates


class Statistics(Struct, frozen=True, kw_only=True):
    """How much is held; `size` is in bytes."""

    patients: int
    studies: int
    series: int
    instances: int
    size: int


class Archive:
    """The objects a station holds. Every method may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        landing: Landing,
        events: EventBus,
        lock: FolderLock | None,
    ) -> None:
        self.folder = folder
        self._storage = landing.index.storage
        self._landing = landing
        self._index = landing.index
        self._events = events
        self._lock = lock
        self._compaction: threading.Thread | None = None
        self._closing = threading.Lock()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        duplicates: Callable[[], Duplicates],
        events: EventBus,
        read_only: bool = False,
    ) -> Archive:
        """Open the archive in a folder, mending what a crash or a person left of its index.

        With `read_only` nothing is locked or written, and what another station adds later is not
        seen. Raises ArchiveLockedError where another station owns the folder, ArchiveError where it
        cannot be used.
        """
        folder = folder.absolute()
        lock = None if read_only else _prepare(folder)
        try:
            storage = JournalStorage(folder / "index", read_only=read_only)
            landing = Landing(
                files=ObjectFiles(folder),
                index=Index(storage),
                claims=Claims(),
                duplicates=duplicates,
            )
            archive = cls(folder, landing, events, lock)
            if not read_only:
                archive._mend()
        except OSError as error:
            if lock is not None:
                lock.release()
            raise fault(error, f"open the archive in {folder}") from error
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return archive

    def close(self) -> None:
        """Make the index durable and let another station have the folder."""
        with self._closing:
            if self._compaction is not None:
                self._compaction.join()
            self._storage.close()
            if self._lock is not None:
                self._lock.release()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def database(self) -> JournalDB:
        """The index as a TinyDB, to be read: `studies`, `series`, `common`, `instances`."""
        return JournalDB(storage=lambda: self._storage)

    # -- in

    def receive(
        self,
        *,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax_uid: str,
        source: str,
        limit: int = 0,
    ) -> Incoming:
        """Begin to receive an object whose data set comes by P-DATA.

        The UIDs are those of the command set and the presentation context, `source` is the calling
        AE title. `limit` is in bytes of the data set, 0 for none. Raises OutOfResourcesError.
        """
        self._require_writable()
        return Incoming(
            self._landing,
            sop_class_uid=sop_class_uid,
            sop_instance_uid=sop_instance_uid,
            transfer_syntax_uid=transfer_syntax_uid,
            source=source,
            limit=limit,
            done=self._after_change,
        )

    def take_file(self, path: Path) -> Stored:
        """Import one DICOM file by copying it; see :func:`core.archive.importing.take_file`."""
        self._require_writable()
        stored = importing.take_file(self._landing, path)
        self._after_change()
        return stored

    def take_stream(self, stream: IO[bytes]) -> Stored:
        """Import an object from a stream; see :func:`core.archive.importing.take_stream`."""
        self._require_writable()
        stored = importing.take_stream(self._landing, stream)
        self._after_change()
        return stored

    # -- questions

    def find(
        self, identifier: Dataset, root: Root, *, relational: bool = False
    ) -> Iterator[Dataset]:
        """Answer a C-FIND identifier (PS3.4 C.4.1); UsageError where it does not fit the model."""
        return find_identifier(self._index, identifier, root, relational=relational)

    def match(self, query: Query) -> Iterator[Match]:
        """Answer a query of our own; keys above its level are not required. UsageError."""
        return match_query(self._index, query)

    def select(self, identifier: Dataset, root: Root) -> list[Instance]:
        """What a C-MOVE or C-GET identifier names (PS3.4 C.4.2); UsageError."""
        return [self._landing.instance(h) for h in select_instances(self._index, identifier, root)]

    def instances(self, ref: Ref) -> tuple[Instance, ...]:
        """The instances of an entity; each unique key that is given must agree."""
        return tuple(self._landing.instance(held) for held in self._held(ref))

    def instance(self, sop_instance_uid: str) -> Instance:
        """One instance; NotHeldError."""
        held = self._index.held(sop_instance_uid)
        if held is None:
            raise NotHeldError(f"no object {sop_instance_uid!r} in the archive")
        return self._landing.instance(held)

    def lookup(self, value: str) -> tuple[LookupHit, ...]:
        """What bears an identifier: PatientID, AccessionNumber, Study, Series, SOP Instance UID."""
        return look_up(self._index, value)

    def statistics(self) -> Statistics:
        """How much is held, in constant time."""
        patients, studies, series, instances = self._index.counts()
        return Statistics(
            patients=patients,
            studies=studies,
            series=series,
            instances=instances,
            size=self._index.size,
        )

    # -- care

    def delete(self, refs: Sequence[Ref]) -> int:
        """Delete objects, from index and disk; returns how many. Tells by ArchiveChanged.

        Raises UsageError, and deletes nothing, where a PatientID is that of several patients.
        """
        self._require_writable()
        for ref in refs:
            self._require_one_patient(ref)
        total = 0
        for ref in refs:
            removed = self._delete([held.sop_instance_uid for held in self._held(ref)])
            if removed:
                self._events.publish(ArchiveChanged(level=ref.level, uid=ref.uid, removed=removed))
            total += removed
        self._after_change()
        return total

    def check(self, *, repair: bool) -> CheckReport:
        """Hold the index against the files; with `repair`, make it say what they say."""
        if repair:
            self._require_writable()
        report = check_archive(self._landing, repair=repair)
        if report.repaired:
            self._events.publish(
                ArchiveChanged(level=Level.STUDY, uid="", removed=len(report.missing))
            )
        return report

    def _held(self, ref: Ref) -> Iterable[Held]:
        found: Iterable[Held]
        if ref.sop_instance_uid and ref.level is Level.IMAGE:
            held = self._index.held(ref.sop_instance_uid)
            found = [held] if held is not None else []
        elif ref.series_uid and ref.level is Level.SERIES:
            series = self._index.series_of_uids([ref.series_uid])
            found = [held for each in series for held in self._index.members(each)]
        else:
            found = self._held_of_studies(ref)
        return [
            held
            for held in found
            if ref.study_uid in ("", held.series.study.uid)
            and ref.series_uid in ("", held.series.uid)
            and ref.patient_id in ("", held.series.study.patient[0])
        ]

    def _held_of_studies(self, ref: Ref) -> Iterator[Held]:
        if ref.level is Level.STUDY and ref.study_uid:
            studies = self._index.studies_of_uids([ref.study_uid])
        elif ref.level is Level.PATIENT and ref.patient_id:
            studies = self._index.studies_of_patient_id(ref.patient_id)
        else:
            return
        for study in studies:
            for series in tuple(study.series.values()):
                yield from self._index.members(series)

    def _require_one_patient(self, ref: Ref) -> None:
        if ref.level is Level.PATIENT and len(patients_of_id(self._index, ref.patient_id)) > 1:
            raise UsageError(
                f"PatientID {ref.patient_id!r} is that of several patients", "delete by study"
            )

    def _delete(self, uids: Sequence[str]) -> int:
        """Set files aside, drop the records, then the files: cut short, it is finished later."""
        count = 0
        for uid in uids:
            with self._landing.claims.claim(uid):
                count += self._delete_one(uid)
        return count

    def _delete_one(self, uid: str) -> int:
        held = self._index.held(uid)
        if held is None:
            return 0
        files = self._landing.files
        place = self._landing.place(held)
        try:
            aside = files.set_aside(place)
        except FileNotFoundError:
            aside = ""
        except OSError as error:
            raise fault(error, "delete an object") from error
        try:
            self._index.remove([uid])
        except ArchiveError:
            if aside:
                files.bring_back(aside, place)
            raise
        if aside:
            files.drop(aside)
        files.remove(place)
        return 1

    def _require_writable(self) -> None:
        if self._lock is None:
            raise ArchiveError("the archive is opened for reading only")

    def _after_change(self) -> None:
        if not self._storage.wasteful or not self._closing.acquire(blocking=False):
            return
        try:
            if self._compaction is None or not self._compaction.is_alive():
                self._compaction = threading.Thread(target=self._compact, name="archive-compaction")
                self._compaction.start()
        finally:
            self._closing.release()

    def _compact(self) -> None:
        try:
            self._storage.compact()
        except ArchiveError as error:
            self._tell(Severity.WARNING, f"the index could not be compacted: {error}")

    def _mend(self) -> None:
        """After opening: finish what was cut short, and rebuild what the journal lost."""
        saved = finish_leftovers(self._landing)
        if saved:
            self._tell(Severity.INFO, f"{saved} objects that were being stored were kept")
        loaded = self._storage.loaded
        if loaded.whole:
            return
        report = check_archive(self._landing, repair=True)
        if loaded.damaged:
            self._storage.compact()
        if loaded.missing and not report.unindexed:
            return
        found = len(report.unindexed)
        what = (
            "was gone" if loaded.missing else "was damaged" if loaded.damaged else "was cut short"
        )
        self._tell(
            Severity.WARNING,
            f"the index {what} and was repaired from the files: {found} objects found again, "
            f"{len(report.missing)} without their file dropped",
        )

    def _tell(self, severity: Severity, text: str) -> None:
        self._events.publish(Notice(severity=severity, text=text))


def _prepare(folder: Path) -> FolderLock:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lock = FolderLock(folder)
        try:
            (folder / "index").mkdir(mode=0o700, exist_ok=True)
            ObjectFiles(folder).create()
        except OSError:
            lock.release()
            raise
    except OSError as error:
        raise fault(error, f"open the archive in {folder}") from error
    return lock
