"""Two data sets side by side: what was changed, added and removed.

Elements are matched by their path: items of sequences by their place, private elements by their
creator and not by the block that he happened to get. Group lengths are left out, for they say
nothing of their own (PS3.5 7.2), and so is the padding of text.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from core.dump.pages import clear
from core.dump.rows import MAX_ROWS, rows
from core.dump.source import opened
from core.model import Change, Comparison, Difference, ElementRow, ValuePlace

_PIECE = 1 << 20
_WORDS = {"OW": "H", "OF": "I", "OL": "I", "OD": "Q", "OV": "Q"}
_PRIVATE = re.compile(r"\[([0-9A-F]{4}),([0-9A-F]{2})([0-9A-F]{2})\]")


class Side(Struct, frozen=True):
    """One of the two: its elements by what they are matched by, and the file of their values."""

    elements: dict[str, ElementRow]
    order: dict[str, tuple[str, ...]]
    """Where each stands: tags and places of items, from the data set down."""
    file: Path | None = None
    notes: tuple[str, ...] = ()


def compare(left: Path, right: Path) -> Comparison:
    """Compare two files; long and binary values by a digest. Raises NotDicomError."""
    return _compared(side(left), side(right))


def compare_series(left: Iterable[Path], right: Iterable[Path]) -> Comparison:
    """Compare what each series says alike in all of its objects; raises NotDicomError."""
    return _compared(common(left), common(right))


def side(file: Path) -> Side:
    """The elements of a file."""
    found: dict[str, ElementRow] = {}
    notes: list[str] = []
    creators: dict[str, str] = {}
    order: dict[str, tuple[str, ...]] = {}
    above: tuple[str, ...] = ()
    for row in rows(file):
        if not row.tag:
            notes += [row.value] if row.name == "Warning" else []
            continue
        above = (*above[: row.depth], f"{_place_of(row):09}" if row.is_item else row.tag)
        if not (row.is_item or row.tag.endswith(",0000)")):
            key = _unique(found, _matched_by(row, creators))
            found[key], order[key] = row, above
    return Side(found, order, file, tuple(notes))


def _place_of(item: ElementRow) -> int:
    return int(item.path.rpartition("[")[2].rstrip("]"))


def common(files: Iterable[Path]) -> Side:
    """The elements that all the files have, with one value; bulk data are left out."""
    shared: dict[str, ElementRow] = {}
    order: dict[str, tuple[str, ...]] = {}
    for number, file in enumerate(files):
        other = side(file)
        if number == 0:
            shared, order = other.elements, other.order
        shared = {
            key: row
            for key, row in shared.items()
            if key in other.elements and _alike(row, other.elements[key])
        }
    return Side(shared, order)


def _alike(row: ElementRow, other: ElementRow) -> bool:
    return row.value == other.value and not _is_cut(other)


def _unique(found: dict[str, ElementRow], key: str) -> str:
    """An element that stands in a data set twice is two."""
    count = 1
    unique = key
    while unique in found:
        count += 1
        unique = f"{key}#{count}"
    return unique


def _matched_by(row: ElementRow, creators: dict[str, str]) -> str:
    """The path with private blocks named by their creators."""
    if "[" not in row.path:
        return row.path
    if row.is_private and row.creator:
        creators[row.path] = row.creator
    parts: list[str] = []
    at = 0
    for found in _PRIVATE.finditer(row.path):
        creator = creators.get(row.path[: found.end()])
        parts.append(row.path[at : found.start()])
        parts.append(f"[{found[1]},{creator},{found[3]}]" if creator else found[0])
        at = found.end()
    if row.is_private and row.name == "Private Creator":
        return f"{''.join(parts[:-1])}[{row.tag[1:5]}]={row.value}"
    return "".join(parts) + row.path[at:]


def _compared(left: Side, right: Side) -> Comparison:
    differences: list[Difference] = []
    equal = 0
    for key in _in_order(left, right):
        found = _difference(left, right, key)
        if found is None:
            equal += 1
        else:
            differences.append(found)
    notes = [f"left: {note}" for note in left.notes] + [f"right: {note}" for note in right.notes]
    if max(len(left.elements), len(right.elements)) >= MAX_ROWS:
        notes.append(f"only the first {MAX_ROWS:,} elements were compared")
    return Comparison(differences=tuple(differences), equal=equal, notes=tuple(notes))


def _in_order(left: Side, right: Side) -> list[str]:
    """What one of the two has, in the order of the tags."""
    keys = dict.fromkeys((*left.elements, *right.elements))
    return sorted(keys, key=lambda key: left.order[key] if key in left.order else right.order[key])


def _difference(left: Side, right: Side, key: str) -> Difference | None:
    one, other = left.elements.get(key), right.elements.get(key)
    if other is None:
        return _described(one, Change.REMOVED, left=_shown(left, one)) if one else None
    if one is None:
        return _described(other, Change.ADDED, right=_shown(right, other))
    known = not (one.is_vr_implied or other.is_vr_implied)
    same_vr = one.vr == other.vr or not known
    if same_vr and _same_value(left, one, right, other):
        return None
    vr = one.vr if same_vr else f"{one.vr} → {other.vr}"
    shown = _described(one, Change.CHANGED, left=_shown(left, one), right=_shown(right, other))
    return replace(shown, vr=vr)


def _described(row: ElementRow, change: Change, *, left: str = "", right: str = "") -> Difference:
    return Difference(
        change=change,
        path=row.path,
        tag=row.tag,
        vr=row.vr,
        keyword=row.keyword,
        name=row.name,
        left=left,
        right=right,
        is_private=row.is_private,
        creator=row.creator,
    )


def _same_value(left: Side, one: ElementRow, right: Side, other: ElementRow) -> bool:
    if one.is_sequence or other.is_sequence:
        return one.is_sequence == other.is_sequence and one.vm == other.vm
    if not _is_cut(one) and not _is_cut(other):
        return one.value == other.value
    if one.place is None or other.place is None or left.file is None or right.file is None:
        return one.value == other.value
    if one.place.size != other.place.size:
        return False
    return digest(left.file, one.place) == digest(right.file, other.place)


def _is_cut(row: ElementRow) -> bool:
    """Whether the row does not show all of the value."""
    return row.value.endswith("…") or (row.length is None and not row.is_sequence)


def _shown(of: Side, row: ElementRow) -> str:
    if not _is_cut(row) or row.place is None or of.file is None:
        return row.value
    begin = row.value if row.length is None else f"{row.place.size:,} bytes"
    word = f"{begin}, digest {digest(of.file, row.place)[:12]}"
    return word if row.place.vr[:1] in ("O", "U") else f"{row.value} ({word})"


def digest(file: Path, place: ValuePlace) -> str:
    """The BLAKE2b digest of a value in hexadecimal; words count as if they were little endian."""
    found = blake2b(digest_size=16)
    with opened(file) as source:
        bytes_of_it = clear(source) if place.deflated else source
        for start in range(0, place.size, _PIECE):
            piece = bytes_of_it.at(place.offset + start, min(_PIECE, place.size - start))
            found.update(_little_endian(piece, place))
    return found.hexdigest()


def _little_endian(piece: bytes, place: ValuePlace) -> bytes:
    code = _WORDS.get(place.vr)
    if not place.big_endian or code is None or len(piece) % array(code).itemsize:
        return piece
    words = array(code, piece)
    words.byteswap()
    return words.tobytes()
