"""The same C-FIND put to any SCP, by pynetdicom: identifiers in, comparable answers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom import Dataset, config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.filereader import read_dataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelFind,
    PatientStudyOnlyQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
)

from core.archive.archive import Archive
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
        tag = Tag(tag)
        vr = str(dictionary_VR(tag)).split(" or ")[0]
        if vr in ("DS", "IS") and isinstance(value, str):
            # pydicom would make numbers of them, and a test may ask for what is none.
            ds[tag] = RawDataElement(tag, vr, len(value), value.encode(), 0, False, True)
        else:
            ds.add(DataElement(tag, vr, value, validation_mode=config.IGNORE))
    return ds


def answers_of(archive: Archive, asked: Dataset, root: Root, **options: bool) -> list[Dataset]:
    """The answers of an archive, decoded by pydicom."""
    answers = archive.find(
        asked, root, transfer_syntax=ExplicitVRLittleEndian, ae_title="OURS", **options
    )
    return [
        read_dataset(BytesIO(data), is_implicit_VR=False, is_little_endian=True)
        for data in answers
        if data is not None
    ]


class Asker:
    """An association with a C-FIND SCP, kept open for many queries."""

    def __init__(self, port: int, ae_title: str, roots: Sequence[Root] = tuple(MODELS)) -> None:
        ae = AE("COMPARE")
        for root in roots:
            ae.add_requested_context(MODELS[root])
        self._came = 0
        self._assoc = ae.associate(
            "127.0.0.1",
            port,
            ae_title=ae_title,
            evt_handlers=[(evt.EVT_DIMSE_RECV, self._count)],
        )
        assert self._assoc.is_established

    def __call__(self, asked: Dataset, root: Root = Root.STUDY) -> Answers:
        """Put one query; the final status is -1 where the peer aborts.

        pynetdicom's own thread now and then takes an answer for itself that comes at once after
        the query ("Received unexpected C-FIND service message"): then it is asked again.
        """
        for _ in range(10):
            self._came, told = 0, 0
            rows, final = [], -1
            for status, found in self._assoc.send_c_find(asked, MODELS[root]):
                told += bool(status)
                final = int(status.Status) if status else -1
                if found is not None:
                    rows.append(as_text(found))
            if told >= self._came:
                break
        return Answers(final, tuple(rows))

    def _count(self, _event: evt.Event) -> None:
        self._came += 1

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self._assoc.release()


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
