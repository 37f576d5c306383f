"""The quota: room for what comes in, made by recycling where that is wanted."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from core.archive.entities import Study
from core.archive.index import Index
from core.archive.members import members_of
from core.archive.protection import Protection
from core.archive.records import Own
from core.archive.removal import Remover
from core.errors import ArchiveError, OutOfResourcesError
from core.events import ArchiveChanged, EventBus, Notice, Severity
from core.model import Level
from core.settings import ArchiveSettings, WhenFull

_MIB = 1 << 20
_SAY_AGAIN = 60.0  # seconds
_TOO_SMALL = "and may be held in part now: archive.quota_mib is too small for what comes at once"


class Room:
    """Keeps the bytes of all objects within `archive.quota_mib`.

    What is recycled are whole studies, the one whose last object came longest ago first. Half a
    study is worse than none, and a whole patient (Orthanc's measure) is more than is needed.
    Studies of protected patients stay, and so does the study that the new object belongs to. One
    that still comes in is the last in this order; that it had to go is told as a warning.
    """

    def __init__(
        self,
        remover: Remover,
        protection: Protection,
        settings: Callable[[], ArchiveSettings],
        events: EventBus,
        still_comes: Callable[[int], bool],
    ) -> None:
        """`still_comes` says of a study's number whether more of it may be on its way."""
        self._index: Index = remover.index
        self._remover = remover
        self._protection = protection
        self._settings = settings
        self._events = events
        self._still_comes = still_comes
        self._lock = threading.Lock()
        self._reserved: dict[object, tuple[str, Own | None, int]] = {}
        """What has room: its SOP Instance UID, what the index had of that, and how many bytes."""
        self._said_full = False
        self._said_fault = -_SAY_AGAIN

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Tell of a disk that takes no more, now and then while it lasts; the error passes on."""
        try:
            yield
        except ArchiveError as error:
            if isinstance(error.__cause__, OSError):
                self._tell_of_fault(error)
            raise

    def _tell_of_fault(self, error: ArchiveError) -> None:
        with self._lock:
            now = time.monotonic()
            if now - self._said_fault < _SAY_AGAIN:
                return
            self._said_fault = now
        self._tell(Severity.ERROR, f"objects are being refused: {error}")

    @property
    def quota(self) -> int:
        """The limit in bytes, 0 for none."""
        return self._settings().quota_mib * _MIB

    def expect(self, sop_instance_uid: str) -> None:
        """Raise OutOfResourcesError where no new object could be stored, before its bytes come."""
        settings = self._settings()
        if settings.quota_mib and settings.when_full is WhenFull.REFUSE:
            full = self._index.size >= self.quota
            if full and self._index.held(sop_instance_uid) is None:
                self._refuse()

    @contextlib.contextmanager
    def reserve(self, size: int, study_uid: str, sop_instance_uid: str) -> Iterator[None]:
        """Have room for `size` bytes more, of an object, until the index has it.

        While the context lasts, at most. Raises OutOfResourcesError, and then nothing was recycled.
        """
        if not size or not self.quota:
            yield
            return
        mark = object()
        with self._lock:
            self._make_room(size, study_uid)
            known = self._index.instances.get(sop_instance_uid)
            self._reserved[mark] = sop_instance_uid, known, size
        try:
            yield
        finally:
            with self._lock:
                del self._reserved[mark]

    def _used(self) -> int:
        """Bytes of all objects, and of those that come and are not in the index yet."""
        instances = self._index.instances
        with self._index.lock:
            coming = [
                size for uid, was, size in self._reserved.values() if instances.get(uid) is was
            ]
            return self._index.size + sum(coming)

    def _make_room(self, size: int, study_uid: str) -> None:
        lacking = self._used() + size - self.quota
        if lacking <= 0:
            self._said_full = False
            return
        if self._settings().when_full is WhenFull.REFUSE:
            self._refuse()
        oldest: list[Study] = []
        for study in self._index.by_arrival():
            if study.uid == study_uid or self._protection.covers(study):
                continue
            oldest.append(study)
            lacking -= study.size
            if lacking <= 0:
                break
        else:
            self._refuse()
        for study in oldest:
            self._recycle(study)

    def _recycle(self, study: Study) -> None:
        size, uid, still_comes = study.size, study.uid, self._still_comes(study.id)
        removed = self._remover.remove(
            [held.sop_instance_uid for held in members_of(self._index, study)]
        )
        text = f"the study {uid!r} ({removed} objects, {size / _MIB:.1f} MiB) was deleted"
        text += " to stay within the archive's quota"
        if still_comes:
            text += f" while it was still being received, {_TOO_SMALL}"
        self._tell(Severity.WARNING if still_comes else Severity.INFO, text)
        self._events.publish(ArchiveChanged(level=Level.STUDY, uid=uid, removed=removed))

    def _refuse(self) -> None:
        limit = f"the archive's quota of {self._settings().quota_mib} MiB"
        if not self._said_full:
            self._said_full = True
            self._tell(Severity.ERROR, f"{limit} is used up: objects are being refused")
        raise OutOfResourcesError(
            f"{limit} is used up", "delete studies, release patients or raise archive.quota_mib"
        )

    def _tell(self, severity: Severity, text: str) -> None:
        self._events.publish(Notice(severity=severity, text=text))
