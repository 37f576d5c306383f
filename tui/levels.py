"""Patients, studies, series and images as tables: what to ask for, what to show, how to go down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.model import Level, Match, Query, Ref, Root
from core.worklist import STEP, WORKLIST_KEYS
from tui import libraries, units
from tui.mask import sensitive
from tui.widgets.row_columns import Column, Kind


def _class_name(uid: str) -> str:
    """A SOP class by its name, without the words that all of them have."""
    libraries.load()
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    # No validation: it would warn about what a peer sends, and we only look the name up.
    return UID(uid, IGNORE).name.removesuffix(" Storage") if uid else ""


WIDE = 100
"""Cells from which a table has room for all of its columns."""
_PATIENT = (
    Column("PatientName", "Patient", Kind.NAME, min_width=14, max_width=40, flex=1, priority=2),
    Column("PatientID", "Patient ID", min_width=8, max_width=24),
)
COLUMNS: dict[Level, tuple[Column, ...]] = {
    Level.PATIENT: (
        *_PATIENT,
        Column("PatientBirthDate", "Born", Kind.DATE, min_width=10),
        Column("PatientSex", "Sex", min_width=3),
        Column("NumberOfPatientRelatedStudies", "Studies", Kind.NUMBER, min_width=7),
    ),
    Level.STUDY: (
        *_PATIENT,
        Column("StudyDate", "Date", Kind.DATE, min_width=10, priority=0),
        Column("ModalitiesInStudy", "Mod", min_width=3, max_width=8, show=lambda v: _joined(v)),
        Column("StudyDescription", "Description", min_width=12, max_width=50, flex=2, priority=2),
        Column(
            "AccessionNumber", "Accession", min_width=4, max_width=16, priority=3, from_width=WIDE
        ),
        Column("NumberOfStudyRelatedSeries", "Ser", Kind.NUMBER, min_width=3),
        Column("NumberOfStudyRelatedInstances", "Inst", Kind.NUMBER, min_width=4),
        Column("StudyInstanceUID", "Study UID", hidden=True),
    ),
    Level.SERIES: (
        Column("SeriesNumber", "No", Kind.NUMBER, min_width=3, max_width=6, priority=0),
        Column("Modality", "Mod", min_width=3, max_width=8, priority=0),
        Column("SeriesDescription", "Description", min_width=12, max_width=60, flex=2),
        Column(
            "BodyPartExamined", "Body part", min_width=4, max_width=16, priority=2, from_width=WIDE
        ),
        Column("NumberOfSeriesRelatedInstances", "Inst", Kind.NUMBER, min_width=4),
        Column("SeriesInstanceUID", "Series UID", min_width=8, max_width=64, priority=3),
    ),
    Level.IMAGE: (
        Column("InstanceNumber", "No", Kind.NUMBER, min_width=4, max_width=8, priority=0),
        Column("SOPClassUID", "Class", min_width=8, max_width=40, show=_class_name, flex=1),
        Column("Rows", "Rows", Kind.NUMBER, min_width=4, priority=2),
        Column("Columns", "Cols", Kind.NUMBER, min_width=4, priority=2),
        Column("NumberOfFrames", "Frames", Kind.NUMBER, min_width=6, priority=2),
        Column("SOPInstanceUID", "SOP Instance UID", min_width=16, max_width=64, priority=1),
    ),
}
WORKLIST = "WORKLIST"
"""The table of a modality worklist, which has no levels (PS3.4 annex K)."""
_SHOWN_STEPS = (
    Column(f"{STEP}.ScheduledProcedureStepStartDate", "Date", Kind.DATE, min_width=10, priority=0),
    Column(f"{STEP}.ScheduledProcedureStepStartTime", "Time", Kind.TIME, min_width=5, priority=0),
    Column(f"{STEP}.Modality", "Mod", min_width=3, max_width=8, priority=0),
    Column(f"{STEP}.ScheduledStationAETitle", "Station", min_width=7, max_width=16, priority=2),
    *_PATIENT,
    Column(
        f"{STEP}.ScheduledProcedureStepDescription",
        "Description",
        min_width=10,
        max_width=50,
        flex=2,
        priority=2,
    ),
    Column("AccessionNumber", "Accession", min_width=4, max_width=16, priority=3, from_width=WIDE),
)
WORKLIST_COLUMNS = (
    *_SHOWN_STEPS,
    *(
        Column(key, key.rpartition(".")[2], hidden=True)
        for key in WORKLIST_KEYS
        if key not in {column.key for column in _SHOWN_STEPS}
    ),
)
EXTRA_KEYS: dict[Level, tuple[str, ...]] = {
    Level.PATIENT: (),
    Level.STUDY: ("StudyTime", "StudyID", "PatientBirthDate", "PatientSex"),
    Level.SERIES: ("SeriesDate",),
    Level.IMAGE: (),
}
"""What is asked for beside the columns: for going down, and for labels."""
WORDS = {
    Level.PATIENT: ("patient", "patients"),
    Level.STUDY: ("study", "studies"),
    Level.SERIES: ("series", "series"),
    Level.IMAGE: ("instance", "instances"),
}


@dataclass(frozen=True)
class Step:
    """One step of the way down: what is listed, of what, and under which filter."""

    level: Level
    of: Ref | None = None
    label: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    worklist: bool = False

    @property
    def table(self) -> str:
        """The name of the table that shows it."""
        return WORKLIST if self.worklist else self.level.value

    def counted(self, count: int) -> str:
        """A number of its rows in words."""
        if self.worklist:
            return f"{count:,} scheduled {'step' if count == 1 else 'steps'}"
        return counted(self.level, count)

    def row_key(self, match: Match, number: int) -> str:
        """What tells a row from others; many steps of a worklist may be of one study."""
        return f"#{number}" if self.worklist else row_key(match, number)

    def query(self, root: Root = Root.STUDY) -> Query:
        """What to ask for this step."""
        keys = {column.key: "" for column in COLUMNS[self.level]}
        keys.update(dict.fromkeys(EXTRA_KEYS[self.level], ""))
        keys.update(self.filters)
        keys.update(_unique_keys(self.of, root))
        return Query(level=self.level, keys=keys, root=root)


def _unique_keys(of: Ref | None, root: Root) -> dict[str, str]:
    """The unique keys of everything above (PS3.4 C.4.1.2.1); the patient's only where rooted so."""
    if of is None:
        return {}
    keys = {"StudyInstanceUID": of.study_uid, "SeriesInstanceUID": of.series_uid}
    if of.level is Level.PATIENT or root is Root.PATIENT:
        keys["PatientID"] = of.patient_id
    return {key: value for key, value in keys.items() if value}


