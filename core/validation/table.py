"""Which attributes a SOP class asks for, PS3.3: a table made by `python -m docs.iods`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple, cast

import msgspec
from pydicom.datadict import tag_for_keyword

Scope = dict[str, "str | list[Any]"]


class Asked(NamedTuple):
    """An attribute of a module: type 1, 1C, 2, 2C or 3, and what the items of a sequence have."""

    tag: int
    keyword: str
    kind: str
    below: Scope


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    raw = resources.files("core.validation").joinpath("iods.json").read_bytes()
    return cast("dict[str, Any]", msgspec.json.decode(raw))


def modules_of(sop_class_uid: str) -> tuple[str, ...]:
    """The modules that are mandatory in a SOP class, empty where it is not known."""
    iod = _table()["classes"].get(sop_class_uid)
    return tuple(_table()["iods"].get(iod, ()))


def scope_of(module: str, sop_class_uid: str) -> Scope:
    """The attributes of a module by keyword, but for those that another module overrules."""
    scope = cast("Scope", _table()["modules"].get(module, {}))
    overridden = _table()["overridden"].get(_table()["classes"].get(sop_class_uid), ())
    gone = {keyword for name, keyword in overridden if name == module}
    return {k: v for k, v in scope.items() if k not in gone} if gone else scope


def asked(scope: Scope) -> Iterator[Asked]:
    """The attributes of a scope, those that the dictionary knows."""
    for keyword, entry in scope.items():
        tag = tag_for_keyword(keyword)
        if tag is None:
            continue
        if isinstance(entry, str):
            yield Asked(tag, keyword, entry, {})
        else:
            yield Asked(tag, keyword, entry[0], entry[1])
