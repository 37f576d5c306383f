"""SOP Class Extended Negotiation of the query and retrieve classes, PS3.7 D.3.3.5, PS3.4 C.5.

A byte per ability: the requestor says what it would like, the acceptor what it agrees to.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from core.network.association import Context
from core.network.contexts import FIND, GET, MOVE

RELATIONAL, COMBINED = 0, 1
"""Which byte is about relational queries or retrieval, and about combined date-time matching."""

# Relational queries and combined date-time matching; not fuzzy matching of person names, time zone
# adjustment and conversion of enhanced multi-frame objects (PS3.4 C.5.1.1).
_OF_FIND = b"\1\1"
# Relational retrieval (PS3.4 C.5.2.1, C.5.3.1).
_OF_RETRIEVE = b"\1"
_ABLE = {
    **dict.fromkeys(FIND.values(), _OF_FIND),
    **dict.fromkeys((*MOVE.values(), *GET.values()), _OF_RETRIEVE),
}


def answers(asked: Mapping[str, bytes], accepted: Mapping[int, Context]) -> dict[str, bytes]:
    """What we agree to, per SOP class that has an accepted context: as many bytes as were asked."""
    served = {context.abstract_syntax for context in accepted.values()}
    return {
        uid: bytes(
            int(wish == 1 and index < len(able) and able[index] == 1)
            for index, wish in enumerate(wishes)
        )
        for uid, wishes in asked.items()
        if uid in served and (able := _ABLE.get(uid, b""))
    }


def mark(contexts: Mapping[int, Context], agreed: Mapping[str, bytes]) -> dict[int, Context]:
    """The contexts with what was agreed on for their SOP class."""
    return {
        number: replace(context, agreed=agreed.get(context.abstract_syntax, b""))
        for number, context in contexts.items()
    }


def has(context: Context, ability: int) -> bool:
    """Whether an ability was agreed on."""
    return context.agreed[ability : ability + 1] == b"\1"
