"""The values that pass through the station's door: frozen, small, serialisable by msgspec.

Text in them is as the peer or the object gave it. Whoever shows it makes it harmless first.
"""

from core.model.candidate import Candidate, Fate
from core.model.comparison import Change, Comparison, Difference
from core.model.doctor import Finding, Verdict, Visitor
from core.model.documents import (
    Attachment,
    Document,
    DocumentRow,
    ObjectReference,
    Plot,
    PlotChannel,
    PlotMark,
    RowKind,
)
from core.model.element import ElementRow, ValuePage, ValuePlace
from core.model.held import (
    CheckReport,
    Instance,
    LookupHit,
    ModalityCount,
    ProtectedPatient,
    Statistics,
    StoreAction,
    Stored,
)
from core.model.job import Failure, Job, JobKind, JobState
from core.model.link import Beat, Link
from core.model.modality import (
    ALL_OPERATIONS,
    Association,
    Modality,
    Operation,
    ProposedContext,
    Retrieve,
)
from core.model.outcome import Counters, MoveResponse, Outcome, OutcomeState, SendResult
from core.model.picture import Picture, PixelMode, PixelValue, Rendering, Window
from core.model.presets import PRESETS, presets_for
from core.model.query import RETURN_KEYS, Level, Match, Query, Ref, Root
from core.model.validation import Breach, Severity, Validation

__all__ = [
    "ALL_OPERATIONS",
    "PRESETS",
    "RETURN_KEYS",
    "Association",
    "Attachment",
    "Beat",
    "Breach",
    "Candidate",
    "Change",
    "CheckReport",
    "Comparison",
    "Counters",
    "Difference",
    "Document",
    "DocumentRow",
    "ElementRow",
    "Failure",
    "Fate",
    "Finding",
    "Instance",
    "Job",
    "JobKind",
    "JobState",
    "Level",
    "Link",
    "LookupHit",
    "Match",
    "Modality",
    "ModalityCount",
    "MoveResponse",
    "ObjectReference",
    "Operation",
    "Outcome",
    "OutcomeState",
    "Picture",
    "PixelMode",
    "PixelValue",
    "Plot",
    "PlotChannel",
    "PlotMark",
    "ProposedContext",
    "ProtectedPatient",
    "Query",
    "Ref",
    "Rendering",
    "Retrieve",
    "Root",
    "RowKind",
    "SendResult",
    "Severity",
    "Statistics",
    "StoreAction",
    "Stored",
    "Validation",
    "ValuePage",
    "ValuePlace",
    "Verdict",
    "Visitor",
    "Window",
    "presets_for",
]
