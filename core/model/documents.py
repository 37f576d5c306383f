"""What an object holds that is no image, as rows to read: reports, letters, plans, curves.

One form serves all kinds: an outline of rows, some of them rows of tables. Values are as DICOM
writes them (`vr` says how); whoever shows them makes names and dates readable, and text harmless.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class RowKind(str, Enum):
    """What a row of a document is."""

    ENTRY = "entry"
    """A name and its value."""
    HEADING = "heading"
    TEXT = "text"
    """A paragraph, as it came from outside: it may tell who the patient is."""
    HEAD = "head"
    """The head of a table: `cells` are the names of its columns."""
    CELLS = "cells"
    """A row of the table begun by the last head of the same depth."""
    NOTE = "note"
    """A word of ours: something is missing, damaged or left out."""


class ObjectReference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An object that a document points to (PS3.3 10.3)."""

    sop_class_uid: str = ""
    sop_class: str = ""
    """The class in words."""
    sop_instance_uid: str
    study_uid: str = ""
    series_uid: str = ""
    part: str = ""
    """Which part of it is meant: frames, segments, channels."""


class DocumentRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a document, below the nearest row before it that is less deep."""

    depth: int
    kind: RowKind = RowKind.ENTRY
    label: str = ""
    """What it is: a concept's name, an attribute's name, a heading."""
    value: str = ""
    """Text in full; several values joined by a backslash."""
    unit: str = ""
    vr: str = ""
    """Value Representation of `value` where it is to be read as one: DA, TM, DT, PN."""
    keyword: str = ""
    """The attribute it came from, which says whether it tells who the patient is."""
    code: str = ""
    """Code value and scheme of the concept: `121071 DCM`."""
    type: str = ""
    """Value Type of a content item (PS3.3 C.17.3.2.1)."""
    relationship: str = ""
    """Relationship Type to the content item above it (PS3.3 C.17.3.2.4)."""
    number: str = ""
    """Place among the content items: `1.2.1` (PS3.3 C.17.3.2.5)."""
    target: str = ""
    """Place of the content item that this one points to."""
    cells: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    """Of a head: the attribute that each column shows, empty where it is none."""
    reference: ObjectReference | None = None


class Attachment(Struct, frozen=True, kw_only=True):
    """A document of another format, embedded in an object (PS3.3 C.24.2)."""

    mime: str
    """What the object says it is."""
    extension: str
    """The usual ending of such a file, with its dot; by the object's class, not by its word."""
    size: int
    """Bytes."""


class PlotChannel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One curve of a plot."""

    label: str
    unit: str = ""
    """Of the samples; empty where there is none."""
    samples: bytes
    """32-bit floats, little endian, NaN where there is no value."""
    remark: str = ""
    """Sensitivity, filters, anything else to know of it."""


class PlotMark(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A mark on a plot: at a time, over a span, or of the whole (PS3.3 C.10.10)."""

    text: str
    channels: tuple[int, ...] = ()
    """Indices of channels; empty: of all."""
    times: tuple[float, ...] = ()
    """Seconds from the first sample."""


class Plot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Curves over one axis of time: the channels of a multiplex group (PS3.3 C.10.9.1)."""

    label: str
    frequency: float
    """Samples per second of each channel, above 0."""
    channels: tuple[PlotChannel, ...]
    offset: float = 0.0
    """Seconds from the acquisition's time reference to the first sample."""
    marks: tuple[PlotMark, ...] = ()


class Document(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an object says, to be read from the top."""

    sop_class_uid: str
    sop_class: str
    """The class in words."""
    title: str
    rows: tuple[DocumentRow, ...]
    attachment: Attachment | None = None
    plots: tuple[Plot, ...] = ()
