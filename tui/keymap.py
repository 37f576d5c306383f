"""The keys that a person has chosen under `[ui.keys]`: checked, and in the form Textual takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import combinations

from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from core.errors import SettingsError
from core.settings import UiSettings
from tui import commands
from tui.commands import COMMANDS, MODES, Command, Place, in_part, of_tables, parts_of

_NAMED = {"esc": "escape", "pgup": "pageup", "pgdn": "pagedown", "del": "delete", "return": "enter"}
_MODIFIED = re.compile(r"((?:ctrl\+|shift\+|alt\+)*)(.+)", re.DOTALL)
_KNOWN = {key.value for key in Keys} | {"space"}
_PLACES = (*MODES, Place.INSPECTOR, Place.COMPARE)


def chosen_keys(ui: UiSettings, source: str) -> commands.Keys:
    """The keys under `[ui.keys]` by command id; SettingsError names what is wrong in `source`."""
    bound = {command.id: command for command in COMMANDS if command.bound}
    keys = {}
    for name, text in ui.key_map.items():
        where = f"{source}: ui.keys.{name}"
        if name not in bound:
            near = get_close_matches(name, bound, n=1)
            mend = f'did you mean "{near[0]}"?' if near else "? in the console names what there is"
            raise SettingsError(f"{where}: there is no such command", mend)
        keys[name] = ",".join(_keys(text, where))
    return keys


def _keys(text: str, where: str) -> Iterator[str]:
    for part in text.split(","):
        key = _key(part.strip())
        if not key:
            mend = 'as "e", "ctrl+e", "f5", "?" or "comma", several with commas between them'
            raise SettingsError(f'{where}: "{part.strip()}" is no key', mend)
        yield key


def _key(text: str) -> str:
    """A key as Textual calls it; empty where there is none of that name."""
    found = _MODIFIED.fullmatch(text.replace("^", "ctrl+", 1) if len(text) > 1 else text)
    if not found:
        return ""
    modifiers, name = found.groups()
    name = _NAMED.get(name, name)
    if len(name) == 1:
        name = _of_character(name)
    elif name not in _KNOWN and not _is_character_name(name):
        return ""
    return modifiers + name


def _of_character(char: str) -> str:
    if char.isalnum():
        return char
    name = unicodedata.name(char, "").lower().replace("-", "_").replace(" ", "_")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _is_character_name(name: str) -> bool:
    """Whether `name` is what Textual calls some printable ASCII character."""
    return any(_of_character(chr(point)) == name for point in range(0x20, 0x7F))


def clashes(keys: commands.Keys) -> list[str]:
    """Say which chosen keys are another command's in the same place, and which one wins there."""
    found: dict[tuple[str, str, str], str] = {}
    for place in _PLACES:
        for first, second in combinations(_in(place, keys), 2):
            if not {first.id, second.id} & set(keys):
                continue
            for key in set(first.key_list) & set(second.key_list):
                name = commands.key_name(key)
                words = f"ui.keys: {name} is {first.id} and {second.id}: {first.id} wins"
                found[first.id, second.id, key] = words
    return list(found.values())


def _in(place: Place, keys: commands.Keys) -> list[Command]:
    """All commands of a place that have a key of their own, those that win first."""
    near = in_part(place, keys)
    far = in_part(parts_of(place)[-1], keys)
    return [c for c in (*of_tables(place, keys=keys), *near, *far) if c.bound]
