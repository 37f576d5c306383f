"""What a modality worklist can be asked, PS3.4 annex K: keys by dotted keywords.

`ScheduledProcedureStepSequence.Modality` is Modality in the item of that sequence. Those of the
scheduled procedure step may be given bare.
"""

from __future__ import annotations

from collections.abc import Mapping

STEP = "ScheduledProcedureStepSequence"

STEP_KEYWORDS = frozenset(
    {
        "AnatomicalOrientationType",
        "CommentsOnTheScheduledProcedureStep",
        "Modality",
        "PreMedication",
        "RequestedContrastAgent",
        "ScheduledPerformingPhysicianIdentificationSequence",
        "ScheduledPerformingPhysicianName",
        "ScheduledProcedureStepDescription",
        "ScheduledProcedureStepEndDate",
        "ScheduledProcedureStepEndTime",
        "ScheduledProcedureStepID",
        "ScheduledProcedureStepLocation",
        "ScheduledProcedureStepStartDate",
        "ScheduledProcedureStepStartTime",
        "ScheduledProcedureStepStatus",
        "ScheduledProtocolCodeSequence",
        "ScheduledStationAETitle",
        "ScheduledStationName",
    }
)
"""Attributes of the Scheduled Procedure Step module, PS3.4 table K.6-1: they lie in its item."""

WORKLIST_KEYS = (
    f"{STEP}.ScheduledProcedureStepStartDate",
    f"{STEP}.ScheduledProcedureStepStartTime",
    f"{STEP}.Modality",
    f"{STEP}.ScheduledStationAETitle",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    f"{STEP}.ScheduledProcedureStepDescription",
    f"{STEP}.ScheduledProcedureStepID",
    f"{STEP}.ScheduledPerformingPhysicianName",
    "RequestedProcedureDescription",
    "RequestedProcedureID",
    "ReferringPhysicianName",
    "StudyInstanceUID",
)
"""What a person wants to be told of a scheduled procedure step."""


def worklist_key(keyword: str) -> str:
    """The place of a keyword in a worklist's identifier: those of the step lie in its sequence."""
    return f"{STEP}.{keyword}" if keyword in STEP_KEYWORDS else keyword


def worklist_keys(keys: Mapping[str, str]) -> dict[str, str]:
    """Query keys out of what is asked for, beside what is always asked for."""
    return dict.fromkeys(WORKLIST_KEYS, "") | {worklist_key(k): v for k, v in keys.items()}
