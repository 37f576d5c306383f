"""A DICOM station: listener, callers, archive and jobs behind one door.

Importing this loads no DICOM library. That takes half a second, and is left to the first call that
needs one: a screen has its first frame before, and a verb that needs none is spared it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from core.doctor.pulse import Pulse
from core.errors import UsageError
from core.events import EventBus
from core.model import Association, Level, Match, Modality, Outcome, Query, Root
from core.network.aside import AwaitedObjects
from core.network.commitment.awaited import AwaitedReports
from core.settings import Settings
from core.settings_file import SettingsStore, user_data_path
from core.station.doctor import Doctor
from core.station.files import UsedFile, archive_folder, files_in_use
from core.station.held import Held
from core.station.jobs import Jobs
from core.station.looks import FOLDER, Looks
from core.station.modalities import Modalities
from core.station.objects import Objects
from core.transfers.tools import Tools
from core.worklist import worklist_keys

if TYPE_CHECKING:
    from core.archive.archive import Archive
    from core.network.listener import Listener
    from core.network.scu import Caller


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
        self._calling = threading.Lock()
        """Of the caller alone: an echo is not to wait while a large archive is opened."""
        self._closed = False
        self._archive: Archive | None = None
        self._listener: Listener | None = None
        self._listening: tuple[str, int] | None = None
        self._is_to_listen = False
        self._caller: Caller | None = None
        self._awaited = AwaitedReports()
        self._aside = AwaitedObjects()
        self.modalities = Modalities(store, self.events)
        """The known peers."""
        self.archive = Held(self._open_archive)
        """What is held."""
        tools = Tools(
            settings=lambda: self.settings,
            archive=self._open_archive,
            caller=self._make_caller,
            events=self.events,
            awaited=self._awaited,
            listening=lambda: self._listening is not None,
        )
        self.jobs = Jobs(tools, self.listen, reads_only=reads_only)
        """Transfers."""
        self.looks = Looks(tools, self.listen, data / FOLDER, self._aside)
        """Single objects of peers, fetched to be looked at and not kept."""
        self.objects = Objects(self._open_archive, self.looks.path_of)
        """Tags and pictures of one object."""
        self.doctor = Doctor(
            lambda: self.settings,
            self._make_caller,
            self.events,
            lambda: (self.listening, self.listening_tls),
            data,
        )
        """Why a link does not work, and who called us in vain."""
        self.links = Pulse(
            lambda: self.settings, self.events, self._make_caller, self._make_silent_caller
        )
        """How the links to the modalities do, over time."""

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
        self.jobs.close()
        self.links.close()
        with self._calling:
            self._closed = True
            caller = self._caller
        if caller:
            caller.close()
        self.stop_listening()
        self.doctor.close()
        self.objects.close()
        self.looks.close_all()
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

    def files(self) -> tuple[UsedFile, ...]:
        """The files and folders in use."""
        return files_in_use(self.settings, self.config_path, self.data_folder)

    # -- the listener

    def listen(self, *, patience: float = 0.0) -> int:
        """Open the listener; answer with its port. Raises ListenError, ArchiveLockedError.

        Who stays has the disk made ready for a burst, and callers wait for it at the open port,
        `patience` seconds at most; for a command that takes one study that would cost more than it
        brings.
        """
        self._is_to_listen = True
        archive = self._open_archive()
        if patience and self._listener is None:
            archive.make_ready()  # in a thread of its own, while the listener is loaded
        from core.network.listener import Listener

        with self._lock:
            self._require_open()  # or a port would stay open over an archive that is closed
            if self._listener is None:
                listener = Listener(
                    self._store,
                    archive,
                    self.events,
                    awaited=self._awaited,
                    aside=self._aside,
                    promises=archive.folder / "commitments",
                )
                port = listener.start(patience=patience)
                self._listening = (self.settings.station.host, port)
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
        self._is_to_listen = False
        with self._lock:
            listener, self._listener, self._listening = self._listener, None, None
        if listener:
            listener.stop(grace)

    def associations(self) -> tuple[Association, ...]:
        """The live associations, in and out."""
        listener = self._listener
        incoming = listener.associations() if listener else ()
        caller = self._caller
        return (*incoming, *(caller.associations() if caller else ()))

    def abort_association(self, association_id: int) -> bool:
        """Abort a live association; False where it is over."""
        listener = self._listener
        ended = listener.abort(association_id) if listener else False
        caller = self._caller
        return ended or (caller.abort(association_id) if caller else False)

    def change(self, key: str, value: object) -> None:
        """Set one value by its dotted key, such as "ui.theme"; the listener moves with its address.

        Raises SettingsError, and nothing is changed; ListenError where the listener cannot be had
        where it is to be now: it is closed until another change lets it open.
        """
        before = _address(self.settings)
        self._store.change(key, value)
        if self._is_to_listen and _address(self.settings) != before:
            self.stop_listening()
            self.listen()

    # -- calls

    def echo(self, peer: Modality) -> Outcome:
        """Verify a peer by C-ECHO (PS3.4 annex A)."""
        return self.links.echo(peer)

    def find(
        self, peer: Modality, query: Query, cancel: threading.Event | None = None
    ) -> Iterator[Match | Outcome]:
        """Query a peer by C-FIND: matches as they arrive, and one Outcome as the last item.

        Setting `cancel` sends C-CANCEL.
        """
        return self._make_caller().find(peer, query, cancel)

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
        return self._make_caller().find(peer, query, cancel)

    def _require_open(self) -> None:
        if self._closed:
            raise UsageError("the station is closed", "start it again")

    def _make_caller(self) -> Caller:
        with self._calling:
            self._require_open()
            if self._caller is None:
                from core.network.scu import Caller

                self._caller = Caller(self._store, self.events)
            return self._caller

    def _make_silent_caller(self) -> Caller:
        """One whose associations are not told as traffic."""
        from core.network.scu import Caller

        return Caller(self._store, EventBus())

    def _open_archive(self) -> Archive:
        with self._lock:
            self._require_open()
            if self._archive is None:
                from core.archive.archive import Archive

                self._archive = Archive.open(
                    archive_folder(self.settings, self.data_folder),
                    settings=lambda: self.settings.archive,
                    events=self.events,
                    read_only=self._reads_only,
                    meanwhile=self._require_open,
                )
            return self._archive


def _address(settings: Settings) -> tuple[object, ...]:
    """Where a listener is to be, plain and by TLS."""
    station = settings.station
    return station.host, station.port, station.tls.listen, station.tls.port
