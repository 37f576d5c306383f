"""What is wrong with an object, held against the rules for its SOP class."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Severity(str, Enum):
    """How much a breach matters, the worst first."""

    ERROR = "error"
    """Against the standard in a way that readers fail at, or that loses meaning."""
    WARNING = "warning"
    """Against the standard, or suspicious, but readers commonly live with it."""
    NOTE = "note"
    """Allowed, but worth knowing."""


class Breach(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with an element, or with the file where `path` is empty.

    `path` is as in an element's row of a dump; of an element that is missing `holder` is the path
    of the item that should have it. `value` is what stands there, cut where it is long. `section`
    says where the standard has the rule.
    """

    severity: Severity
    rule: str
    """Short name of the rule, for programs."""
    text: str
    section: str = ""
    path: str = ""
    holder: str = ""
    tag: str = ""
    vr: str = ""
    keyword: str = ""
    value: str = ""


class Validation(Struct, frozen=True, kw_only=True):
    """All that was found, the worst first, and what could not be judged."""

    sop_class_uid: str
    sop_class: str
    """Its name, or its UID where it has none here."""
    sop_instance_uid: str
    transfer_syntax: str
    is_tabled: bool
    """Whether it is known which attributes this SOP class asks for."""
    elements: int
    breaches: tuple[Breach, ...]
    unjudged: tuple[str, ...]
    """What could not be judged, a sentence each."""

    def count(self, severity: Severity) -> int:
        """How many breaches of this severity there are."""
        return sum(1 for breach in self.breaches if breach.severity is severity)
