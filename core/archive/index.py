"""The index: what is held, by level; changes go through the storage's journal.

Tables: `studies` (patient and study attributes), `series`, `common` (what instances of a series
have in common) and `instances`, whose ids are SOP Instance UIDs. An instance's record holds only
what is its own, and is small because there are many: "s" its series, "c" its common record,
"z" its size in bytes, "v" the values of OWN_KEYWORDS in one text. The records of `instances`
stand in the order in which objects arrived.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from core.archive.entities import filled, packed, same_person
from core.archive.header import Header
from core.archive.keeping import KeptCatalogue, canonical
from core.archive.records import INSTANCES, Change, Own
from core.archive.tables import JournalStorage
from core.errors import ArchiveError


class Index(KeptCatalogue):
    """The catalogue, and what changes it. Writers hold `lock` for some microseconds."""

    def __init__(self, storage: JournalStorage) -> None:
        super().__init__(storage)
        self._next = 1 + max((*self._studies, *self._series, *self._common_uses), default=0)

    def add(self, header: Header, size: int) -> int:
        """Take an object in, in place of one of the same SOP Instance UID; the journal's position.

        Raises OutOfResourcesError, and then the index is as it was.
        """
        with self.lock:
            changes: list[Change] = []
            study_id = self._study_for(header, changes)
            series_id = self._series_for(header, study_id, changes)
            common_id = self._common_for(header, changes)
            own = Own(series_id, common_id, size, packed(header.own))
            changes.append((INSTANCES, header.sop_instance_uid, own))
            old = self.instances.get(header.sop_instance_uid)
            position = self.storage.apply(changes)
            self._adopt(changes)
            if old is not None:
                self._take_out([(header.sop_instance_uid, old)])
            return position

    def remove(self, sop_instance_uids: Sequence[str]) -> int:
        """Drop instances, and what becomes empty with them; the journal's position."""
        with self.lock:
            owns = [
                (uid, self.instances[uid]) for uid in sop_instance_uids if uid in self.instances
            ]
            position = self.storage.apply([(INSTANCES, uid, None) for uid, _ in owns])
            self._take_out(owns)
            return position

    def _take_out(self, owns: Sequence[tuple[str, Own]]) -> None:
        changes = self._detach(owns)
        if changes:
            # Should this not fit on the disk: what is empty is dropped again at the next opening.
            with contextlib.suppress(ArchiveError):
                self.storage.apply(changes)

    # -- records

    def _study_for(self, header: Header, changes: list[Change]) -> int:
        for study in self._by_study_uid.get(header.study_uid):
            if same_person(study.attributes, header.study):
                fuller = filled(study.attributes, header.study)
                if fuller is not None:
                    changes.append(("studies", str(study.id), fuller))
                return study.id
        number = self._new_id()
        changes.append(("studies", str(number), header.study))
        return number

    def _series_for(self, header: Header, study_id: int, changes: list[Change]) -> int:
        study = self._studies.get(study_id)
        series = study.series.get(header.series_uid) if study else None
        if series is not None:
            fuller = filled(series.attributes, header.series)
            if fuller is not None:
                changes.append(("series", str(series.id), fuller))
            return series.id
        number = self._new_id()
        changes.append(("series", str(number), {"study": study_id, **header.series}))
        return number

    def _common_for(self, header: Header, changes: list[Change]) -> int:
        number = self._commons.get(canonical(header.common))
        if number is None:
            number = self._new_id()
            changes.append(("common", str(number), header.common))
        return number

    def _new_id(self) -> int:
        self._next += 1
        return self._next - 1
