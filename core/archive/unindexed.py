"""Attributes that the index does not keep, read from an object's file when a query asks for them.

So a query may ask for any attribute, private ones by their creator, and match on it; binary values
are left out. It costs one file for each entity that the indexed keys leave.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydicom.datadict import keyword_for_tag

from core.archive.decoding import CHARACTER_SET, ValueDecoder
from core.archive.elements import (
    DEFLATED,
    DamagedError,
    Element,
    Encoding,
    Source,
    Walk,
    encoding_of,
)
from core.archive.entities import Held
from core.archive.filemeta import read_meta
from core.archive.files import ObjectFiles
from core.archive.keys import Key, vr_of
from core.archive.rows import FileReader
from core.errors import NotDicomError

_HEAD = 32 << 10
_IN_NO_OBJECT = frozenset(
    ("RetrieveURL", "RetrieveURI", "StorageMediaFileSetID", "StorageMediaFileSetUID")
)
"""Keys about the archive, not of objects; viewers ask for them with every study."""
_PIXELS = 0x7FE00000
_BINARY = frozenset(("AT", "OB", "OD", "OF", "OL", "OV", "OW", "SV", "UV"))
_NO_VR = (b"", b"UN")
_DEPTH = 4
_MAX_ITEMS = 32


def reader(files: ObjectFiles | None, keys: Sequence[Key]) -> FileReader:
    """A reader of what some keys ask for beyond the index; it never raises."""
    wanted = [
        key
        for key in keys
        if key.level is None
        and not (key.is_creator or key.vr in _BINARY or key.keyword in _IN_NO_OBJECT)
    ]
    if files is None or not wanted:
        return lambda held: {}
    plain = {key.tag: key for key in wanted if not key.creator}
    private = {(key.tag >> 16, key.creator, key.tag & 0xFF): key for key in wanted if key.creator}
    asked = _Asked(plain, private)

    def read(held: Held) -> Mapping[int, Any]:
        try:
            return asked.read(Path(files.place_of(held)))
        except (OSError, NotDicomError):
            return {}

    return read


class _Asked:
    """The attributes that are wanted of each file."""

    def __init__(
        self, plain: Mapping[int, Key], private: Mapping[tuple[int, str, int], Key]
    ) -> None:
        self._plain = plain
        self._private = private
        groups = {group for group, _, _ in private}
        creators = {group << 16 | n for group in groups for n in range(0x10, 0x100)}
        # The block of a creator is known only when it is met: each one may be it.
        blocks = {
            group << 16 | block << 8 | number
            for group, _, number in private
            for block in range(0x10, 0x100)
        }
        self._tags = frozenset((CHARACTER_SET, *plain, *creators, *blocks))
        self._last = max(self._tags)

    def read(self, path: Path) -> dict[int, Any]:
        """Tag as asked for → text or items, of what the file has."""
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            meta = read_meta(file, size)
            head = os.pread(file.fileno(), _HEAD, meta.offset)
            source = Source(head, size - meta.offset, file.fileno(), meta.offset)
            found: dict[int, Any] = {}
            try:
                if meta.transfer_syntax_uid == DEFLATED:
                    source = source.inflated()
                self._collect(source, meta.transfer_syntax_uid, found)
            except DamagedError:
                pass  # what could be read is told
            return found

    def _collect(self, source: Source, syntax: str, found: dict[int, Any]) -> None:
        encoding = encoding_of(syntax)
        values = ValueDecoder(source, encoding, [])
        walk = Walk(source)
        creators: dict[int, str] = {}
        for element in walk.elements(0, source.size, encoding, self._tags):
            tag = element.tag
            if tag > self._last or tag >= _PIXELS:
                return
            if tag == CHARACTER_SET:
                values.choose_codecs(element)
            elif tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
                creators[tag >> 16 << 16 | (tag & 0xFF) << 8] = values.text(element, "LO", "")
            elif tag in self._tags:
                key = self._plain.get(tag) or self._private.get(
                    (tag >> 16, creators.get(tag & 0xFFFFFF00, ""), tag & 0xFF)
                )
                if key is not None:
                    value = _Value(walk, encoding, values).read(element, key.vr, _DEPTH)
                    found[key.tag] = value


class _Value(NamedTuple):
    """What it takes to read a value: sequences are walked, in the encoding of their data set."""

    walk: Walk
    encoding: Encoding
    values: ValueDecoder

    def read(self, element: Element, known_vr: str, depth: int) -> Any:
        """Text, or a list of items; empty where it is neither, or nested too deep."""
        vr = known_vr if element.vr in _NO_VR else element.vr.decode("ascii")
        if vr in _BINARY or (known_vr == "SQ") != (vr == "SQ"):
            return ""
        if vr == "SQ":
            return self._items(element, depth - 1) if depth else []
        return _printable(self.values.text(element, vr, ""), vr)

    def _items(self, sequence: Element, depth: int) -> list[dict[str, Any]]:
        # UN is how an implicit sequence looks to those who do not know it (PS3.5 6.2.2).
        encoding = Encoding(False, True) if sequence.vr == b"UN" else self.encoding
        inner = self._replace(encoding=encoding)
        end_of_all = self.walk.source.size
        found: list[dict[str, Any]] = []
        for start, end in self.walk.items(sequence, encoding):
            if len(found) == _MAX_ITEMS:
                break
            item = {}
            for element in self.walk.elements(start, min(end, end_of_all), encoding):
                if keyword := keyword_for_tag(element.tag):
                    item[keyword] = inner.read(element, vr_of(element.tag), depth)
            found.append(item)
        return found


def _printable(text: str, vr: str) -> str:
    """Text that is of a VR nobody knows only where it can be text."""
    return text if vr != "UN" or text.isprintable() else ""
