"""What the index knows: studies, series and instances, and what makes a patient."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec

from core.archive.attributes import OWN
from core.archive.header import Values
from core.archive.records import Document, Own

PatientKey = tuple[str, str, str, str]

OWN_KEYWORDS = tuple(keyword for keyword in OWN if keyword != "SOPInstanceUID")
_OWN_PLACES = {keyword: place for place, keyword in enumerate(OWN_KEYWORDS)}
_UNIT = "\x1f"
_VOICED = "\u3099\u309a"
"""Marks that make another kana, not the same one with an accent."""


class Study(msgspec.Struct, gc=False, eq=False):
    """A study of one patient: its attributes and its series.

    The garbage collector does not look at studies and series, for there may be hundreds of
    thousands and each of its rounds would stop all threads. What refers to them in a circle must
    let them go by itself: see :meth:`core.archive.catalogue.Catalogue.let_go`.
    """

    id: int
    attributes: Document
    patient: PatientKey
    series: dict[str, Series] = msgspec.field(default_factory=dict)

    @property
    def uid(self) -> str:
        """Study Instance UID."""
        return str(self.attributes["StudyInstanceUID"])

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(series.size for series in tuple(self.series.values()))

    @property
    def count(self) -> int:
        """Number of instances."""
        return sum(len(series.members) for series in tuple(self.series.values()))


class Series(msgspec.Struct, gc=False, eq=False):
    """A series: its attributes, and the SOP Instance UIDs of its members."""

    id: int
    attributes: Document
    study: Study
    members: dict[str, None] = msgspec.field(default_factory=dict)
    commons: dict[int, int] = msgspec.field(default_factory=dict)
    """Each record in `common`, with the number of members that use it."""
    size: int = 0

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return str(self.attributes["SeriesInstanceUID"])


class Held(msgspec.Struct, frozen=True, gc=False):
    """One instance as the index knows it."""

    sop_instance_uid: str
    series: Series
    own: Own
    common: Document

    def value(self, keyword: str) -> Any:
        """An attribute of IMAGE level; empty where there is none."""
        if keyword == "SOPInstanceUID":
            return self.sop_instance_uid
        place = _OWN_PLACES.get(keyword)
        if place is None:
            return self.common.get(keyword, "")
        return self.own.v.split(_UNIT)[place]


def packed(own: Values) -> str:
    """The values of OWN_KEYWORDS in one text."""
    return _UNIT.join(str(own.get(keyword, "")).replace(_UNIT, " ") for keyword in OWN_KEYWORDS)


def patient_key(attributes: Values) -> PatientKey:
    """What makes a patient: PatientID, its issuer, the name without case and accents, birth date.

    PatientID alone is not unique between hospitals (PS3.3 C.2.1.1.1 leaves it to the issuer, which
    few objects name), and to show two persons as one is the worst an archive can do. One person
    shown as two costs a second look.
    """
    get = attributes.get
    return (
        str(get("PatientID", "")),
        str(get("IssuerOfPatientID", "")),
        fold_name(str(get("PatientName", ""))),
        str(get("PatientBirthDate", "")),
    )


def patient_keys(documents: Sequence[Values]) -> list[PatientKey]:
    """What :func:`patient_key` says of each, attribute by attribute, which takes half the time."""
    return list(
        zip(
            values_of(documents, "PatientID"),
            values_of(documents, "IssuerOfPatientID"),
            map(fold_name, values_of(documents, "PatientName")),
            values_of(documents, "PatientBirthDate"),
            strict=True,
        )
    )


def values_of(documents: Sequence[Values], keyword: str) -> list[str]:
    """What each of many has of an attribute, empty for nothing."""
    return [str(document.get(keyword, "")) for document in documents]


def fold_name(name: str) -> str:
    """A person name for comparison: no case, no accents, no delimiters at the end of a group."""
    if name.isascii():
        folded = name.lower()
    else:
        parts = unicodedata.normalize("NFKD", name.casefold())
        bare = "".join(c for c in parts if c in _VOICED or not unicodedata.combining(c))
        # Composed again: a Hangul syllable is one character, to a `?` as well.
        folded = unicodedata.normalize("NFC", bare)
    if "=" not in folded:
        return folded.rstrip("^ ")
    return "=".join(group.rstrip("^ ") for group in folded.split("=")).rstrip("=")


def same_person(held: Values, new: Values) -> bool:
    """True where no attribute that makes a patient differs; what one lacks, the other may give."""
    return alike(patient_key(held), patient_key(new))


def alike(one: PatientKey, other: PatientKey) -> bool:
    """True where two patients do not differ in anything that is known of both."""
    return all(a == b or not a or not b for a, b in zip(one, other, strict=True))


def filled(held: Document, new: Values) -> Document | None:
    """A record with what it lacked; None where it lacked nothing."""
    missing = {keyword: value for keyword, value in new.items() if keyword not in held}
    return {**held, **missing} if missing else None
