"""A DICOMDIR of our own: gathered object by object, written at the end (PS3.3 F, PS3.10 8).

pydicom's FileSet lays out and copies files by itself, refuses objects that lack a key, and takes
time by the square of their number; this one holds encoded records only.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from core.archive.filemeta import encode_meta, read_meta
from core.transfers.dicomdir import MEDIA_DIRECTORY
from core.transfers.media_objects import Described, encode_element, encode_item
from core.transfers.media_records import (
    DATE,
    LEAVES,
    NUMBER,
    OTHER_DATES,
    OTHER_TIMES,
    PATIENT,
    PATIENT_BIRTH_DATE,
    PATIENT_ID,
    PATIENT_NAME,
    SERIES,
    STUDY,
    TIME,
    Key,
    kind_of_class,
)

_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_PRIVATE_RECORD_UID = b"2.25.142297633498726395711437215360224806301"
_NEXT_AT, _LOWER_AT = 16, 38
"""Where, from the start of a record's item, the two offsets lie that each record begins with."""


@dataclass
class _Node:
    data: bytearray
    children: list[_Node] = field(default_factory=list)
    at: int = 0


class Directory:
    """The records of a file-set: patients, their studies, series and objects.

    Patients are told apart by ID, name and birth date together: hospitals share numbers. Who has
    no ID is somebody else in each study. All objects of a study belong to the patient of its first.
    """

    def __init__(self) -> None:
        self._root: list[_Node] = []
        self._patients: dict[tuple[bytes, ...], _Node] = {}
        self._studies: dict[bytes, _Node] = {}
        self._series: dict[tuple[bytes, bytes], _Node] = {}

    def add(self, described: Described, file_id: str) -> None:
        """Add an object under the name it has in the file-set, its parts divided by `/`."""
        values = described.values
        study = self._studies.get(described.study)
        if study is None:
            patient = self._patient(described)
            study = _grow(patient.children, b"STUDY", STUDY, values)
            self._studies[described.study] = study
        series = self._series.get((described.study, described.series))
        if series is None:
            series = _grow(study.children, b"SERIES", SERIES, values)
            self._series[described.study, described.series] = series
        kind = kind_of_class(described.sop_class_uid)
        keys = (STUDY[0], *LEAVES[kind])
        _grow(series.children, kind.encode(), keys, values, _reference(described, file_id, kind))

    def _patient(self, described: Described) -> _Node:
        values = described.values
        tags = (PATIENT_ID, PATIENT_NAME, PATIENT_BIRTH_DATE)
        key = tuple(values.get(tag, b"").strip(b" \0") for tag in tags)
        if not key[0]:
            key += (described.study,)
        if key not in self._patients:
            self._patients[key] = _grow(self._root, b"PATIENT", PATIENT, values)
        return self._patients[key]

    def encode(self, sop_instance_uid: str) -> Iterator[bytes]:
        """Give the DICOMDIR file piece by piece; it has the SOP Instance UID given."""
        meta = encode_meta(
            sop_class_uid=MEDIA_DIRECTORY,
            sop_instance_uid=sop_instance_uid,
            transfer_syntax_uid=_EXPLICIT_LITTLE,
            source="",
        )
        nodes = list(_walk(self._root))
        start = len(meta) + len(self._preface(0))
        at = start
        for node in nodes:
            node.at = at
            at += len(node.data)
        _link(self._root)
        for node in nodes:
            _link(node.children)
            if node.children:
                struct.pack_into("<L", node.data, _LOWER_AT, node.children[0].at)
        yield meta + self._preface(at - start)
        for node in nodes:
            yield bytes(node.data)

    def _preface(self, length: int) -> bytes:
        first = self._root[0].at if self._root else 0
        last = self._root[-1].at if self._root else 0
        return (
            encode_element(0x00041130, b"CS", b"MODALITTY")
            + encode_element(0x00041200, b"UL", struct.pack("<L", first))
            + encode_element(0x00041202, b"UL", struct.pack("<L", last))
            + encode_element(0x00041212, b"US", b"\0\0")
            + struct.pack("<HH2sHL", 0x0004, 0x1220, b"SQ", 0, length)
        )


def _walk(nodes: list[_Node]) -> Iterator[_Node]:
    for node in nodes:
        yield node
        yield from _walk(node.children)


def _link(siblings: list[_Node]) -> None:
    for node, following in pairwise(siblings):
        struct.pack_into("<L", node.data, _NEXT_AT, following.at)


def _grow(
    siblings: list[_Node],
    kind: bytes,
    keys: tuple[Key, ...],
    values: Mapping[int, bytes],
    reference: Mapping[int, bytes] | None = None,
) -> _Node:
    number = str(len(siblings) + 1).encode()
    elements = dict(reference or {})
    for key in keys:
        value = values.get(key.tag)
        if value is None:
            value = _stand_in(key, values, number)
        if value is not None:
            elements[key.tag] = encode_element(key.tag, key.vr, value)
    data = (
        encode_element(0x00041400, b"UL", b"\0\0\0\0")
        + encode_element(0x00041410, b"US", b"\xff\xff")
        + encode_element(0x00041420, b"UL", b"\0\0\0\0")
        + encode_element(0x00041430, b"CS", kind)
        + b"".join(elements[tag] for tag in sorted(elements))
    )
    node = _Node(bytearray(encode_item(data)))
    siblings.append(node)
    return node


def _stand_in(key: Key, values: Mapping[int, bytes], number: bytes) -> bytes | None:
    others = {DATE: OTHER_DATES, TIME: OTHER_TIMES}.get(key.default or b"", ())
    for tag in others:
        if tag in values:
            return values[tag]
    return None if key.default is None else key.default.replace(NUMBER, number)


def _reference(described: Described, file_id: str, kind: str) -> dict[int, bytes]:
    texts = {
        0x00041500: (b"CS", file_id.replace("/", "\\")),
        0x00041510: (b"UI", described.sop_class_uid),
        0x00041511: (b"UI", described.sop_instance_uid),
        0x00041512: (b"UI", described.transfer_syntax_uid),
    }
    encoded = {
        tag: encode_element(tag, vr, text.encode("latin-1", "replace"))
        for tag, (vr, text) in texts.items()
    }
    if kind == "PRIVATE":
        encoded[0x00041432] = encode_element(0x00041432, b"UI", _PRIVATE_RECORD_UID)
    return encoded


def read_uid(path: str | os.PathLike[str]) -> str:
    """Give the SOP Instance UID of a DICOMDIR; raises NotDicomError, OSError."""
    with open(path, "rb") as file:  # noqa: PTH123
        return read_meta(file, os.fstat(file.fileno()).st_size).sop_instance_uid
