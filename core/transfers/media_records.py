"""What a DICOMDIR says of an object: the kinds of directory records and their keys (PS3.3 F.5).

Values are taken from the object as bytes and go into the record as bytes, under the object's own
character set: nothing is decoded, so nothing can be misread. Where an object lacks a key that a
record must have, the record gets a stand-in; the object is left as it is.
"""

from __future__ import annotations

from typing import NamedTuple

NUMBER = b"#"
"""A stand-in: the entity's place in the order of its siblings."""
DATE, TIME = b"19000101", b"000000"
"""Stand-ins for a date and a time where the object has none at all."""


class Key(NamedTuple):
    """One attribute of a record: `default` is None where it may be left out."""

    tag: int
    vr: bytes
    default: bytes | None


SPECIFIC_CHARACTER_SET = 0x00080005
PATIENT_ID = 0x00100020
PATIENT_NAME = 0x00100010
PATIENT_BIRTH_DATE = 0x00100030
STUDY_INSTANCE_UID = 0x0020000D
SERIES_INSTANCE_UID = 0x0020000E
RELATIONSHIP_TYPE = 0x0040A010
CONTENT_SEQUENCE = 0x0040A730
VERIFYING_OBSERVERS = 0x0040A073
VERIFICATION_DATE_TIME = 0x0040A030
VERIFICATION_FLAG = 0x0040A493

_CHARACTER_SET = Key(SPECIFIC_CHARACTER_SET, b"CS", None)
PATIENT = (
    _CHARACTER_SET,
    Key(PATIENT_NAME, b"PN", b""),
    Key(PATIENT_ID, b"LO", b"MISSING-" + NUMBER),
    Key(PATIENT_BIRTH_DATE, b"DA", None),
    Key(0x00100040, b"CS", None),
)
STUDY = (
    _CHARACTER_SET,
    Key(0x00080020, b"DA", DATE),
    Key(0x00080030, b"TM", TIME),
    Key(0x00080050, b"SH", b""),
    Key(0x00081030, b"LO", b""),
    Key(STUDY_INSTANCE_UID, b"UI", b""),
    Key(0x00200010, b"SH", NUMBER),
)
SERIES = (
    _CHARACTER_SET,
    Key(0x00080060, b"CS", b"OT"),
    Key(0x0008103E, b"LO", None),
    Key(SERIES_INSTANCE_UID, b"UI", b""),
    Key(0x00200011, b"IS", NUMBER),
)

_INSTANCE_NUMBER = Key(0x00200013, b"IS", NUMBER)
_CONTENT_DATE = Key(0x00080023, b"DA", DATE)
_CONTENT_TIME = Key(0x00080033, b"TM", TIME)
_CONCEPT_NAME = Key(0x0040A043, b"SQ", b"")
_LABEL = Key(0x00700080, b"CS", b"UNNAMED")
_REFERENCED_SERIES = Key(0x00081115, b"SQ", None)
_CONTENT = (_INSTANCE_NUMBER, _CONTENT_DATE, _CONTENT_TIME)
_NAMED = (
    _INSTANCE_NUMBER,
    _LABEL,
    Key(0x00700081, b"LO", b""),
    Key(0x00700084, b"PN", b""),
)

LEAVES: dict[str, tuple[Key, ...]] = {
    "IMAGE": (_INSTANCE_NUMBER,),
    "RT DOSE": (_INSTANCE_NUMBER, Key(0x3004000A, b"CS", b"PLAN")),
    "RT STRUCTURE SET": (
        _INSTANCE_NUMBER,
        Key(0x30060002, b"SH", b"UNNAMED"),
        Key(0x30060008, b"DA", b""),
        Key(0x30060009, b"TM", b""),
    ),
    "RT PLAN": (
        _INSTANCE_NUMBER,
        Key(0x300A0002, b"SH", b"UNNAMED"),
        Key(0x300A0006, b"DA", b""),
        Key(0x300A0007, b"TM", b""),
    ),
    "RT TREAT RECORD": (
        _INSTANCE_NUMBER,
        Key(0x30080250, b"DA", b""),
        Key(0x30080251, b"TM", b""),
    ),
    "RADIOTHERAPY": (
        _INSTANCE_NUMBER,
        Key(0x30100033, b"SH", None),
        Key(0x30100034, b"LO", None),
        Key(0x00700081, b"LO", b""),
        Key(0x00700084, b"PN", b""),
    ),
    "PRESENTATION": (
        *_NAMED,
        Key(0x00700082, b"DA", DATE),
        Key(0x00700083, b"TM", TIME),
        _REFERENCED_SERIES,
        Key(0x00700402, b"SQ", None),
    ),
    "SR DOCUMENT": (
        *_CONTENT,
        Key(0x0040A491, b"CS", b"PARTIAL"),
        Key(VERIFICATION_FLAG, b"CS", b"UNVERIFIED"),
        Key(VERIFICATION_DATE_TIME, b"DT", None),
        _CONCEPT_NAME,
        Key(CONTENT_SEQUENCE, b"SQ", None),
    ),
    "KEY OBJECT DOC": (*_CONTENT, _CONCEPT_NAME, Key(CONTENT_SEQUENCE, b"SQ", None)),
    "SPECTROSCOPY": (
        *_CONTENT,
        Key(0x00080008, b"CS", b"ORIGINAL\\PRIMARY"),
        Key(0x00280008, b"IS", b"1"),
        Key(0x00280010, b"US", b"\1\0"),
        Key(0x00280011, b"US", b"\1\0"),
        Key(0x00289001, b"UL", b"\1\0\0\0"),
        Key(0x00289002, b"UL", b"\1\0\0\0"),
        Key(0x00089092, b"SQ", None),
    ),
    "ENCAP DOC": (
        _INSTANCE_NUMBER,
        Key(0x00080023, b"DA", b""),
        Key(0x00080033, b"TM", b""),
        Key(0x00420010, b"ST", b""),
        Key(0x0040E001, b"ST", None),
        _CONCEPT_NAME,
        Key(0x00420012, b"LO", b"application/octet-stream"),
    ),
    "WAVEFORM": _CONTENT,
    "RAW DATA": _CONTENT,
    "REGISTRATION": (*_NAMED, _CONTENT_DATE, _CONTENT_TIME),
    "FIDUCIAL": (*_NAMED, _CONTENT_DATE, _CONTENT_TIME),
    "VALUE MAP": (*_NAMED, _CONTENT_DATE, _CONTENT_TIME),
    "MEASUREMENT": (*_NAMED, _CONTENT_DATE, _CONTENT_TIME),
    "SURFACE": (*_NAMED, _CONTENT_DATE, _CONTENT_TIME),
    "TRACT": (*_NAMED, _CONTENT_DATE, _CONTENT_TIME),
    "SURFACE SCAN": (_CONTENT_DATE, _CONTENT_TIME),
    "ASSESSMENT": (
        _INSTANCE_NUMBER,
        Key(0x00080012, b"DA", DATE),
        Key(0x00080013, b"TM", b""),
    ),
    "STEREOMETRIC": _NAMED,
    "PLAN": (),
    "PRIVATE": (),
}
"""The keys of each kind of record that stands for an object, beside the reference to its file."""

