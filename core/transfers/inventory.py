"""What a peer holds of an entity, down to each SOP Instance UID, asked by C-FIND."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from core.model import Level, Match, Modality, Outcome, Query, Ref
from core.network.scu import Caller

MAX_SERIES = 2000
BATCH = 50
"""UIDs in one list: some peers give up on long ones."""


class Inventory:
    """The objects of an entity at a peer: SOP Instance UID → the series it is in."""

    def __init__(self) -> None:
        self.series_of: dict[str, Ref] = {}
        self.sop_classes: set[str] = set()
        """Their SOP classes; an empty one among them where the peer does not tell."""

    def refs(self, wanted: Sequence[str]) -> Iterator[Ref]:
        """Name `wanted` objects at IMAGE level, in lists of UIDs with the keys above them."""
        by_series: dict[Ref, list[str]] = {}
        for uid in wanted:
            if uid in self.series_of:
                by_series.setdefault(self.series_of[uid], []).append(uid)
        for series, uids in by_series.items():
            for start in range(0, len(uids), BATCH):
                yield Ref(
                    level=Level.IMAGE,
                    study_uid=series.study_uid,
                    series_uid=series.series_uid,
                    sop_instance_uid="\\".join(uids[start : start + BATCH]),
                )


def take(caller: Caller, peer: Modality, ref: Ref, stop: threading.Event) -> Inventory | None:
    """Ask what `peer` holds of `ref`; None where it does not tell, or the entity is too large."""
    asking = _Asking(caller, peer, stop)
    if ref.level is Level.IMAGE:
        if not (ref.study_uid and ref.series_uid):
            return None
        series: list[Ref] | None = [ref]
    else:
        series = asking.series(ref)
    if not series or len(series) > MAX_SERIES:
        return None
    inventory = Inventory()
    wanted = set(ref.sop_instance_uid.split("\\")) if ref.level is Level.IMAGE else None
    for one in series:
        uids = asking.instances(one, inventory.sop_classes)
        if uids is None:
            return None
        place = Ref(level=Level.SERIES, study_uid=one.study_uid, series_uid=one.series_uid)
        inventory.series_of.update((uid, place) for uid in uids if not wanted or uid in wanted)
    return inventory


class _Asking:
    """The queries, from patient or study down; None stands for a query that failed."""

    def __init__(self, caller: Caller, peer: Modality, stop: threading.Event) -> None:
        self._caller = caller
        self._peer = peer
        self._stop = stop

    def series(self, ref: Ref) -> list[Ref] | None:
        if ref.level is Level.SERIES:
            return [ref] if ref.study_uid else None
        studies: list[str] | None = ref.study_uid.split("\\")
        if ref.level is Level.PATIENT:
            studies = self._ask(Level.STUDY, {"PatientID": ref.patient_id})
        found: list[Ref] = []
        for study in studies or ():
            uids = self._ask(Level.SERIES, {"StudyInstanceUID": study})
            if uids is None or len(found) > MAX_SERIES:
                return None
            found += (Ref(level=Level.SERIES, study_uid=study, series_uid=uid) for uid in uids)
        return found

    def instances(self, series: Ref, sop_classes: set[str]) -> list[str] | None:
        keys = {
            "StudyInstanceUID": series.study_uid,
            "SeriesInstanceUID": series.series_uid,
            "SOPClassUID": "",
        }
        return self._ask(Level.IMAGE, keys, sop_classes)

    def _ask(
        self, level: Level, keys: dict[str, str], sop_classes: set[str] | None = None
    ) -> list[str] | None:
        unique = level.unique_key
        uids: list[str] = []
        query = Query(level=level, keys={**keys, unique: ""})
        for answer in self._caller.find(self._peer, query, self._stop):
            if isinstance(answer, Match):
                uids.append(answer.values.get(unique, ""))
                if sop_classes is not None:
                    sop_classes.add(answer.values.get("SOPClassUID", ""))
            elif isinstance(answer, Outcome) and not answer.ok:
                return None
        return [uid for uid in uids if uid]