def ref_of(match: Match, above: Ref | None) -> Ref:
    """What a match stands for; keys that the peer left out are taken from above."""
    values = match.values
    return Ref(
        level=match.level,
        patient_id=values.get("PatientID") or (above.patient_id if above else ""),
        study_uid=values.get("StudyInstanceUID") or (above.study_uid if above else ""),
        series_uid=values.get("SeriesInstanceUID") or (above.series_uid if above else ""),
        sop_instance_uid=values.get("SOPInstanceUID", ""),
    )


def row_key(match: Match, number: int) -> str:
    """What tells the row from others: its UID; the running number where a peer gave none.

    Patients of different hospitals may share a PatientID, so that theirs is longer.
    """
    values = match.values
    if match.level is Level.PATIENT:
        names = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate")
        return "\n".join(values.get(name, "") for name in names)
    return values.get(match.level.unique_key) or f"#{number}"


def label_of(match: Match) -> str:
    """A match in a few words, as a person would call it; not yet harmless, marked for the mask."""
    values = match.values
    if match.level in (Level.PATIENT, Level.STUDY):
        name = units.person_name(values.get("PatientName", "")) or values.get("PatientID", "")
        text = sensitive(values.get("StudyDescription", ""))
        words = [sensitive(name), units.date(values.get("StudyDate", "")), text]
    elif match.level is Level.SERIES:
        words = [values.get("Modality", ""), sensitive(values.get("SeriesDescription", ""))]
        if values.get("SeriesNumber"):
            words.insert(0, f"series {values['SeriesNumber']}")
    else:
        words = [f"instance {values.get('InstanceNumber', '')}"]
    return " ".join(word for word in words if word) or values.get(match.level.unique_key, "")


def counted(level: Level, count: int) -> str:
    """A number of entities in words: `1 study`, `37 studies`."""
    return f"{count:,} {WORDS[level][count != 1]}"


def as_values(values: Mapping[str, str]) -> Mapping[str, object]:
    """The values of a match as a table takes them: missing where empty."""
    return {key: value or None for key, value in values.items()}


def _joined(value: str) -> str:
    return value.replace("\\", " ")
