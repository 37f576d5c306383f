"""The items of an A-ASSOCIATE PDU (PS3.8 9.3.2, annex D), made fit for pynetdicom's codec.

The codec gives up a whole PDU for one bad UID, and pydicom warns of others on stderr, where they
come from outside. Here a presentation context with a UID that is none is given one that nobody
serves, so that it alone is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from core.archive.files import is_valid_uid
from core.network.faults import ProtocolError

NO_UID = "1.2.840.10008.0"
"""Stands for a UID that is none: within DICOM's root, and registered for nothing."""

_NO_TRANSFER_SYNTAX = "2.25.0"
NO_UIDS = (NO_UID, _NO_TRANSFER_SYNTAX)
"""What stands for a UID that is none."""

_ITEM = struct.Struct(">BxH")
_LENGTH = struct.Struct(">H")
_FIXED = 68  # bytes before the items of an A-ASSOCIATE body
TITLES = slice(4, 36)
"""Where called and calling AE title lie in an A-ASSOCIATE body."""

_ANY_TITLES = b"X".ljust(16) * 2
_APPLICATION_CONTEXT, _USER_INFORMATION = 0x10, 0x50
_PROPOSED, _ANSWERED = 0x20, 0x21
_ABSTRACT_SYNTAX, _TRANSFER_SYNTAX = 0x30, 0x40
_MAXIMUM_LENGTH, _ROLES, _EXTENDED = 0x51, 0x54, 0x56
"""What else peers tell of themselves, they get wrong now and then (names that are too long, filled
up with NUL), and nothing depends on it."""
_MAX_SYNTAXES = 256
MAX_CONTEXTS = 128  # odd ids from 1 to 255, PS3.8 9.3.2.2
_MAX_ABILITIES = 512  # a role and an ability for each context, and some


def known_items(body: memoryview) -> bytes:
    """The body of an A-ASSOCIATE-RQ or -AC without what we make nothing of.

    Items of unknown type are to be ignored (PS3.8 9.3.1). The titles are left out as well: the
    codec takes no damaged ones, and nobody could be told why. Raises ProtocolError where there are
    more contexts, syntaxes or roles than anybody has: the codec would take long to compare them.
    """
    fixed = bytearray(body[:_FIXED])
    fixed[TITLES] = _ANY_TITLES
    kept = [bytes(fixed)]
    contexts = abilities = 0
    for kind, item in _items(body[_FIXED:]):
        if kind in (_PROPOSED, _ANSWERED):
            contexts += 1
            if contexts > MAX_CONTEXTS:
                raise ProtocolError("too many presentation contexts")
            kept.append(_context(kind, item))
        elif kind == _USER_INFORMATION:
            inner = [bytes(i) for k, i in _items(item[4:]) if _is_of_use(k, i)]
            abilities += len(inner)
            if abilities > _MAX_ABILITIES:
                raise ProtocolError("too many roles and abilities")
            kept.append(_item(kind, b"".join(inner)))
        elif kind == _APPLICATION_CONTEXT:
            kept.append(_item(kind, (_uid(item[4:]) or NO_UID).encode()))
    return b"".join(kept)


def _items(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Type and bytes, header included, of each item."""
    offset = 0
    while offset < len(data):
        kind, length = _ITEM.unpack_from(data, offset)
        end = offset + 4 + length
        if end > len(data):
            raise ProtocolError("an item longer than its PDU")
        yield kind, data[offset:end]
        offset = end


def _item(kind: int, data: bytes) -> bytes:
    return _ITEM.pack(kind, len(data)) + data


def _context(kind: int, item: memoryview) -> bytes:
    """A presentation context whose syntaxes are all UIDs."""
    syntaxes = list(_items(item[8:]))
    if len(syntaxes) > _MAX_SYNTAXES:
        raise ProtocolError("a presentation context with too many transfer syntaxes")
    kept = [
        (inner, _uid(data[4:]) or (NO_UID if inner == _ABSTRACT_SYNTAX else ""))
        for inner, data in syntaxes
        if inner in (_ABSTRACT_SYNTAX, _TRANSFER_SYNTAX)
    ]
    usable = [(inner, uid) for inner, uid in kept if uid]
    if kind == _PROPOSED and len(kept) > len(usable) == 1:
        usable.append((_TRANSFER_SYNTAX, _NO_TRANSFER_SYNTAX))
    return _item(kind, bytes(item[4:8]) + b"".join(_item(i, uid.encode()) for i, uid in usable))


def _is_of_use(kind: int, item: memoryview) -> bool:
    """Whether the negotiation heeds an item of the user information, PS3.7 D.3.3."""
    if kind not in (_ROLES, _EXTENDED):
        return kind == _MAXIMUM_LENGTH
    (length,) = _LENGTH.unpack_from(item, 4)
    # About a SOP class that is no UID: the context it belongs to is refused.
    return bool(_uid(item[6 : 6 + length]))


def _uid(raw: memoryview) -> str:
    """A UID without the padding that some send; empty where it is none (PS3.5 9.1)."""
    text = bytes(raw).decode("latin-1").rstrip("\0 ")
    return text if is_valid_uid(text) else ""
