"""The HostTable of DCMTK's dcmqrscp.cfg (dcmqrcnf.txt of DCMTK).

An entry is `name = (AETitle, host, port)`, several of these with commas between them, or the names
of other entries: a group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from core.errors import UsageError
from core.modality_files.found import Found, own_name, port_of
from core.model import Modality

_BEGIN = re.compile(r"^\s*HostTable\s+BEGIN\s*$", re.IGNORECASE)
_END = re.compile(r"^\s*HostTable\s+END\s*$", re.IGNORECASE)
_ENTRY = re.compile(r'^\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s=]+))\s*=\s*(?P<value>.*)')
_TRIPLE = re.compile(r"\(([^()]*)\)")


def is_one(text: str) -> bool:
    """Whether `text` has a HostTable."""
    return any(_BEGIN.match(line) for line in text.splitlines())


def read(text: str) -> Iterator[Found]:
    """The hosts in `text`; raises UsageError where its HostTable does not end."""
    groups: dict[str, list[str]] = {}
    found: list[Found] = []
    for number, line in _lines(text):
        entry = _ENTRY.match(line)
        if entry is None:
            found.append(Found(name=line.strip()[:40], why=f"line {number}: no `name = …`"))
            continue
        name = entry["quoted"] if entry["quoted"] is not None else entry["plain"]
        triples = _TRIPLE.findall(entry["value"])
        if triples:
            found += _hosts(name, triples, number)
        else:
            members = [member.strip(' "') for member in entry["value"].split(",")]
            groups[name] = [member for member in members if member]
    known = {one.name for one in found}
    groups_of: dict[str, list[str]] = {}
    for name, members in groups.items():
        for member in members:
            groups_of.setdefault(member, []).append(name)
    for one in found:
        yield _with_groups(one, groups_of.get(one.name, []))
    for name, members in groups.items():
        lost = [member for member in members if member not in known and member not in groups]
        why = f"a group of {len(members)}, kept in the comment of each"
        if lost:
            why = f"a group that names {', '.join(lost[:3])}, which the table does not have"
        yield Found(name=name, why=why, group=not lost)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of every HostTable, without comments and empty ones."""
    inside = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0]
        if _BEGIN.match(line):
            inside = True
        elif _END.match(line):
            inside = False
        elif inside and line.strip():
            yield number, line
    if inside:
        raise UsageError("its HostTable has no end", 'close it with "HostTable END"')


def _hosts(name: str, triples: list[str], number: int) -> Iterator[Found]:
    for triple in triples:
        parts = [part.strip(' \t"') for part in triple.split(",")]
        if len(parts) != 3:
            yield Found(name=name, why=f"line {number}: not (AETitle, host, port)")
            continue
        title, host, port = parts
        own = name if len(triples) == 1 else f"{name}-{own_name(title)}"
        modality = Modality(name=own, ae_title=title, host=host, port=port_of(port))
        notes = () if own == name else (f"one of {len(triples)} hosts of {name}",)
        yield Found(name=own, modality=modality, notes=notes)


def _with_groups(one: Found, groups: list[str]) -> Found:
    if one.modality is None or not groups:
        return one
    word = "group" if len(groups) == 1 else "groups"
    comment = f"{word} {', '.join(groups)}"[:200]
    return replace(one, modality=replace(one.modality, comment=comment))
