"""What the index knows: studies, series and instances, and what makes a patient."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec

from core.archive.attributes import OWN
from core.archive.header import Values
from core.archive.tables import Document

PatientKey = tuple[str, str, str, str]

OWN_KEYWORDS = tuple(keyword for keyword in OWN if keyword != "SOPInstanceUID")
_OWN_PLACES = {keyword: place for place, keyword in enumerate(OWN_KEYWORDS)}
_UNIT = "\x1f"
_VOICED = "\u3099\u309a"
"""Marks that make another kana, not the same one with an accent."""


class Study:
    """A study of one patient: its attributes and its series."""

    __slots__ = ("attributes", "id", "patient", "series")

    def __init__(self, number: int, attributes: Document) -> None:
        self.id = number
        self.attributes = attributes
        self.patient = patient_key(attributes)
        self.series: dict[str, Series] = {}

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


class Series:
    """A series: its attributes, and the SOP Instance UIDs of its members."""

    __slots__ = ("attributes", "commons", "id", "members", "size", "study")

    def __init__(self, number: int, attributes: Document, study: Study) -> None:
        self.id = number
        self.attributes = attributes
        self.study = study
        self.members: dict[str, None] = {}
        self.commons: dict[int, int] = {}
        self.size = 0

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return str(self.attributes["SeriesInstanceUID"])


class Held(msgspec.Struct, frozen=True, gc=False):
    """One instance as the index knows it."""

    sop_instance_uid: str
    series: Series
    own: Document
    common: Document

    def value(self, keyword: str) -> Any:
        """An attribute of IMAGE level; empty where there is none."""
        if keyword == "SOPInstanceUID":
            return self.sop_instance_uid
        place = _OWN_PLACES.get(keyword)
        if place is None:
            return self.common.get(keyword, "")
        return str(self.own["v"]).split(_UNIT)[place]


def packed(own: Values) -> str:
    """The values of OWN_KEYWORDS in one text."""
    return _UNIT.join(str(own.get(keyword, "")).replace(_UNIT, " ") for keyword in OWN_KEYWORDS)


def patient_key(attributes: Values) -> PatientKey:
    """What makes a patient: PatientID, its issuer, the name without case and accents, birth date.

    PatientID alone is not unique between hospitals (PS3.3 C.2.1.1.1 leaves it to the issuer, which
    few objects name), and to show two persons as one is the worst an archive can do. One person
    shown as two costs a second look.
    """
    return (
        str(attributes.get("PatientID", "")),
        str(attributes.get("IssuerOfPatientID", "")),
        fold_name(str(attributes.get("PatientName", ""))),
        str(attributes.get("PatientBirthDate", "")),
    )


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
