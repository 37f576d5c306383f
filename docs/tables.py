"""Writes the tables of the conformance statement from the code: `python -m docs.tables`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydicom.charset import python_encoding
from pydicom.uid import UID, UID_dictionary

from core.archive import attributes
from core.model import Level
from core.network import contexts, pdu

STATEMENT = Path(__file__).parent / "conformance.md"
_BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(text: str) -> str:
    """Fill the generated blocks of the statement."""
    return _BLOCK.sub(lambda found: found[1] + TABLES[found["name"]]() + found[3], text)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _name(uid: str) -> str:
    return str(UID(uid).name)


def _services() -> str:
    served = [
        contexts.VERIFICATION,
        *contexts.FIND.values(),
        *contexts.MOVE.values(),
        *contexts.GET.values(),
        contexts.COMMITMENT,
    ]
    both = [(_name(uid), uid, "yes", "yes" if contexts.operation(uid) else "no") for uid in served]
    worklist = "yes" if contexts.operation(contexts.WORKLIST) else "no"
    rows = [
        *both,
        (_name(contexts.WORKLIST), contexts.WORKLIST, "yes", worklist),
        ("Storage SOP classes (4.1.1)", "see there", "yes", "yes"),
    ]
    return table(("SOP class", "UID", "SCU", "SCP"), rows)


def _storage() -> str:
    return table(("SOP class", "UID"), ((_name(uid), uid) for uid in sorted(contexts.STORAGE)))


def _syntaxes() -> str:
    uids = sorted(uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax")
    return table(("transfer syntax", "UID"), ((_name(uid), uid) for uid in uids))


def _implementation() -> str:
    rows = (
        ("Implementation Class UID", pdu.IMPLEMENTATION_CLASS_UID),
        ("Implementation Version Name", pdu.IMPLEMENTATION_VERSION_NAME),
    )
    return table(("item", "value"), rows)


def _attributes() -> str:
    tags = {keyword: tag for tag, (keyword, _) in attributes.KEPT.items()}
    tags.update((keyword, tag) for keyword, (tag, _, _) in attributes.COMPUTED.items())
    order = list(Level)
    found = sorted(
        attributes.LEVELS.items(), key=lambda item: (order.index(item[1]), tags[item[0]])
    )
    rows = (
        (
            level.value,
            keyword,
            f"({tags[keyword] >> 16:04X},{tags[keyword] & 0xFFFF:04X})",
            "computed" if keyword in attributes.COMPUTED else "index",
        )
        for keyword, level in found
    )
    return table(("level", "attribute", "tag", "from"), rows)


def _character_sets() -> str:
    terms = sorted(term for term in python_encoding if term)
    return table(("defined term", "decoded as"), ((term, python_encoding[term]) for term in terms))


TABLES = {
    "services": _services,
    "storage": _storage,
    "transfer-syntaxes": _syntaxes,
    "implementation": _implementation,
    "attributes": _attributes,
    "character-sets": _character_sets,
}

if __name__ == "__main__":
    STATEMENT.write_text(render(STATEMENT.read_text()))
