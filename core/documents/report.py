"""Structured reports and key object selections: the content tree as rows (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace
from pydicom.dataset import Dataset

from core.documents.content import content_value
from core.documents.outline import Outline, joined
from core.documents.words import code, code_of, items, number, text
from core.model.documents import RowKind

_OBSERVER = "VerifyingObserverSequence"
_CONTEXT_OF_PEOPLE = {"121031": "PatientBirthDate", "121030": "PatientID"}
"""Concepts of observation context that tell who the patient is (PS3.16 TID 1007)."""


class _Place(Struct, frozen=True):
    """A content item, how deep it stands, and its number."""

    item: Dataset
    depth: int
    number: str


def is_report(ds: Dataset) -> bool:
    """Whether the data set has a content tree of its own."""
    return "ContentSequence" in ds or text(ds, "ValueType") == "CONTAINER"


def title(ds: Dataset) -> str:
    """The report's own title."""
    return code(ds, "ConceptNameCodeSequence").words or text(ds, "SeriesDescription")


def fill(outline: Outline, ds: Dataset) -> None:
    """The head of the document, then its content, then what it rests on."""
    outline.title = title(ds)
    _head(outline, ds)
    outline.add(0, outline.title or "Content", kind=RowKind.HEADING, type="CONTAINER", number="1")
    _content(outline, ds)
    outline.evidence(0, "Evidence", ds, "CurrentRequestedProcedureEvidenceSequence")
    outline.evidence(0, "Other evidence", ds, "PertinentOtherEvidenceSequence")


def _head(outline: Outline, ds: Dataset) -> None:
    outline.heading(0, "Document", _state(ds))
    outline.attributes(
        1,
        ds,
        *("CompletionFlagDescription", "ContentDate", "ContentTime", "Manufacturer"),
        *(
            "ContentCreatorName",
            "ContentLabel",
            "ContentDescription",
            "PerformedProcedureCodeSequence",
        ),
    )
    for observer in items(ds, _OBSERVER):
        _observer(outline, observer)
    for author in items(ds, "AuthorObserverSequence"):
        keyword = "PersonName" if text(author, "PersonName") else "StationName"
        outline.add(1, "Author", text(author, keyword), keyword=keyword, vr=_pn(keyword))
    for request in items(ds, "ReferencedRequestSequence"):
        outline.attributes(
            1,
            request,
            *("AccessionNumber", "RequestedProcedureID", "RequestedProcedureDescription"),
            "RequestedProcedureCodeSequence",
        )
    outline.evidence(1, "Replaces", ds, "PredecessorDocumentsSequence")
    outline.evidence(1, "The same document", ds, "IdenticalDocumentsSequence")
    outline.attributes(1, _template(ds), "MappingResource", "TemplateIdentifier")


def _template(ds: Dataset) -> Dataset:
    found = items(ds, "ContentTemplateSequence")
    return found[0] if found else Dataset()


def _pn(keyword: str) -> str:
    return "PN" if keyword == "PersonName" else ""


def _state(ds: Dataset) -> str:
    """Completion, preliminary and verification flag (PS3.3 C.17.2)."""
    flags = ("CompletionFlag", "PreliminaryFlag", "VerificationFlag")
    return joined(*(text(ds, flag).lower() for flag in flags))


def _observer(outline: Outline, observer: Dataset) -> None:
    outline.add(
        1,
        "Verified by",
        text(observer, "VerifyingObserverName"),
        keyword="VerifyingObserverName",
        vr="PN",
        code=code(observer, "VerifyingObserverIdentificationCodeSequence").label,
    )
    outline.attributes(2, observer, "VerifyingOrganization", "VerificationDateTime")


def _content(outline: Outline, ds: Dataset) -> None:
    """All content items in order, without recursion: a tree may be deeper than any stack."""
    waiting: list[Iterator[_Place]] = [_children(ds, 1, "1")]
    while waiting:
        place = next(waiting[-1], None)
        if place is None:
            waiting.pop()
            continue
        _row(outline, place)
        waiting.append(_children(place.item, place.depth + 1, place.number))
    _name_targets(outline)


def _name_targets(outline: Outline) -> None:
    """Say by name what by-reference relationships point to (PS3.3 C.17.3.2.5)."""
    labels = {row.number: row.label or row.type.lower() for row in outline.rows if row.number}
    for index, row in enumerate(outline.rows):
        if row.target:
            label = labels.get(row.target, "an item that is not there")
            outline.rows[index] = replace(row, value=label)


def _children(item: Dataset, depth: int, number: str) -> Iterator[_Place]:
    # Each is let go once it is read: the items of a deep tree are many times its rows.
    for place, child in enumerate(items(item, "ContentSequence"), start=1):
        yield _Place(child, depth, f"{number}.{place}")


def _row(outline: Outline, place: _Place) -> None:
    item = place.item
    target = ".".join(text(item, "ReferencedContentItemIdentifier").split("\\"))
    kind = text(item, "ValueType")
    concept = code(item, "ConceptNameCodeSequence")
    found = content_value(item, kind)
    keyword = _CONTEXT_OF_PEOPLE.get(concept.value, found.keyword)
    outline.add(
        place.depth,
        concept.words,
        found.value,
        kind=RowKind.HEADING if kind == "CONTAINER" else RowKind.ENTRY,
        unit=found.unit,
        vr=found.vr,
        keyword=keyword,
        code=joined(concept.label, found.code, by=" = "),
        type="" if target else kind,
        relationship=text(item, "RelationshipType"),
        number=place.number,
        target=target,
        reference=found.reference,
    )
    _asides(outline, place)


def _asides(outline: Outline, place: _Place) -> None:
    """What stands beside a value: when it was observed, qualifiers, another exact value."""
    item, depth = place.item, place.depth + 1
    outline.attributes(depth, item, "ObservationDateTime")
    for qualifier in items(item, "NumericValueQualifierCodeSequence"):
        outline.coded(depth, "Qualifier", code_of(qualifier))
    for measured in items(item, "MeasuredValueSequence"):
        exact = number(measured, "FloatingPointValue")
        if exact is not None and exact != number(measured, "NumericValue"):
            outline.add(depth, "Exact value", repr(exact))
        outline.attributes(depth, measured, "RationalNumeratorValue", "RationalDenominatorValue")
