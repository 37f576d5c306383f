"""What is asked and answered: levels, information models, queries, matches, references."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field


class Level(str, Enum):
    """Query/Retrieve Level (0008,0052), PS3.4 C.6."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"

    @property
    def unique_key(self) -> str:
        """Keyword of the attribute that identifies an entity of this level."""
        return _UNIQUE_KEYS[self]

    @property
    def below(self) -> Level | None:
        """The next level down, None under IMAGE."""
        order = list(Level)
        index = order.index(self) + 1
        return order[index] if index < len(order) else None


_UNIQUE_KEYS = {
    Level.PATIENT: "PatientID",
    Level.STUDY: "StudyInstanceUID",
    Level.SERIES: "SeriesInstanceUID",
    Level.IMAGE: "SOPInstanceUID",
}


class Root(str, Enum):
    """Query/Retrieve information model, PS3.4 C.6."""

    STUDY = "study"
    PATIENT = "patient"
    PATIENT_STUDY_ONLY = "patient-study-only"
    WORKLIST = "worklist"
    """Modality worklist, PS3.4 annex K: it has no levels, and is asked of peers only."""


class Query(Struct, frozen=True, kw_only=True):
    """What to ask for by C-FIND: keyword → matching value; an empty one asks for the attribute.

    An attribute in a sequence's item is named with dots, as in
    `ScheduledProcedureStepSequence.Modality`, in a :class:`Match` too. `level` says nothing where
    the root is WORKLIST.
    """

    level: Level
    keys: Mapping[str, str] = field(default_factory=dict)
    root: Root = Root.STUDY
    limit: int = 0
    """Stop (with C-CANCEL) after so many matches; 0 is no limit."""


class Match(Struct, frozen=True, kw_only=True):
    """One answer to a query: keyword → text, several values joined by a backslash."""

    level: Level
    values: Mapping[str, str]
    peer: str = ""
    """Name of the modality that answered; empty for the own archive."""
    incomplete: bool = False
    """True for status 0xFF01: the peer did not match on some optional key."""


class Ref(Struct, frozen=True, kw_only=True):
    """One entity by its unique keys: what to retrieve, send, delete or open.

    The keys above the level are needed where a peer answers hierarchical queries only.
    """

    level: Level
    patient_id: str = ""
    study_uid: str = ""
    series_uid: str = ""
    sop_instance_uid: str = ""

    @property
    def uid(self) -> str:
        """The unique key at this reference's own level."""
        return {
            Level.PATIENT: self.patient_id,
            Level.STUDY: self.study_uid,
            Level.SERIES: self.series_uid,
            Level.IMAGE: self.sop_instance_uid,
        }[self.level]


RETURN_KEYS: Mapping[Level, tuple[str, ...]] = {
    Level.PATIENT: (
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "NumberOfPatientRelatedStudies",
    ),
    Level.STUDY: (
        "StudyDate",
        "PatientName",
        "PatientID",
        "ModalitiesInStudy",
        "StudyDescription",
        "AccessionNumber",
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
        "StudyInstanceUID",
    ),
    Level.SERIES: (
        "SeriesNumber",
        "Modality",
        "SeriesDescription",
        "BodyPartExamined",
        "NumberOfSeriesRelatedInstances",
        "SeriesInstanceUID",
    ),
    Level.IMAGE: (
        "InstanceNumber",
        "SOPClassUID",
        "NumberOfFrames",
        "Rows",
        "Columns",
        "SOPInstanceUID",
    ),
}
"""What a person wants to be told of an entity of each level (keywords, PS3.4 C.6)."""
