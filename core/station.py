"""The door: everything a screen, a command line or a script may ask of a station."""

from __future__ import annotations

import contextlib
import difflib
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from core import dump
from core.archive.archive import Archive
from core.errors import ArchiveLockedError, ListenError, UsageError
from core.events import EventBus, ModalitiesChanged, ModalityTested
from core.imaging.decoder import Decoder
from core.model import (
    Association,
    CheckReport,
    ElementRow,
    Instance,
    Job,
    Level,
    LookupHit,
    Match,
    Modality,
    Outcome,
    Picture,
    ProtectedPatient,
    Query,
    Ref,
    Retrieve,
    Root,
    Statistics,
    Window,
)
from core.network.commitment.awaited import AwaitedReports
from core.network.listener import Listener
from core.network.scu import Caller
from core.settings import Settings, ae_title_fault, modality_warnings
from core.settings_file import SettingsStore, user_data_path
from core.transfers import work
from core.transfers.export_places import check_target
from core.transfers.ledger import Ledger
from core.transfers.orders import (
    CommitOrder,
    ExportOrder,
    GetOrder,
    ImportOrder,
    MoveOrder,
    SendOrder,
)
from core.transfers.queue import JobQueue
from core.transfers.tools import Tools
from core.worklist import worklist_keys


class Station:
    """A DICOM station: listener, callers, archive and jobs behind one door.

    Methods block until they are done, but for those that start a job. All may be called from any
    thread. The archive is opened, and its folder locked, when it is first needed: an echo or a
    query to a peer works beside a running console.
    """

    def __init__(self, store: SettingsStore, data: Path, *, reads_only: bool = False) -> None:
        self.events = EventBus()
        self.data_folder = data
        self.config_path = store.path
        self._store = store
        self._reads_only = reads_only
        self._lock = threading.RLock()
        self._archive: Archive | None = None
        self._listener: Listener | None = None
        self._listening: tuple[str, int] | None = None
        self._decoder = Decoder()
        self._caller = Caller(store, self.events)
        self._awaited = AwaitedReports()
        tools = Tools(
            settings=lambda: self.settings,
            archive=lambda: self._held,
            caller=self._caller,
            events=self.events,
            awaited=self._awaited,
            listening=lambda: self._listening is not None,
        )
        self._queue = JobQueue(
            self.events,
            lambda: self.settings,
            lambda order, progress: work.run(order, progress, tools),
            work.give_up,
        )

    @classmethod
    def open(
        cls, store: SettingsStore, data: Path | None = None, *, reads_only: bool = False
    ) -> Station:
        """Make a station over a configuration and a data folder (None: the user's).

        With `reads_only` the archive is read beside its owner, and cannot be changed.
        """
        return cls(store, data or user_data_path(), reads_only=reads_only)

    def close(self) -> None:
        """End jobs, listener, decoder and archive, in this order."""
        self._queue.close()
        self._caller.close()
        self.stop_listening()
        self._decoder.close()
        with self._lock:
            archive, self._archive = self._archive, None
        if archive:
            archive.close()

    def __enter__(self) -> Station:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._store.current

    # -- the listener

    def listen(self) -> int:
        """Open the listener; answer with its port. Raises ListenError, ArchiveLockedError."""
        with self._lock:
            if self._listener is None:
                listener = Listener(
                    self._store,
                    self._held,
                    self.events,
                    awaited=self._awaited,
                    promises=self._held.folder / "commitments",
                )
                self._listening = (self.settings.station.host, listener.start())
                self._listener = listener
            return self._listening[1] if self._listening else 0

    @property
    def listening(self) -> tuple[str, int] | None:
        """Where the listener is open: host and port; None while it is closed."""
        return self._listening

    @property
    def listening_tls(self) -> int:
        """The port where it takes TLS, 0 where it takes none."""
        listener = self._listener
        secured = listener.tls_address if listener else None
        return secured[1] if secured else 0

    def stop_listening(self, grace: float = 5.0) -> None:
        """Take no more associations; those open have `grace` seconds to end their message."""
        with self._lock:
            listener, self._listener, self._listening = self._listener, None, None
        if listener:
            listener.stop(grace)

    def associations(self) -> tuple[Association, ...]:
        """The live associations, in and out."""
        listener = self._listener
        incoming = listener.associations() if listener else ()
        return (*incoming, *self._caller.associations())

    def abort_association(self, association_id: int) -> bool:
        """Abort a live association; False where it is over."""
        listener = self._listener
        ended = listener.abort(association_id) if listener else False
        return ended or self._caller.abort(association_id)

    # -- settings and modalities

    def change(self, key: str, value: object) -> None:
        """Set one value by its dotted key, such as "ui.theme"; raises SettingsError."""
        self._store.change(key, value)

    def modalities(self) -> tuple[Modality, ...]:
        """The known peers, by name."""
        known = self.settings.modalities
        return tuple(known[name] for name in sorted(known, key=str.casefold))

    def modality(self, name: str) -> Modality:
        """Answer with the modality of that name; raises UsageError that names the nearest."""
        known = self.settings.modalities
        if name in known:
            return known[name]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f'did you mean "{near[0]}"?' if near else "see: modalitty modalities list"
        raise UsageError(f'there is no modality named "{name}"', hint)

    def put_modality(self, modality: Modality, *, replaces: str = "") -> tuple[str, ...]:
        """Add a modality, or edit the one named `replaces`; answer with what is odd about it.

        Raises SettingsError.
        """
        self._store.put_modality(modality, replaces=replaces)
        self.events.publish(ModalitiesChanged())
        return modality_warnings(modality, self.modalities(), self.settings.station.ae_title)

    def remove_modality(self, name: str) -> None:
        """Forget a modality; raises SettingsError where there is none of that name."""
        self._store.remove_modality(name)
        self.events.publish(ModalitiesChanged())

    # -- calls

    def echo(self, peer: Modality) -> Outcome:
        """Verify a peer by C-ECHO (PS3.4 annex A)."""
        outcome = self._caller.echo(peer)
        if peer.name:
            self.events.publish(ModalityTested(name=peer.name, outcome=outcome))
        return outcome

    def find(
        self, peer: Modality, query: Query, cancel: threading.Event | None = None
    ) -> Iterator[Match | Outcome]:
        """Query a peer by C-FIND: matches as they arrive, and one Outcome as the last item.

        Setting `cancel` sends C-CANCEL.
        """
        return self._caller.find(peer, query, cancel)

    def worklist(
        self,
        peer: Modality,
        keys: Mapping[str, str],
        limit: int = 0,
        cancel: threading.Event | None = None,
    ) -> Iterator[Match | Outcome]:
        """Ask a peer for its modality worklist (PS3.4 annex K); answers as :meth:`find` does.

        Keys are as in :class:`core.model.Query`; those of the scheduled procedure step may be bare,
        and those of :data:`core.worklist.WORKLIST_KEYS` are asked for anyhow.
        """
        query = Query(level=Level.STUDY, root=Root.WORKLIST, keys=worklist_keys(keys), limit=limit)
        return self._caller.find(peer, query, cancel)

    # -- jobs

    def move(
        self, peer: Modality, refs: Sequence[Ref], destination: str = "", priority: int = 0
    ) -> Job:
        """Ask a peer to send by C-MOVE to `destination` (an AE title; empty: to ourselves).

        Returns the queued job at once. Raises UsageError; ListenError where it is to come here
        and the listener cannot be opened.
        """
        own = self.settings.station.ae_title
        destination = destination or own
        if fault := ae_title_fault(destination):
            raise UsageError(f"destination {destination!r}: {fault}", "give an AE title")
        _need(refs)
        if destination.strip() == own.strip():
            self.listen()
        order = MoveOrder(peer=peer, refs=tuple(refs), destination=destination)
        return self._queue.start(order, priority)

    def get(self, peer: Modality, refs: Sequence[Ref], priority: int = 0) -> Job:
        """Have a peer send to ourselves by C-GET, over the association that asks for it.

        Returns the queued job at once. Raises UsageError, ArchiveLockedError.
        """
        _need(refs)
        _ = self._held
        return self._queue.start(GetOrder(peer=peer, refs=tuple(refs)), priority)

    def retrieve(
        self, peer: Modality, refs: Sequence[Ref], destination: str = "", priority: int = 0
    ) -> Job:
        """Have a peer send to `destination`, to ourselves in the way that the modality says.

        See `move` and `get`.
        """
        to_us = destination.strip() in ("", self.settings.station.ae_title.strip())
        if to_us and peer.retrieve is Retrieve.GET:
            return self.get(peer, refs, priority)
        return self.move(peer, refs, destination, priority)

    def send(
        self,
        peer: Modality,
        *,
        refs: Sequence[Ref] = (),
        paths: Sequence[Path] = (),
        priority: int = 0,
    ) -> Job:
        """Send objects held here, or files, to a peer by C-STORE; returns the queued job."""
        _need([*refs, *paths])
        order = SendOrder(peer=peer, refs=tuple(refs), paths=_absolute(paths))
        return self._queue.start(order, priority)

    def commit(
        self,
        peer: Modality,
        refs: Sequence[Ref] = (),
        *,
        paths: Sequence[Path] = (),
        priority: int = 0,
    ) -> Job:
        """Ask a peer whether it keeps objects held here, or those of files (PS3.4 annex J).

        Returns the queued job; what the peer commits to counts as arrived. The listener is opened
        where it can be, for the report may come there. Raises UsageError.
        """
        _need([*refs, *paths])
        if not self._reads_only:
            with contextlib.suppress(ListenError, ArchiveLockedError):
                self.listen()
        order = CommitOrder(peer=peer, refs=tuple(refs), paths=_absolute(paths))
        return self._queue.start(order, priority)

    def import_files(self, paths: Sequence[Path], priority: int = 0) -> Job:
        """Copy files and folders into the archive; returns the queued job."""
        _need(paths)
        _ = self._held
        return self._queue.start(ImportOrder(paths=_absolute(paths)), priority)

    def export(
        self,
        refs: Sequence[Ref],
        folder_or_zip: Path,
        *,
        dicomdir: bool = True,
        priority: int = 0,
    ) -> Job:
        """Write what is held of `refs` to a new or empty folder, or to a new file ending in .zip.

        The files are those of the archive, laid out as PS3.10 8 has it, with a DICOMDIR. Returns
        the queued job. Raises UsageError.
        """
        _need(refs)
        target = folder_or_zip.absolute()
        check_target(target)
        if target.resolve().is_relative_to(self._held.folder.resolve()):
            raise UsageError(f"{target} lies in the archive's own folder", "name another folder")
        token = uuid.uuid4().hex
        order = ExportOrder(refs=tuple(refs), target=str(target), dicomdir=dicomdir, token=token)
        return self._queue.start(order, priority)

    def keep_jobs(self) -> None:
        """Keep jobs in the data folder from now on, and go on with those that are kept there.

        Raises ArchiveLockedError: jobs belong to the station that owns the folder.
        """
        self._queue.keep_in(Ledger(self._held.folder / "jobs"))

    def jobs(self) -> tuple[Job, ...]:
        """Every job's snapshot, newest first."""
        return self._queue.jobs()

    def job(self, job_id: int) -> Job:
        """One job's snapshot; raises UsageError where there is none."""
        return self._queue.job(job_id)

    def cancel(self, job_id: int) -> bool:
        """Ask a job to end; False where it has ended already."""
        return self._queue.cancel(job_id)

    def pause(self, job_id: int) -> bool:
        """Hold a job until it is resumed; False where it has ended or is paused already."""
        return self._queue.pause(job_id)

    def resume(self, job_id: int) -> bool:
        """Let a paused job go on with what is left; False where it is not paused."""
        return self._queue.resume(job_id)

    def retry(self, job_id: int) -> bool:
        """Do again what failed or is missing of a job that has ended; False where it has not."""
        return self._queue.retry(job_id)

    def prioritise(self, job_id: int, priority: int) -> None:
        """Let a waiting job start before those of a lower priority."""
        self._queue.prioritise(job_id, priority)

    def wait(self, job_id: int, timeout: float | None = None) -> Job:
        """Wait until a job has ended, `timeout` seconds at most; answer with its snapshot."""
        return self._queue.wait(job_id, timeout)

    # -- the archive

    def list(self, query: Query) -> Iterator[Match]:
        """Search the own archive, with the matching of its C-FIND SCP; raises UsageError."""
        return self._held.match(query)

    def instances(self, ref: Ref) -> tuple[Instance, ...]:
        """The objects held of an entity; empty where there are none."""
        return self._held.instances(ref)

    def lookup(self, value: str) -> tuple[LookupHit, ...]:
        """Find whatever bears this identifier, exactly: PatientID, AccessionNumber or a UID."""
        return self._held.lookup(value)

    def delete(self, refs: Sequence[Ref]) -> int:
        """Delete entities and their files; answer with the number of objects removed."""
        return self._held.delete(refs)

    def statistics(self) -> Statistics:
        """How much is held, by modality too, and how much room there is."""
        return self._held.statistics()

    def check(self, *, repair: bool = False) -> CheckReport:
        """Hold the index against the files; with `repair`, make it say what they say."""
        return self._held.check(repair=repair)

    def protect(self, ref: Ref, *, on: bool) -> None:
        """Keep the patient of an entity from being recycled, or no longer.

        Raises NotHeldError; UsageError where a PatientID is that of several patients.
        """
        self._held.protect(ref, on=on)

    def protected(self) -> tuple[ProtectedPatient, ...]:
        """The patients that recycling leaves alone."""
        return self._held.protected()

    # -- one object

    def dump(self, source: Path | str) -> tuple[ElementRow, ...]:
        """Show the tags of a file, or of an object held here by its SOP Instance UID.

        Raises NotDicomError, NotHeldError.
        """
        return tuple(dump.rows(self._path(source)))

    def dicom_json(self, source: Path | str) -> Mapping[str, object]:
        """Give the tags in the DICOM JSON Model, without bulk data (PS3.18 annex F)."""
        return dump.dicom_json(self._path(source))

    def picture(
        self, source: Path | str, *, frame: int = 0, window: Window | None = None
    ) -> Picture:
        """Render one frame of a file or of an object held here; raises NoPreviewError."""
        return self._decoder.picture(self._path(source), frame=frame, window=window)

    @property
    def _held(self) -> Archive:
        with self._lock:
            if self._archive is None:
                configured = self.settings.archive.folder
                self._archive = Archive.open(
                    Path(configured).expanduser() if configured else self.data_folder,
                    settings=lambda: self.settings.archive,
                    events=self.events,
                    read_only=self._reads_only,
                )
            return self._archive

    def _path(self, source: Path | str) -> Path:
        if isinstance(source, Path):
            return source
        return Path(self._held.instance(source).path)


def _need(things: Sequence[object]) -> None:
    if not things:
        raise UsageError("there is nothing to do", "name at least one study, series or file")


def _absolute(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(str(path.absolute()) for path in paths)
