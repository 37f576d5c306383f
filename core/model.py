"""The values that pass through the station's door: frozen, small, serialisable by msgspec.

Text in them is as the peer or the object gave it. Whoever shows it makes it harmless first.
"""

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


class Operation(str, Enum):
    """What a modality may ask of this station."""

    ECHO = "echo"
    FIND = "find"
    MOVE = "move"
    GET = "get"
    STORE = "store"
    COMMIT = "commit"
    """Ask for storage commitment; whoever may store may do so too."""


ALL_OPERATIONS = tuple(Operation)


class Retrieve(str, Enum):
    """By which service this station has a modality's objects come to itself."""

    MOVE = "move"
    GET = "get"


class Modality(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A DICOM application entity this station knows: how to reach it, and what it may do here."""

    name: str = ""
    ae_title: str
    host: str
    port: int
    allow: tuple[Operation, ...] = ALL_OPERATIONS
    max_jobs: int = 2
    """Transfers with it that run at once."""
    retrieve: Retrieve = Retrieve.MOVE
    """How its objects come to us: by C-MOVE, for which it has to know our address, or by C-GET."""
    tls: bool = False
    """Call it by TLS."""
    tls_host_name: str = ""
    """The name its certificate must be issued for; empty: that we trust its CA is enough."""
    comment: str = ""


class OutcomeState(str, Enum):
    """How an exchange with a peer ended, from best to worst."""

    OK = "ok"
    WARNING = "warning"
    CANCELLED = "cancelled"
    FAILED = "failed"
    TIMEOUT = "timeout"
    ABORTED = "aborted"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"


class Outcome(Struct, frozen=True, kw_only=True):
    """How an exchange with a peer ended, in words a person can act on.

    `status` is the DIMSE status (PS3.7 annex C) where the peer gave one. `seconds` is the round
    trip from the first packet to the answer. `comment` and `offending` are the peer's Error
    Comment (0000,0902) and Offending Element (0000,0901).
    """

    state: OutcomeState
    meaning: str
    advice: str = ""
    status: int | None = None
    comment: str = ""
    offending: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """True where the peer did what was asked, with or without a warning."""
        return self.state in (OutcomeState.OK, OutcomeState.WARNING)


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


class Instance(Struct, frozen=True, kw_only=True):
    """One object in the archive: its identifiers and where its file is."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    path: str
    """Absolute path of the Part 10 file."""
    size: int
    """Bytes of the file."""


class StoreAction(str, Enum):
    """What the archive did with an object it was given."""

    STORED = "stored"
    KEPT_FIRST = "kept-first"
    REPLACED = "replaced"


class Stored(Struct, frozen=True, kw_only=True):
    """An object that the archive now holds, durably."""

    instance: Instance
    action: StoreAction
    warning: str = ""
    """What is odd about the object, empty where nothing is."""


class JobKind(str, Enum):
    """What a job does."""

    MOVE = "move"
    GET = "get"
    SEND = "send"
    IMPORT = "import"
    EXPORT = "export"
    COMMIT = "commit"


class JobState(str, Enum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True once nothing more will happen."""
        return self not in (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)


class Failure(Struct, frozen=True, kw_only=True):
    """One thing a job could not do: an object or file by name, and why."""

    what: str
    why: str


class Job(Struct, frozen=True, kw_only=True):
    """A snapshot of one transfer.

    `promised` is what the peer (or our own count) says will come, None while unknown. `arrived`
    and `arrived_bytes` count what was seen with our own eyes: objects stored here for a move to
    ourselves, objects acknowledged for a send, files taken for an import. `completed`, `failed`,
    `warnings` and `remaining` are the peer's sub-operation counters, None while it gave none.
    `missing` is how many were promised and are not here, found by SOP Instance UID at the end.
    `attempt` counts from 1; each retry does what is left. A higher `priority` starts earlier.
    Times are seconds since the epoch, 0 while not reached.
    """

    id: int
    kind: JobKind
    title: str
    peer: str = ""
    destination: str = ""
    state: JobState = JobState.QUEUED
    promised: int | None = None
    arrived: int = 0
    arrived_bytes: int = 0
    skipped: int = 0
    completed: int | None = None
    failed: int = 0
    warnings: int = 0
    remaining: int | None = None
    missing: int = 0
    attempt: int = 1
    priority: int = 0
    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    note: str = ""
    outcome: Outcome | None = None
    failures: tuple[Failure, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it ran so far or in all, by the times it holds; 0 before the start."""
        return max(0.0, self.ended - self.started) if self.ended else 0.0


class Counters(Struct, frozen=True, kw_only=True):
    """Sub-operation counters of one C-MOVE response, PS3.7 9.1.4; None where the peer gave none."""

    remaining: int | None = None
    completed: int | None = None
    failed: int | None = None
    warnings: int | None = None


class MoveResponse(Struct, frozen=True, kw_only=True):
    """One response to our C-MOVE: counters, and on the last one how it ended."""

    counters: Counters
    outcome: Outcome | None = None
    failed_uids: tuple[str, ...] = ()
    """Failed SOP Instance UID List (0008,0058) of the final response."""


class SendResult(Struct, frozen=True, kw_only=True):
    """One object offered by C-STORE: which, how many bytes went, and how it ended."""

    sop_instance_uid: str
    path: str
    size: int
    outcome: Outcome
    note: str = ""
    """What was done to the object for this peer, such as "decompressed from RLE Lossless"."""


class ElementRow(Struct, frozen=True, kw_only=True):
    """One line of a data set as a tree: an element, or the start of a sequence item.

    `depth` is 0 for the data set itself. `length` is the value's length in bytes, None where
    undefined. `path` names the element as pydicom would be asked for it, such as
    `ReferencedSeriesSequence[0].SeriesInstanceUID`. `is_item` marks an item's own line.
    """

    depth: int
    tag: str
    vr: str
    keyword: str
    name: str
    value: str
    path: str
    vm: int = 1
    length: int | None = None
    is_private: bool = False
    is_sequence: bool = False
    is_item: bool = False


class PixelMode(str, Enum):
    """How the bytes of a picture are laid out: one or three bytes per pixel, rows from the top."""

    GREY = "L"
    COLOUR = "RGB"


class Window(Struct, frozen=True, kw_only=True):
    """A VOI window, PS3.3 C.11.2.1.2."""

    center: float
    width: float
    explanation: str = ""


class Picture(Struct, frozen=True, kw_only=True):
    """One rendered frame, ready for a screen: 8 bits per sample, no padding.

    `aspect` is the height of a pixel divided by its width, 1.0 for square ones. `window` is the
    one that was applied, None where none was. `frames` is the object's number of frames, and
    `frame` counts from 0.
    """

    width: int
    height: int
    mode: PixelMode
    pixels: bytes
    aspect: float = 1.0
    frame: int = 0
    frames: int = 1
    frames_per_second: float = 0.0
    window: Window | None = None
    windows: tuple[Window, ...] = ()
    caption: str = ""


class Association(Struct, frozen=True, kw_only=True):
    """A live association, in or out."""

    id: int
    outgoing: bool
    peer: str
    """Calling AE title for an incoming one, called AE title for an outgoing one."""
    address: str
    since: float
    tls: str = ""
    """Version, cipher suite and the name in the peer's certificate; empty without TLS."""


class LookupHit(Struct, frozen=True, kw_only=True):
    """One entity found by an identifier: which attribute held it, and the entity."""

    keyword: str
    ref: Ref
    label: str


class ModalityCount(Struct, frozen=True, kw_only=True):
    """How much is held of one Modality (0008,0060); `size` is in bytes."""

    modality: str
    series: int
    instances: int
    size: int


class Statistics(Struct, frozen=True, kw_only=True):
    """How much the archive holds; sizes are in bytes.

    `quota` is 0 where there is none. `free` is what the disk has left. `protected` counts the
    patients that recycling leaves alone. `modalities` has those with most bytes first.
    """

    patients: int
    studies: int
    series: int
    instances: int
    size: int
    quota: int = 0
    free: int = 0
    protected: int = 0
    modalities: tuple[ModalityCount, ...] = ()


class ProtectedPatient(Struct, frozen=True, kw_only=True):
    """A patient whose studies recycling leaves alone; `studies` counts those held now."""

    patient_id: str
    issuer: str
    name: str
    birth_date: str
    studies: int


class CheckReport(Struct, frozen=True, kw_only=True):
    """How index and files agree; paths and UIDs of what does not, with the reason."""

    instances: int
    """Instances in the index when the check began."""
    missing: tuple[Failure, ...] = ()
    """SOP Instance UIDs in the index whose file is gone or of another size."""
    unindexed: tuple[Failure, ...] = ()
    """Files of objects that the index did not know."""
    strange: tuple[Failure, ...] = ()
    """Files under `objects/` that are no objects, or lie where they do not belong: left alone."""
    repaired: bool = False

    @property
    def clean(self) -> bool:
        """True where index and files agree."""
        return not (self.missing or self.unindexed)


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
