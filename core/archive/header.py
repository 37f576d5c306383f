"""What the index needs to know of an object, read from the first bytes of its data set."""

from __future__ import annotations

import contextlib
from typing import Any

from msgspec import Struct, field

from core.archive.attributes import (
    COMMON,
    KEPT,
    KEPT_NESTED,
    LAST_TAG,
    OWN,
    SERIES,
)
from core.archive.decoding import CHARACTER_SET, MAX_VALUE, NUMBERS, ValueDecoder, tidy
from core.archive.elements import (
    DEFLATED,
    UNDEFINED,
    Beginning,
    DamagedError,
    Element,
    Encoding,
    MoreNeededError,
    Source,
    Walk,
    encoding_of,
)
from core.errors import NotDicomError

_MAX_ITEMS = 32

_LOOKED_AT = frozenset((*KEPT, CHARACTER_SET))

_TEXTS = {tag: known for tag, known in KEPT.items() if known[1] != "SQ" and known[1] not in NUMBERS}
_ESC = 0x1B

Values = dict[str, Any]
"""Keyword → text, several values joined by a backslash; a list of such for a sequence."""


class Header(Struct, kw_only=True):
    """The attributes of one object, by the record they go to; empty ones are left out."""

    study: Values = field(default_factory=dict)
    series: Values = field(default_factory=dict)
    common: Values = field(default_factory=dict)
    own: Values = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def study_uid(self) -> str:
        """Study Instance UID (0020,000D)."""
        return str(self.study.get("StudyInstanceUID", ""))

    @property
    def series_uid(self) -> str:
        """Series Instance UID (0020,000E)."""
        return str(self.series.get("SeriesInstanceUID", ""))

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID (0008,0018)."""
        return str(self.own.get("SOPInstanceUID", ""))

    @property
    def sop_class_uid(self) -> str:
        """SOP Class UID (0008,0016)."""
        return str(self.common.get("SOPClassUID", ""))

    @property
    def warning(self) -> str:
        """What is odd about the object, in one line."""
        return "; ".join(dict.fromkeys(self.warnings))


def read_header(source: Source, transfer_syntax_uid: str) -> Header:
    """The header of a data set that is encoded in a transfer syntax.

    A data set that breaks off gives what could be read, with a warning. Raises NotDicomError where
    one of the four UIDs that place an object is missing.
    """
    return HeaderReader(transfer_syntax_uid).finish(source)


def _require_uids(header: Header) -> None:
    missing = [
        name
        for name, value in (
            ("SOPClassUID", header.sop_class_uid),
            ("SOPInstanceUID", header.sop_instance_uid),
            ("StudyInstanceUID", header.study_uid),
            ("SeriesInstanceUID", header.series_uid),
        )
        if not value
    ]
    if missing:
        why = f": {header.warning}" if header.warnings else ""
        raise NotDicomError(f"the data set has no {', '.join(missing)}{why}")


class HeaderReader:
    """Reads the header of one data set, and what it can of it before the data set is whole."""

    def __init__(self, transfer_syntax_uid: str) -> None:
        self._header = Header()
        self._is_deflated = transfer_syntax_uid == DEFLATED
        self._encoding = encoding_of(transfer_syntax_uid)
        self._source = Source(b"", 0)
        self._walk = Walk(self._source)
        self._values = ValueDecoder(self._source, self._encoding, self._header.warnings)
        self._last = -1

    def look(self, head: bytes) -> None:
        """Read what lies in the first bytes of the data set, while the rest is coming."""
        if not self._is_deflated:
            # What is wrong with it is told at the end.
            with contextlib.suppress(MoreNeededError, DamagedError):
                self._read(Beginning(head))

    def finish(self, source: Source) -> Header:
        """The header, of the whole data set; see :func:`read_header`."""
        try:
            if self._is_deflated:
                source = source.inflated()
            self._read(source)
        except DamagedError as error:
            if not source.partial:
                self._header.warnings.append(str(error))
        _require_uids(self._header)
        return self._header

    def _read(self, source: Source) -> None:
        """Go on where an earlier reading ended."""
        self._source = self._walk.source = self._values.source = source
        for element in self._walk.elements(
            self._walk.reached, source.size, self._encoding, _LOOKED_AT, self._keep_plain
        ):
            if element.tag == CHARACTER_SET:
                self._values.choose_codecs(element)
            elif element.tag in KEPT:
                self._keep(element)
            elif element.length == UNDEFINED and element.tag > LAST_TAG:
                # To find its end would mean to walk through all of it: pixels, or frames' headers.
                return
            elif element.tag < self._last and element.tag < 0x00080000:
                raise DamagedError(f"no data set: element ({element.tag:08X})")
            self._last = element.tag

    def _keep_plain(self, tag: int, value: bytes) -> bool:
        """Keep a text of plain ASCII, which is most of them: it means itself in every set."""
        known = _TEXTS.get(tag)
        if known is None or len(value) > MAX_VALUE or not value.isascii() or _ESC in value:
            return False
        keyword, vr = known
        if text := tidy(value.decode("ascii"), vr):
            self._record_of(keyword).setdefault(keyword, text)
        self._last = tag
        return True

    def _keep(self, element: Element) -> None:
        keyword, vr = KEPT[element.tag]
        if vr == "SQ":
            value: Any = self._sequence(element)
        else:
            value = self._values.text(element, vr, keyword)
        if value:
            self._record_of(keyword).setdefault(keyword, value)

    def _record_of(self, keyword: str) -> Values:
        if keyword in OWN:
            return self._header.own
        if keyword in COMMON:
            return self._header.common
        return self._header.series if keyword in SERIES else self._header.study

    def _sequence(self, sequence: Element) -> list[Values]:
        # UN is how an implicit sequence looks to those who do not know it (PS3.5 6.2.2).
        encoding = Encoding(False, True) if sequence.vr == b"UN" else self._encoding
        items: list[Values] = []
        try:
            for start, end in self._walk.items(sequence, encoding):
                if len(items) == _MAX_ITEMS:
                    self._header.warnings.append(f"only {_MAX_ITEMS} items of a sequence are kept")
                    break
                items.append(self._item(start, min(end, self._source.size), encoding))
        except DamagedError as error:
            # Where the sequence ends is known by its own length: what follows may be sound.
            self._header.warnings.append(str(error))
        return [item for item in items if item]

    def _item(self, start: int, end: int, encoding: Encoding) -> Values:
        values: Values = {}
        for element in self._walk.elements(start, end, encoding):
            known = KEPT_NESTED.get(element.tag)
            if known and (text := self._values.text(element, known[1], known[0])):
                values[known[0]] = text
        return values
