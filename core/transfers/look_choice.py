"""Which instance stands for a study or a series at a peer, asked by C-FIND."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from math import inf, isfinite

from msgspec import Struct

from core.model import Level, Match, Modality, Outcome, OutcomeState, Query, Ref, Root
from core.network.scu import Caller

_HOPELESS = (
    OutcomeState.UNREACHABLE,
    OutcomeState.REJECTED,
    OutcomeState.TIMEOUT,
    OutcomeState.CANCELLED,
)
_LIMIT = 20_000
"""Instances of a series, or series of a study, that are looked through."""
_NO_IMAGES = frozenset(
    (
        *("AU", "DOC", "ECG", "EPS", "FID", "HD", "KO", "M3D", "OT", "PLAN", "PR", "REG", "RESP"),
        *("RTDOSE", "RTINTENT", "RTPLAN", "RTRECORD", "RTSEGANN", "RTSTRUCT", "RWV", "SEG"),
        *("SMR", "SR", "SRF", "STAIN", "TEXTUREMAP", "VA"),
    )
)
"""Modality (0008,0060) of series that are looked at last, PS3.3 C.7.3.1.1.1."""

_Rows = Sequence[Mapping[str, str]]


class Choice(Struct, frozen=True, kw_only=True):
    """What to fetch: an instance, or where the peer does not tell of these, what it is in."""

    ref: Ref
    sop_class: str = ""
    note: str = ""


def choose(caller: Caller, peer: Modality, ref: Ref, stop: threading.Event) -> Choice | Outcome:
    """The middle of the series by Instance Number; of a study, that of its largest image series.

    Whatever the peer does not answer leaves the choice to it. An outcome where it answers nothing.
    """
    asking = _Asking(caller, peer, stop)
    if ref.level is Level.PATIENT:
        ref = asking.study(ref)
    if ref.level is Level.STUDY:
        ref = asking.series(ref)
    choice = asking.instance(ref)
    return asking.hopeless or choice


class _Asking:
    """The queries from above downwards."""

    def __init__(self, caller: Caller, peer: Modality, stop: threading.Event) -> None:
        self.hopeless: Outcome | None = None
        self._caller, self._peer, self._stop = caller, peer, stop

    def study(self, ref: Ref) -> Ref:
        keys = {"PatientID": ref.patient_id, "StudyInstanceUID": "", "StudyDate": ""}
        rows = self._ask(Level.STUDY, keys, Root.PATIENT)
        if not rows:
            return ref
        latest = max(rows, key=lambda row: row.get("StudyDate", ""))
        uid = latest["StudyInstanceUID"]
        return Ref(level=Level.STUDY, patient_id=ref.patient_id, study_uid=uid)

    def series(self, ref: Ref) -> Ref:
        keys = {
            "StudyInstanceUID": ref.study_uid,
            "SeriesInstanceUID": "",
            "Modality": "",
            "SeriesNumber": "",
            "NumberOfSeriesRelatedInstances": "",
        }
        rows = self._ask(Level.SERIES, keys)
        if not rows:
            return ref
        largest = max(rows, key=_worth)
        uid = largest["SeriesInstanceUID"]
        return Ref(level=Level.SERIES, study_uid=ref.study_uid, series_uid=uid)

    def instance(self, ref: Ref) -> Choice:
        if ref.level in (Level.PATIENT, Level.STUDY):
            return Choice(ref=ref, note="any instance: the peer tells of no series")
        keys = {
            "StudyInstanceUID": ref.study_uid,
            "SeriesInstanceUID": ref.series_uid,
            "SOPInstanceUID": ref.sop_instance_uid,
            "SOPClassUID": "",
            "InstanceNumber": "",
        }
        rows = self._ask(Level.IMAGE, keys) if ref.study_uid and ref.series_uid else ()
        if ref.level is Level.IMAGE:
            row = next((row for row in rows if row["SOPInstanceUID"] == ref.sop_instance_uid), {})
            return Choice(ref=ref, sop_class=row.get("SOPClassUID", ""))
        if not rows:
            return Choice(ref=ref, note="any instance: the peer tells of none by itself")
        rows = sorted(rows, key=_place)
        middle = len(rows) // 2
        row = rows[middle]
        one = Ref(
            level=Level.IMAGE,
            study_uid=ref.study_uid,
            series_uid=ref.series_uid,
            sop_instance_uid=row["SOPInstanceUID"],
        )
        note = f"instance {middle + 1} of {len(rows)}"
        return Choice(ref=one, sop_class=row.get("SOPClassUID", ""), note=note)

    def _ask(self, level: Level, keys: dict[str, str], root: Root = Root.STUDY) -> _Rows:
        """The answers that name what they are of; none where the peer does not answer."""
        if self.hopeless:
            return ()
        rows: list[Mapping[str, str]] = []
        query = Query(level=level, keys=keys, root=root, limit=_LIMIT)
        for answer in self._caller.find(self._peer, query, self._stop):
            if isinstance(answer, Match):
                if answer.values.get(level.unique_key):
                    rows.append(answer.values)
            elif answer.state in _HOPELESS:
                self.hopeless = answer
            elif not answer.ok:
                return ()
        return rows


def _worth(row: Mapping[str, str]) -> tuple[bool, float, float]:
    """Images first, then many of them, then the first series."""
    is_image = row.get("Modality", "").strip() not in _NO_IMAGES
    count = _number(row, "NumberOfSeriesRelatedInstances", 0)
    return is_image, count, -_number(row, "SeriesNumber", inf)


def _place(row: Mapping[str, str]) -> tuple[float, str]:
    return _number(row, "InstanceNumber", inf), row["SOPInstanceUID"]


def _number(row: Mapping[str, str], keyword: str, otherwise: float) -> float:
    try:
        number = float(row.get(keyword) or otherwise)
    except ValueError:
        return otherwise
    return number if isfinite(number) else otherwise
