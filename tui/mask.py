"""The mask: what tells who a patient is can be hidden on all screens, for sharing one.

What is hidden are names, identifiers, birth dates, accession numbers and free text that may hold
a name, as in PS3.15 table E.1-1. UIDs, dates of studies, modalities and AE titles stay: they are
what one shares a screen for, and say nothing to whoever has no access to the archive.

There is one switch for the process, as there is one console: text is made harmless in many places
that know of no app.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from functools import lru_cache
from hashlib import blake2b
from re import compile as pattern

from tui import libraries

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
"""Noncharacters: proper text has neither."""
_SPAN = pattern(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_MARKS = str.maketrans("", "", _OPEN + _CLOSE)
_FREE_TEXT = ("PN", "LT", "ST", "UT", "UC", "UN")
_SHORT_TEXT = ("LO", "SH", "UR")
_BEGINNINGS = ("ReasonFor", "InterpretationID", "OrderCallback", "Topic", "ClinicalTrialSubject")
_ENDINGS = (
    *("OrderNumberProcedure", "OrderNumberImagingServiceRequestRetired", "Identification"),
    *("AccessionNumber", "SpecimenIdentifier", "ContainerIdentifier", "SlideIdentifier", "Notes"),
    *("SpecialNeeds", "RegistrationNumber", "ROIName", "RTPlanName", "StudyIDIssuer", "SetName"),
    *("SelectorLOValue", "SelectorSHValue", "ReadingID", "PhoneNumber", "RouteOfAdmissions"),
    *("Comments", "Comment", "Description", "Reason", "History", "Address", "Residence", "Locator"),
    *("TelephoneNumbers", "TelephoneNumber", "Alerts", "Allergies", "Diagnosis", "Label"),
    *("PatientID", "PatientIDs", "Occupation", "BirthPlace", "ReligiousPreference", "EthnicGroup"),
)
_KEYWORDS = frozenset(
    {
        *("StudyID", "AdmissionID", "ServiceEpisodeID", "RequestedProcedureID"),
        *("ScheduledProcedureStepID", "PerformedProcedureStepID", "ProtocolName", "ImageID"),
        *("PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest"),
        *("PatientBirthDate", "PatientBirthTime", "PatientBirthDateInAlternativeCalendar"),
        *("PatientDeathDateInAlternativeCalendar", "MilitaryRank", "BranchOfService"),
        *("IssuerOfPatientID", "PatientState", "CurrentPatientLocation", "TextString"),
        *("PatientInstitutionResidence", "IssuerOfAdmissionID", "ContentLabel"),
    }
)


class Mask:
    """Whether patients are hidden, and what stands for a hidden value."""

    def __init__(self) -> None:
        self.on = False
        self._secret = secrets.token_bytes(16)

    def stand_in(self, value: str) -> str:
        """What stands for `value`: the same for the same one, until the program ends."""
        if not value.strip():
            return value
        digest = blake2b(value.encode("utf-8", "replace"), key=self._secret, digest_size=5)
        return "••" + b32encode(digest.digest()).decode("ascii")[:4]

    def hide(self, value: str) -> str:
        """`value`, or what stands for it while the mask is on."""
        return self.stand_in(value) if self.on else value


MASK = Mask()


def sensitive(value: str) -> str:
    """`value` marked as one to hide: `safe_text` takes the marks away, or the value."""
    return f"{_OPEN}{value.translate(_MARKS)}{_CLOSE}" if value else ""


def resolved(text: str) -> str:
    """`text` with marked values as they are to be shown now."""
    return _SPAN.sub(lambda found: MASK.hide(found[1]), text) if _OPEN in text else text


@lru_cache(maxsize=5000)
def is_sensitive(keyword: str, vr: str = "", private: bool = False) -> bool:
    """Whether values of an attribute are hidden by the mask.

    `keyword` may have dots, as in items of sequences, of which the last part counts; it may be no
    keyword at all. `vr` is looked up where it is empty. Private text is hidden (PS3.15 E.3.10).
    """
    libraries.load()
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    name = keyword.rpartition(".")[2]
    tag = tag_for_keyword(name)
    vr = vr or ("" if tag is None else dictionary_VR(tag))[:2]
    if name in _KEYWORDS or vr in _FREE_TEXT:
        return True
    telling = name.startswith(_BEGINNINGS) or name.endswith(_ENDINGS)
    return vr in _SHORT_TEXT and (private or telling)
