"""The journal's lines in memory, each in the shape that its table has.

A line is a JSON array: table, document id, and the document as it is now or null where it was
removed. Instances are many and alike, so their documents are `Own`, a quarter of what a dict takes;
those of all other tables are dicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec

Document = dict[str, Any]
INSTANCES = "instances"


class Own(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What an instance has to itself; a record is replaced, never changed."""

    s: int
    """The id of its series."""
    c: int
    """The id of its record in `common`."""
    z: int
    """Bytes of its file."""
    v: str
    """The values of `OWN_KEYWORDS` in one text."""


Record = Document | Own
Change = tuple[str, str, Record | None]
"""Table, document id, and the document as it is now; None where it was removed."""


class Line(msgspec.Struct, gc=False, array_like=True, forbid_unknown_fields=True):
    """A line of any table."""

    table: str
    key: str
    document: Document | None


class OwnLine(msgspec.Struct, gc=False, array_like=True, forbid_unknown_fields=True, tag=INSTANCES):
    """A line of the table `instances`."""

    table: ClassVar[str] = INSTANCES
    key: str
    document: Own | None


class _Known(msgspec.Struct, gc=False, array_like=True, forbid_unknown_fields=True):
    """A line of another table of the index; msgspec tells them apart by their tags."""

    key: str
    document: Document | None


class _StudyLine(_Known, tag="studies"):
    table: ClassVar[str] = "studies"


class _SeriesLine(_Known, tag="series"):
    table: ClassVar[str] = "series"


class _CommonLine(_Known, tag="common"):
    table: ClassVar[str] = "common"


AnyLine = Line | OwnLine | _StudyLine | _SeriesLine | _CommonLine

_encode = msgspec.json.Encoder().encode
_known = msgspec.json.Decoder(OwnLine | _StudyLine | _SeriesLine | _CommonLine)
_any = msgspec.json.Decoder(Line)


def encode_changes(changes: Iterable[Change]) -> bytes:
    """Journal lines of some changes."""
    return b"".join([_encode(change) + b"\n" for change in changes])


def decode_lines(data: bytes) -> list[AnyLine] | None:
    """Whole lines of the index's own tables; None where not each is one, or the last has no end."""
    if not data.endswith(b"\n"):
        return None
    try:
        lines: list[AnyLine] = _known.decode_lines(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    # A blank line is passed over by msgspec, but none of ours.
    return lines if len(lines) == data.count(b"\n") else None


def decode_line(data: bytes) -> AnyLine | None:
    """One line of any table; None where it is damaged."""
    if not data.endswith(b"\n"):
        return None
    for decoder in (_known, _any):
        try:
            line: AnyLine = decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        return line
    return None


def as_record(table: str, document: Record | None) -> Record | None:
    """A document in the shape that its table has; TypeError where it is none of that table."""
    if table != INSTANCES or document is None or isinstance(document, Own):
        return document
    try:
        return msgspec.convert(document, Own)
    except msgspec.ValidationError as error:
        raise TypeError(f"no record of an instance: {error}") from error


def as_document(record: Record) -> Document:
    """A record as a dict."""
    return msgspec.structs.asdict(record) if isinstance(record, Own) else record
