"""The modalities of an Orthanc: its configuration, or what its REST API says of them.

`DicomModalities` has a modality as an array `[AET, host, port, manufacturer]` or as an object with
`AET`, `Host`, `Port`, `Manufacturer`, `Allow…` and more (Orthanc Book, "Configuration"). Its
`Allow…` say what the modality may ask of Orthanc, as our `allow` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from core.errors import UsageError
from core.modality_files.comments import plain_json
from core.modality_files.found import Found, port_of
from core.model import ALL_OPERATIONS, Modality, Operation

_SECTION = "DicomModalities"
_ALLOW: Mapping[str, tuple[Operation, ...]] = {
    "AllowEcho": (Operation.ECHO,),
    "AllowFind": (Operation.FIND,),
    "AllowMove": (Operation.MOVE,),
    "AllowGet": (Operation.GET,),
    "AllowStore": (Operation.STORE,),
    "AllowStorageCommitment": (Operation.COMMIT,),
    "AllowNAction": (Operation.COMMIT,),
}
_NOT_HERE = {
    "LocalAet": "Orthanc calls it by another AE title of its own (LocalAet); we have one only",
    "Timeout": "its own time limit (Timeout) is not taken along",
}
_IGNORED = frozenset(
    {"AET", "Host", "Port", "Manufacturer", "UseDicomTls", "AllowEventReport"}
    | {"AllowFindWorklist", "AllowTranscoding"}
)


def read(text: str) -> Iterator[Found]:
    """The modalities in `text`; raises UsageError where it is no such JSON."""
    table = _table(_parsed(text))
    for name, value in table.items():
        yield _entry(name, value)


def _parsed(text: str) -> object:
    try:
        return json.loads(plain_json(text))
    except json.JSONDecodeError as exc:
        raise UsageError(f"not valid JSON: {exc.msg}, line {exc.lineno}", "mend it") from None
    except (RecursionError, ValueError) as exc:  # a number of 5,000 digits, a thousand brackets
        raise UsageError("not a JSON that anybody configures", "name another file") from exc


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UsageError("no JSON object", "name an Orthanc configuration")
    if _SECTION in value:
        section = value[_SECTION]
        if not isinstance(section, dict):
            raise UsageError(f"{_SECTION} is no JSON object", "see the Orthanc Book")
        return section
    # As GET /modalities?expand answers: the section alone.
    if value and all(_looks_like_one(entry) for entry in value.values()):
        return value
    raise UsageError(
        f"it has no {_SECTION}",
        "modalities kept in Orthanc's database come from GET /modalities?expand",
    )


def _looks_like_one(entry: object) -> bool:
    return (isinstance(entry, dict) and "AET" in entry) or (
        isinstance(entry, list) and len(entry) >= 3
    )


def _entry(name: str, value: object) -> Found:
    if isinstance(value, list) and len(value) >= 3:
        keys = ("AET", "Host", "Port", "Manufacturer")
        value = dict(zip(keys, value, strict=False))
    if not isinstance(value, dict):
        return Found(name=name, why="neither [AET, host, port] nor an object")
    missing = [key for key in ("AET", "Host", "Port") if key not in value]
    if missing:
        return Found(name=name, why=f"{', '.join(missing)} missing")
    for key in ("AET", "Host", "Port"):
        if isinstance(value[key], str) and "${" in value[key]:
            return Found(name=name, why=f"{key} comes from an environment variable")
    if not isinstance(value["AET"], str) or not isinstance(value["Host"], str):
        return Found(name=name, why="AET and Host have to be text")
    return _modality(name, value)


def _modality(name: str, value: Mapping[str, object]) -> Found:
    maker = value.get("Manufacturer", "")
    notes = [words for key, words in _NOT_HERE.items() if value.get(key)]
    notes += [f"{key} is not known here" for key in value if _is_unknown(key)]
    modality = Modality(
        name=name,
        ae_title=str(value["AET"]),
        host=str(value["Host"]),
        port=port_of(value["Port"]),
        allow=_allowed(value),
        tls=value.get("UseDicomTls") is True,
        comment=maker if isinstance(maker, str) and maker != "Generic" else "",
    )
    return Found(name=name, modality=modality, notes=tuple(notes[:4]))


def _is_unknown(key: str) -> bool:
    return key not in _ALLOW and key not in _IGNORED and key not in _NOT_HERE


def _allowed(value: Mapping[str, object]) -> tuple[Operation, ...]:
    """What is not forbidden; every `Allow…` that is left out is true."""
    denied = {op for key, ops in _ALLOW.items() if value.get(key, True) is False for op in ops}
    return tuple(operation for operation in ALL_OPERATIONS if operation not in denied)
