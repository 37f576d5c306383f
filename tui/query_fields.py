"""The search fields of a query, and what becomes of the text that a person types into them.

Where it is usual, wildcards are added (PS3.4 C.2.2.2.4): a name is looked for by its beginning, a
description by any part. Never to what is looked up as it is: identifiers, UIDs, dates, codes. Text
with a wildcard in it is left alone; quotes around it ask for just that.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from core.model import Root
from core.worklist import worklist_key
from tui import libraries
from tui.dates import date_range, in_words
from tui.mask import is_sensitive, sensitive


class Kind(str, Enum):
    """How text becomes a matching value."""

    NAME = "name"
    TEXT = "text"
    EXACT = "exact"
    DATE = "date"
    CODE = "code"
    OTHERS = "others"
    """`KEYWORD=VALUE` words, for all attributes that have no field."""


@dataclass(frozen=True)
class SearchField:
    """One field of the form: its name (a keyword, but for OTHERS), its label, an example.

    `of_patient`: it narrows patients too. `of_step` is its attribute in a worklist, if it has one.
    """

    name: str
    label: str
    example: str
    kind: Kind
    of_patient: bool = False
    of_step: str = ""

    def applies(self, root: Root) -> bool:
        """Whether it narrows anything in this information model."""
        if self.kind is Kind.OTHERS:
            return True
        if root is Root.WORKLIST:
            return bool(self.of_step)
        return root is not Root.PATIENT or self.of_patient

    def keyword(self, root: Root) -> str:
        """What it is called in this information model."""
        return worklist_key(self.of_step) if root is Root.WORKLIST else self.name


FIELDS = (
    SearchField("PatientName", "Patient", "smith", Kind.NAME, True, "PatientName"),
    SearchField("PatientID", "Patient ID", "4711", Kind.EXACT, True, "PatientID"),
    SearchField(
        "StudyDate",
        "Date",
        "today, -7d, 2024-01-01..",
        Kind.DATE,
        of_step="ScheduledProcedureStepStartDate",
    ),
    SearchField("ModalitiesInStudy", "Modality", "MR", Kind.CODE, of_step="Modality"),
    SearchField("AccessionNumber", "Accession", "A123", Kind.EXACT, of_step="AccessionNumber"),
    SearchField(
        "StudyDescription",
        "Description",
        "thorax",
        Kind.TEXT,
        of_step="ScheduledProcedureStepDescription",
    ),
    SearchField("PatientBirthDate", "Born", "1970-01-31", Kind.DATE, True, "PatientBirthDate"),
    SearchField("Others", "Other keys", "StationName=CT1", Kind.OTHERS),
)
ROOT_WORDS = {Root.STUDY: "studies", Root.PATIENT: "patients", Root.WORKLIST: "worklist"}
"""What a query starts from, in words; `l` goes through them."""
NAMES = tuple(field.name for field in FIELDS)


class FieldError(ValueError):
    """A field whose text cannot be asked for, and why."""

    def __init__(self, field: SearchField, why: str) -> None:
        super().__init__(f"{field.label}: {why}")
        self.field = field


def matching_keys(
    typed: Mapping[str, str], root: Root, today: date, *, wildcards: bool
) -> dict[str, str]:
    """Keyword → matching value for the fields that have text in them; raises FieldError."""
    keys: dict[str, str] = {}
    for field in FIELDS:
        text = typed.get(field.name, "").strip()
        if not text or not field.applies(root):
            continue
        try:
            if field.kind is Kind.OTHERS:
                keys |= _others(text, root, today)
            else:
                value = matching(field.kind, text, today, wildcards=wildcards)
                keys[field.keyword(root)] = value
        except ValueError as error:
            raise FieldError(field, str(error)) from None
    return keys


def matching(kind: Kind, text: str, today: date, *, wildcards: bool = True) -> str:
    """The matching value for one text; raises ValueError, with a sentence."""
    text = text.strip()
    if kind is Kind.DATE:
        return date_range(text, today)
    if kind is Kind.CODE:
        return "\\".join(re.split(r"[\s,\\]+", text.upper().strip(", \\")))
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if kind is Kind.EXACT or not wildcards or "*" in text or "?" in text:
        return text
    return f"*{text}*" if kind is Kind.TEXT else _name(text)


def _name(text: str) -> str:
    """A name by its beginning: `smith` → `SMITH*`, `smith john` → `SMITH*JOHN*`.

    A comma parts family name and given name. A space may stand for that too, or for one within
    either of them: a wildcard finds both. Peers need not overlook case in names (PS3.4
    C.2.2.2.1), and most keep capitals; whoever types a capital knows better.
    """
    text = text.upper() if text == text.lower() else text
    parts = re.split(r"\s*[,^]\s*", text)
    return "*^".join("*".join(part.split()) for part in parts) + "*"


def _others(text: str, root: Root, today: date) -> dict[str, str]:
    """`KEYWORD=VALUE` words as keys; values with spaces are quoted as in a shell."""
    words = shlex.shlex(text, posix=True)
    words.whitespace_split = True
    words.escape = ""  # a backslash parts values
    words.commenters = ""
    keys = {}
    for word in words:
        keyword, equals, value = word.partition("=")
        if not equals or not value:
            raise ValueError(f"{word}: write KEYWORD=VALUE, such as StationName=CT1")
        keys[_known(keyword, root)] = date_range(value, today) if _vr(keyword) == "DA" else value
    return keys


def _known(path: str, root: Root) -> str:
    """A keyword, or several with dots between them, checked; raises ValueError."""
    for part in path.split("."):
        if not _vr(part):
            raise ValueError(f"{part} is no attribute's keyword, such as StationName")
    return worklist_key(path) if root is Root.WORKLIST else path


def _vr(path: str) -> str:
    """The VR of an attribute, empty where there is none of that keyword."""
    libraries.load()
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    tag = tag_for_keyword(path.rpartition(".")[2])
    return "" if tag is None else str(dictionary_VR(tag))


def translation(keys: Mapping[str, str]) -> str:
    """What is asked, in one line: `PatientName SMITH*, StudyDate 20240101- (since Mon …)`.

    Values are marked for the mask.
    """
    return ", ".join(_said(key.rpartition(".")[2], value) for key, value in keys.items())


def _said(keyword: str, value: str) -> str:
    words = in_words(value) if _vr(keyword) == "DA" else value
    said = value + (f" ({words})" if words != value else "")
    return f"{keyword} {sensitive(said) if is_sensitive(keyword) else said}"


def described(typed: Mapping[str, str], root: Root) -> str:
    """What was typed, in one line: `studies: Date -7d, Modality mr`; marked for the mask."""
    said = [
        f"{field.label} {sensitive(text) if _hidden(field) else text}"
        for field in FIELDS
        if (text := typed.get(field.name, "")) and field.applies(root)
    ]
    return f"{ROOT_WORDS[root]}: {', '.join(said) or 'all'}"


def _hidden(field: SearchField) -> bool:
    return field.kind is Kind.OTHERS or is_sensitive(field.name)