NESTED: dict[int, bytes] = {
    0x00080100: b"SH",
    0x00080102: b"SH",
    0x00080103: b"SH",
    0x00080104: b"LO",
    0x00080119: b"UC",
    0x00080120: b"UR",
    0x00081115: b"SQ",
    0x00081140: b"SQ",
    0x00081150: b"UI",
    0x00081155: b"UI",
    0x00081160: b"IS",
    STUDY_INSTANCE_UID: b"UI",
    SERIES_INSTANCE_UID: b"UI",
    RELATIONSHIP_TYPE: b"CS",
    VERIFICATION_DATE_TIME: b"DT",
    0x0040A040: b"CS",
    0x0040A043: b"SQ",
    0x0040A160: b"UT",
    0x0040A168: b"SQ",
}
"""What is kept of the items of a sequence: codes, references, and what modifies a concept."""

OTHER_DATES = (0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x00080012)
OTHER_TIMES = (0x00080030, 0x00080031, 0x00080032, 0x00080033, 0x00080013)
"""Where to look for a date and a time before one is made up: study, series, acquisition, content,
creation."""

WANTED: dict[int, bytes] = {
    **{key.tag: key.vr for keys in (PATIENT, STUDY, SERIES, *LEAVES.values()) for key in keys},
    **dict.fromkeys(OTHER_DATES, b"DA"),
    **dict.fromkeys(OTHER_TIMES, b"TM"),
    VERIFYING_OBSERVERS: b"SQ",
}
"""Everything that is read of an object for its records."""

_STANDARD = "1.2.840.10008."
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_KINDS = {
    "481.2": "RT DOSE",
    "481.3": "RT STRUCTURE SET",
    "481.4": "RT TREAT RECORD",
    "481.5": "RT PLAN",
    "481.6": "RT TREAT RECORD",
    "481.7": "RT TREAT RECORD",
    "481.8": "RT PLAN",
    "481.9": "RT TREAT RECORD",
    "481.1": "IMAGE",
    "481.23": "IMAGE",
    "481.24": "IMAGE",
    "481": "RADIOTHERAPY",
    "11": "PRESENTATION",
    "131": "PRESENTATION",
    "9": "WAVEFORM",
    "88.59": "KEY OBJECT DOC",
    "88": "SR DOCUMENT",
    "78.6": "SR DOCUMENT",
    "79.1": "SR DOCUMENT",
    "78": "MEASUREMENT",
    "80": "MEASUREMENT",
    "4.2": "SPECTROSCOPY",
    "66": "RAW DATA",
    "66.1": "REGISTRATION",
    "66.2": "FIDUCIAL",
    "66.3": "REGISTRATION",
    "66.4": "IMAGE",
    "66.5": "SURFACE",
    "66.6": "TRACT",
    "66.7": "IMAGE",
    "66.8": "IMAGE",
    "67": "VALUE MAP",
    "68": "SURFACE SCAN",
    "77.1.5.3": "STEREOMETRIC",
    "90": "ASSESSMENT",
    "104": "ENCAP DOC",
}
_OTHER_KINDS = {"1.2.840.10008.5.1.4.34.7": "PLAN", "1.2.840.10008.5.1.4.34.10": "PLAN"}


def kind_of_class(sop_class_uid: str) -> str:
    """Give the kind of record for objects of a SOP class (PS3.3 F.4); private ones have their own.

    Those of the standard that are not listed are images.
    """
    if sop_class_uid in _OTHER_KINDS:
        return _OTHER_KINDS[sop_class_uid]
    if sop_class_uid.startswith(_STORAGE):
        parts = sop_class_uid[len(_STORAGE) :].split(".")
        for count in range(len(parts), 0, -1):
            kind = _KINDS.get(".".join(parts[:count]))
            if kind:
                return kind
    return "IMAGE" if sop_class_uid.startswith(_STANDARD) else "PRIVATE"
