"""Reads a foreign configuration, whatever it is, and says what would become of each modality."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from core.errors import UsageError
from core.modality_files import dcmqrscp, orthanc
from core.modality_files.found import Found, own_name
from core.model import Candidate, Fate, Modality
from core.settings import modality_faults, modality_warnings

MAX_BYTES = 4 << 20
"""A configuration of thousands of modalities has some hundred kilobytes."""
MAX_MODALITIES = 2000
MAX_FILES = 200
_TAKEN = ("ae_title", "host", "port", "allow", "tls")
"""What such a file says of a modality; the rest stays as it is here."""


def candidates(
    path: Path, known: Mapping[str, Modality], own_ae_title: str
) -> tuple[Candidate, ...]:
    """What importing `path` would do beside the modalities `known`; changes nothing.

    `path` is an Orthanc configuration (a file, or a folder of them), the answer of Orthanc's
    `/modalities?expand`, or a dcmqrscp.cfg. Raises UsageError, in one line, for anything else.
    """
    found = list(islice(_found(path), MAX_MODALITIES + 1))
    if not found:
        raise UsageError(
            f"{path}: there is no modality in it", "perhaps they are all commented out"
        )
    if len(found) > MAX_MODALITIES:
        raise UsageError(f"{path}: more than {MAX_MODALITIES} modalities", "split the file")
    return tuple(_judged(found, known, own_ae_title))


def _found(path: Path) -> Iterator[Found]:
    if not path.is_dir():
        yield from _of_file(path)
        return
    files = sorted(path.glob("*.json"))[:MAX_FILES]
    faults = []
    for file in files:  # Orthanc reads every JSON of its folder, and one of them has the section
        try:
            yield from _of_file(file)
        except UsageError as exc:
            faults.append(exc)
    if len(faults) == len(files):
        raise (
            faults[0]
            if len(faults) == 1
            else UsageError(
                f"{path}: none of its {len(files)} JSON files names modalities", "name the file"
            )
        )


def _of_file(path: Path) -> Iterator[Found]:
    text = _text(path)
    try:
        if dcmqrscp.is_one(text):
            yield from dcmqrscp.read(text)
        elif text.lstrip("\ufeff \t\r\n").startswith(("{", "/", "[")):
            yield from orthanc.read(text.lstrip("\ufeff"))
        else:
            raise UsageError("neither an Orthanc JSON nor a dcmqrscp.cfg", "name one of these")
    except UsageError as exc:
        raise UsageError(f"{path}: {exc.message}", exc.hint) from None


def _text(path: Path) -> str:
    """What is in a file; raises UsageError for what is none, too large, or no text."""
    try:
        # Without waiting: whoever should write to a pipe may never come.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{path}: no file", "name a file, or a folder with Orthanc's")
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        raise UsageError(f"{path}: {reason}", "name a file that can be read") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: larger than any configuration", "name another file")
    if b"\0" in data:
        raise UsageError(f"{path}: binary, no text", "name a configuration file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _judged(
    found: Iterable[Found], known: Mapping[str, Modality], own_ae_title: str
) -> Iterator[Candidate]:
    taken: dict[str, Modality] = {}
    for one in found:
        candidate = _judge(one, known, taken)
        modality = candidate.modality
        if modality is not None and candidate.fate is not Fate.SAME:
            others = [*known.values(), *taken.values()]
            odd = modality_warnings(modality, others, own_ae_title)
            candidate = replace(candidate, notes=(*candidate.notes, *odd[:3]))
            taken[modality.name] = modality
        yield candidate


def _judge(one: Found, known: Mapping[str, Modality], taken: Mapping[str, Modality]) -> Candidate:
    if one.group:
        return Candidate(name=one.name, fate=Fate.GROUP, why=one.why)
    if one.modality is None:
        return Candidate(name=one.name, fate=Fate.LEFT_OUT, why=one.why)
    name = own_name(one.modality.name)
    notes = one.notes if name == one.name else (*one.notes, f'named "{name}" here')
    modality = replace(one.modality, name=name)
    faults = modality_faults(modality)
    if faults:
        return Candidate(name=one.name, fate=Fate.LEFT_OUT, why=_first(faults))
    if name in taken:
        why = f'another one in the file is named "{name}" too'
        return Candidate(name=one.name, fate=Fate.LEFT_OUT, why=why)
    here = known.get(name)
    if here is None:
        return Candidate(name=one.name, fate=Fate.NEW, modality=modality, notes=notes)
    merged = replace(here, **{key: getattr(modality, key) for key in _TAKEN})
    if merged == here:
        return Candidate(name=one.name, fate=Fate.SAME, modality=here, why="it is here already")
    why = "here it is " + ", ".join(_differences(here, modality))
    return Candidate(name=one.name, fate=Fate.CLASH, modality=merged, why=why, notes=notes)


def _first(faults: Mapping[str, str]) -> str:
    key, fault = next(iter(faults.items()))
    if key == "port":
        return "port: a TCP port is a number from 1 to 65535"
    return f"{ {'ae_title': 'AE title'}.get(key, key) }: {fault}"


def _differences(here: Modality, there: Modality) -> Iterator[str]:
    if here.ae_title != there.ae_title:
        yield f"AE title {here.ae_title}"
    if (here.host, here.port) != (there.host, there.port):
        yield f"at {here.host}:{here.port}"
    if here.tls != there.tls:
        yield "by TLS" if here.tls else "without TLS"
    if set(here.allow) != set(there.allow):
        yield f"allowed {', '.join(op.value for op in here.allow) or 'nothing'}"
