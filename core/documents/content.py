"""The value of one content item of a structured report in words (PS3.3 C.17.3.2, C.18)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from pydicom.dataset import Dataset

from core.documents.outline import joined, listed
from core.documents.words import (
    class_name,
    code,
    item,
    items,
    numbers,
    plain,
    reference,
    several,
    text,
)
from core.model.documents import ObjectReference

POINTS = 200
"""Points of a shape that are written out."""
_PLAIN = {
    "TEXT": ("TextValue", ""),
    "PNAME": ("PersonName", "PN"),
    "DATE": ("Date", "DA"),
    "TIME": ("Time", "TM"),
    "DATETIME": ("DateTime", "DT"),
    "UIDREF": ("UID", ""),
}


class ContentValue(Struct, frozen=True, kw_only=True):
    """What a content item says."""

    value: str = ""
    unit: str = ""
    vr: str = ""
    keyword: str = ""
    code: str = ""
    reference: ObjectReference | None = None


def content_value(ds: Dataset, kind: str) -> ContentValue:
    """The value of a content item by its Value Type; of unknown types nothing."""
    if kind in _PLAIN:
        return _plain(ds, kind)
    return _OTHERS[kind](ds) if kind in _OTHERS else ContentValue()


def _plain(ds: Dataset, kind: str) -> ContentValue:
    keyword, vr = _PLAIN[kind]
    value = text(ds, keyword)
    if kind == "UIDREF" and (named := class_name(value)) != value:
        value = f"{named} ({value})"
    return ContentValue(value=value, vr=vr, keyword=keyword)


def _number(ds: Dataset) -> ContentValue:
    measured = items(ds, "MeasuredValueSequence")
    if not measured:
        return ContentValue(value="no value")
    unit = code(measured[0], "MeasurementUnitsCodeSequence")
    # The unit one is no word to read (PS3.16 CID 82).
    shown = "" if unit.value == "1" and unit.scheme == "UCUM" else unit.value or unit.meaning
    if unit.scheme != "UCUM":
        shown = unit.meaning or shown
    return ContentValue(
        value=listed(text(measured[0], "NumericValue")), unit=shown, code=unit.label
    )


def _code(ds: Dataset) -> ContentValue:
    found = code(ds, "ConceptCodeSequence")
    return ContentValue(value=found.words, code=found.label)


def _object(ds: Dataset) -> ContentValue:
    referred = item(ds, "ReferencedSOPSequence")
    found = reference(referred)
    if found is None:
        return ContentValue(value="no object named")
    seen_by = item(referred, "ReferencedSOPSequence")
    state = reference(seen_by)
    value = joined(found.sop_class, found.part, f"shown by {state.sop_class}" if state else "")
    return ContentValue(value=value or "object", reference=found)


def _shape(ds: Dataset, dimensions: int) -> str:
    values = numbers(ds, "GraphicData")
    points = [values[at : at + dimensions] for at in range(0, len(values), dimensions)]
    written = " ".join(f"({', '.join(plain(v, 6) for v in point)})" for point in points[:POINTS])
    more = " …" if len(points) > POINTS else ""
    kind = text(ds, "GraphicType").lower() or "shape"
    return f"{kind}, {several(len(points), 'point')}: {written}{more}"


def _in_image(ds: Dataset) -> ContentValue:
    volume = text(ds, "PixelOriginInterpretation").lower()
    return ContentValue(value=joined(_shape(ds, 2), volume and f"of the {volume}"))


def _in_space(ds: Dataset) -> ContentValue:
    return ContentValue(value=f"{_shape(ds, 3)} mm")


def _in_time(ds: Dataset) -> ContentValue:
    """Temporal coordinates (PS3.3 C.18.7)."""
    kind = text(ds, "TemporalRangeType").lower()
    ways = (
        ("ReferencedTimeOffsets", "at {} s"),
        ("ReferencedSamplePositions", "at sample {}"),
        ("ReferencedDateTime", "at {}"),
    )
    found = (words.format(listed(text(ds, k))) for k, words in ways if text(ds, k))
    return ContentValue(value=joined(kind, *found))


def _table(ds: Dataset) -> ContentValue:
    rows, columns = text(ds, "NumberOfTableRows"), text(ds, "NumberOfTableColumns")
    return ContentValue(value=f"table of {rows} rows and {columns} columns")


_OTHERS: dict[str, Callable[[Dataset], ContentValue]] = {
    "NUM": _number,
    "CODE": _code,
    "IMAGE": _object,
    "COMPOSITE": _object,
    "WAVEFORM": _object,
    "SCOORD": _in_image,
    "SCOORD3D": _in_space,
    "TCOORD": _in_time,
    "TABLE": _table,
}
