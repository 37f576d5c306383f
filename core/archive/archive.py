"""Files and index as one: what is acknowledged is on disk and found again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from pydicom.dataset import Dataset

from core.archive import importing
from core.archive.arrivals import Arrivals
from core.archive.check import check_archive
from core.archive.claims import Claims
from core.archive.disk import Reserve, fault
from core.archive.files import ObjectFiles
from core.archive.finding import find_identifier, match_query, select_instances
from core.archive.incoming import Incoming
from core.archive.index import Index
from core.archive.landing import Landing
from core.archive.lock import FolderLock
from core.archive.lookup import look_up
from core.archive.members import held_of, require_one_patient
from core.archive.mending import mend
from core.archive.protection import Protection
from core.archive.quiet import StudyWatch
from core.archive.removal import Remover
from core.archive.room import Room
from core.archive.statistics import count
from core.archive.tables import JournalDB, JournalStorage
from core.archive.upkeep import Compactor
from core.errors import ArchiveError, NotHeldError
from core.events import ArchiveChanged, EventBus, Notice, Severity, StudyStable
from core.model import (
    CheckReport,
    Instance,
    Level,
    LookupHit,
    Match,
    ProtectedPatient,
    Query,
    Ref,
    Root,
    Statistics,
    StoreAction,
    Stored,
)
from core.settings import ArchiveSettings


class Archive:
    """The objects a station holds. Every method may be called from any thread."""

    def __init__(
        self,
        folder: Path,
        storage: JournalStorage,
        settings: Callable[[], ArchiveSettings],
        events: EventBus,
        lock: FolderLock | None,
    ) -> None:
        self.folder = folder
        self._storage = storage
        self._settings = settings
        self._events = events
        self._lock = lock
        self._index = Index(storage)
        self._protection = Protection(self._index)
        files, claims = ObjectFiles(folder), Claims()
        self._arrivals = arrivals = Arrivals(folder / "index", self._settle, files.rest)
        self._reserve = Reserve(folder / "index/reserve")
        self._remover = Remover(
            files=files,
            index=self._index,
            claims=claims,
            arrivals=arrivals,
            reserve=self._reserve,
        )
        self._watch = StudyWatch(self._is_quiet, lambda: settings().stable_after)
        self._room = Room(
            self._remover, self._protection, settings, events, still_comes=self._watch.awaits
        )
        self._landing = Landing(
            files=files,
            index=self._index,
            claims=claims,
            arrivals=arrivals,
            room=self._room,
            duplicates=lambda: settings().duplicates,
        )
        self._compactor = Compactor(storage, self._tell)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        settings: Callable[[], ArchiveSettings],
        events: EventBus,
        read_only: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Archive:
        """Open the archive in a folder, mending what a crash or a person left of its index.

        `settings` is asked at each use, so that an edit counts at once. With `read_only` nothing is
        locked or written, and what another station adds later is not seen. `meanwhile` is called
        again and again while the journal is read, or made anew of the files, and may raise to give
        the opening up. Raises ArchiveLockedError where another station owns the folder,
        ArchiveError where it cannot be used.
        """
        folder = folder.absolute()
        try:
            with contextlib.ExitStack() as opened:
                lock = None if read_only else _own(folder, opened)
                storage = JournalStorage(
                    folder / "index", read_only=read_only, mends=not read_only, meanwhile=meanwhile
                )
                opened.callback(storage.close)
                archive = cls._understanding(folder, storage, settings, events, lock)
                opened.callback(archive.close)
                meanwhile()
                archive._put_right(meanwhile)
                opened.pop_all()
                return archive
        except OSError as error:
            raise fault(error, f"open the archive in {folder}") from error

    @classmethod
    def _understanding(
        cls,
        folder: Path,
        storage: JournalStorage,
        settings: Callable[[], ArchiveSettings],
        events: EventBus,
        lock: FolderLock | None,
    ) -> Archive:
        try:
            return cls(folder, storage, settings, events, lock)
        except (AttributeError, LookupError, TypeError, ValueError):
            # Lines that are whole, but not what an index says: the files are the truth.
            storage.forget()
            return cls(folder, storage, settings, events, lock)

    def _put_right(self, meanwhile: Callable[[], None]) -> None:
        if self._lock is None:
            self._tell_if_damaged()
        else:
            self._reserve.make()
            mend(self._landing, self._tell, meanwhile)

    def close(self) -> None:
        """Make the index durable and let another station have the folder."""
        with contextlib.ExitStack() as closing:
            # The last one first; what one of them raises keeps no other from its end.
            if self._lock is not None:
                closing.callback(self._lock.release)
            closing.callback(self._index.let_go)
            closing.callback(self._compactor.close)
            closing.callback(self._landing.files.close)
            closing.callback(self._arrivals.close)
            closing.callback(self._watch.close)

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
        self._room.expect(sop_instance_uid.strip(" \0"))
        return Incoming(
            self._landing,
            sop_class_uid=sop_class_uid,
            sop_instance_uid=sop_instance_uid,
            transfer_syntax_uid=transfer_syntax_uid,
            source=source,
            limit=limit,
            done=self._arrived,
        )

    def make_ready(self) -> None:
        """Expect many objects from now on, at once."""
        self._arrivals.make_ready(self._settings().burst_mib << 20)

    def wait_ready(self, seconds: float) -> None:
        """Return when many objects can come in at full speed, or after so many seconds."""
        self._arrivals.wait_ready(seconds)

    def catch_up(self) -> None:
        """Return when what has come in by now has its files."""
        self._landing.files.finish_all()

    def take_file(self, path: Path) -> Stored:
        """Import one DICOM file by copying it; see :func:`core.archive.importing.take_file`."""
        self._require_writable()
        stored = importing.take_file(self._landing, path)
        self._landing.files.finish(stored.instance.path)
        self._arrived(stored)
        return stored

    def take_stream(self, stream: importing.Readable) -> Stored:
        """Import an object from a stream; see :func:`core.archive.importing.take_stream`."""
        self._require_writable()
        stored = importing.take_stream(self._landing, stream)
        self._landing.files.finish(stored.instance.path)
        self._arrived(stored)
        return stored

    # -- questions

    def find(
        self,
        identifier: Dataset,
        root: Root,
        *,
        transfer_syntax: str,
        ae_title: str = "",
        relational: bool = False,
        combined: bool = False,
    ) -> Iterator[bytes | None]:
        """Answer a C-FIND identifier (PS3.4 C.4.1); UsageError where it does not fit the model.

        Gives identifiers encoded in `transfer_syntax`, with Retrieve AE Title `ae_title`, and None
        now and then while nothing matches. `relational` and `combined` say what extended
        negotiation agreed on, PS3.4 C.5.1.1.
        """
        return find_identifier(
            self._index,
            self._landing.files,
            identifier,
            root,
            transfer_syntax=transfer_syntax,
            ae_title=ae_title,
            relational=relational,
            combined=combined,
        )

    def match(self, query: Query) -> Iterator[Match]:
        """Answer a query of our own; keys above its level are not required. UsageError."""
        return match_query(self._index, self._landing.files, query)

    def select(
        self, identifier: Dataset, root: Root, *, relational: bool = False
    ) -> list[Instance]:
        """What a C-MOVE or C-GET identifier names (PS3.4 C.4.2); UsageError."""
        found = select_instances(self._index, identifier, root, relational=relational)
        return [self._landing.instance(held) for held in found]

    def instances(self, ref: Ref) -> tuple[Instance, ...]:
        """The instances of an entity; each unique key that is given must agree."""
        found = tuple(self._landing.instance(held) for held in held_of(self._index, ref))
        self._wait_for(found)
        return found

    def instance(self, sop_instance_uid: str) -> Instance:
        """One instance; NotHeldError."""
        held = self._index.held(sop_instance_uid)
        if held is None:
            raise NotHeldError(f"no object {sop_instance_uid!r} in the archive")
        found = self._landing.instance(held)
        self._wait_for([found])
        return found

    def _wait_for(self, found: Sequence[Instance]) -> None:
        """Who only reads may know an object before another station has written its file."""
        if self._lock is None:
            self._landing.files.wait_for([instance.path for instance in found])

    def lookup(self, value: str) -> tuple[LookupHit, ...]:
        """What bears an identifier: PatientID, AccessionNumber, Study, Series, SOP Instance UID."""
        return look_up(self._index, value)

    def statistics(self) -> Statistics:
        """How much is held, by modality too, and how much room there is."""
        return count(self._index, self._protection, self._room.quota, self.folder)

    # -- care

    def delete(self, refs: Sequence[Ref]) -> int:
        """Delete objects, from index and disk; returns how many. Tells by ArchiveChanged.

        Raises UsageError, and deletes nothing, where a PatientID is that of several patients.
        """
        self._require_writable()
        for ref in refs:
            require_one_patient(self._index, ref, "delete by study")
        total = 0
        for ref in refs:
            uids = [held.sop_instance_uid for held in held_of(self._index, ref)]
            try:
                self._remover.remove(uids)
            finally:
                removed = sum(self._index.held(uid) is None for uid in uids)
                if removed:
                    change = ArchiveChanged(level=ref.level, uid=ref.uid, removed=removed)
                    self._events.publish(change)
            total += removed
        self._compactor.after_change()
        return total

    def protect(self, ref: Ref, *, on: bool) -> None:
        """Keep the patient of a reference from being recycled, or no longer.

        Deletion by a person is not hindered. Raises NotHeldError, and UsageError where a PatientID
        is that of several patients.
        """
        self._require_writable()
        require_one_patient(self._index, ref, "name a study of the one you mean")
        studies = {held.series.study for held in held_of(self._index, ref)}
        if on and studies:
            self._protection.protect(studies)
            return
        patients = [study.patient for study in studies]
        if not on and ref.level is Level.PATIENT:
            patients += self._protection.of_id(ref.patient_id)
        if not patients:
            raise NotHeldError(f"nothing is held of {ref.uid!r}", "see: modalitty list")
        self._protection.release(patients)

    def protected(self) -> tuple[ProtectedPatient, ...]:
        """The patients that recycling leaves alone."""
        return self._protection.all()

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

    def _require_writable(self) -> None:
        if self._lock is None:
            raise ArchiveError("the archive is opened for reading only")

    def _arrived(self, stored: Stored) -> None:
        if stored.action is not StoreAction.KEPT_FIRST:
            held = self._index.held(stored.instance.sop_instance_uid)
            if held is not None:
                self._watch.touch(held.series.study.id)
        self._compactor.after_change()

    def _settle(self, places: Sequence[str]) -> None:
        """Make logged objects durable outside of the log."""
        try:
            self._landing.settle(places)
        except ArchiveError as error:
            self._tell(Severity.ERROR, f"objects were received, but {error}")
            raise

    def _is_quiet(self, number: int) -> None:
        study = self._index.study(number)
        if study is not None:
            ref = Ref(level=Level.STUDY, patient_id=study.patient[0], study_uid=study.uid)
            self._events.publish(StudyStable(ref=ref, instances=study.count))

    def _tell_if_damaged(self) -> None:
        """Who reads only cannot mend the index, and is not to take what is left for everything."""
        loaded = self._storage.loaded
        files = self._landing.files.all_files()
        if not loaded.whole and (not loaded.missing or next(files, None) is not None):
            text = (
                "the index is damaged and may not tell all that is held: modalitty check --repair"
            )
            self._tell(Severity.WARNING, text)

    def _tell(self, severity: Severity, text: str) -> None:
        self._events.publish(Notice(severity=severity, text=text))


def _own(folder: Path, opened: contextlib.ExitStack) -> FolderLock:
    """Lock a folder, and have in it what an archive needs; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    lock = FolderLock(folder)
    opened.callback(lock.release)
    (folder / "index").mkdir(mode=0o700, exist_ok=True)
    ObjectFiles(folder).create()
    return lock
