"""The same C-FIND put to any SCP, by pynetdicom: identifiers in, comparable answers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset, config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pynetdicom import AE
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelFind,
    PatientStudyOnlyQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
)

from core.model import Root

MODELS = {
    Root.STUDY: StudyRootQueryRetrieveInformationModelFind,
    Root.PATIENT: PatientRootQueryRetrieveInformationModelFind,
    Root.PATIENT_STUDY_ONLY: PatientStudyOnlyQueryRetrieveInformationModelFind,
}

Answer = dict[str, str]


@dataclass(frozen=True)
class Answers:
    """Final status, and the matches: keyword → text."""

    status: int
    rows: tuple[Answer, ...]


def identifier(level: str, keys: Mapping[str, Any]) -> Dataset:
    """An identifier; a value may be what its VR does not allow, as in wildcards and ranges."""
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        tag = tag_for_keyword(keyword)
        assert tag is not None, keyword
        vr = str(dictionary_VR(tag)).split(" or ")[0]
        ds.add(DataElement(tag, vr, value, validation_mode=config.IGNORE))
    return ds


def ask(port: int, ae_title: str, asked: Dataset, root: Root = Root.STUDY) -> Answers:
    """Put one query; no character sets are guessed, no value is judged."""
    ae = AE("COMPARE")
    ae.add_requested_context(MODELS[root])
    assoc = ae.associate("127.0.0.1", port, ae_title=ae_title)
    assert assoc.is_established
    try:
        rows, final = [], -1
        for status, found in assoc.send_c_find(asked, MODELS[root]):
            final = int(status.Status) if status else -1
            if found is not None:
                rows.append(as_text(found))
        return Answers(final, tuple(rows))
    finally:
        assoc.release()


def as_text(ds: Dataset) -> Answer:
    """Every element of an answer as text; sequences by their items."""
    values = {}
    for element in ds:
        name = element.keyword or f"{element.tag:08X}"
        value = element.value
        if element.VR == "SQ":
            values[name] = str([as_text(item) for item in value or ()])
        elif value is None:
            values[name] = ""
        elif isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
            values[name] = "\\".join(str(part).strip() for part in value)
        else:
            values[name] = str(value).strip(" \0")
    return values
