"""Reads config.toml strictly, and writes edits back with the comments kept.

A fault is told in one line that names the file, the key and the mend.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec
import platformdirs
import tomli
import tomlkit
from tomlkit.items import Table

from core.errors import SettingsError
from core.model import Modality
from core.settings import Settings, ae_title_fault, modality_faults, place_faults, tls_faults

APP = "modalitty"
T = TypeVar("T", bound=msgspec.Struct)


def user_config_path() -> Path:
    """Where the user's configuration belongs, whether or not it exists."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "config.toml"


def user_data_path() -> Path:
    """The data folder where none is named."""
    return Path(platformdirs.user_data_dir(APP, appauthor=False))


def shipped_config_path() -> Path:
    """The config.toml that comes with the program: inside the wheel, or beside `core`."""
    here = Path(__file__).resolve().parent
    packed = here / "config.toml"
    return packed if packed.exists() else here.parent / "config.toml"


def parse(text: str, source: str) -> Settings:
    """Turn the text of a config.toml into settings.

    `source` names the file in faults. Raises SettingsError.
    """
    try:
        raw = tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError) as exc:
        raise SettingsError(f"{source}: not valid TOML: {exc}", "mend that line") from None
    tables = raw.pop("modalities", {})
    if not isinstance(tables, dict):
        raise SettingsError(f"{source}: modalities: expected tables", "write [modalities.NAME]")
    settings = _convert(raw, Settings, source, "")
    modalities = {name: _modality(name, table, source) for name, table in tables.items()}
    fault = ae_title_fault(settings.station.ae_title)
    if fault:
        raise SettingsError(f"{source}: station.ae_title: {fault}", "choose another AE title")
    for key, fault in place_faults(settings).items():
        raise SettingsError(f"{source}: {key}: {fault}", "correct it")
    settings = msgspec.structs.replace(settings, modalities=modalities)
    for key, fault in tls_faults(settings).items():
        raise SettingsError(f"{source}: station.tls.{key}: {fault}", "see [station.tls]")
    return settings


def _modality(name: str, table: object, source: str) -> Modality:
    where = f"modalities.{name}"
    if isinstance(table, dict) and "name" in table:
        raise SettingsError(
            f"{source}: {where}.name: unknown key", "the name is what stands after the dot"
        )
    modality = msgspec.structs.replace(_convert(table, Modality, source, where), name=name)
    for key, fault in modality_faults(modality).items():
        raise SettingsError(f"{source}: {where}.{key}: {fault}", f"correct {key}")
    return modality


def _convert(raw: object, kind: type[T], source: str, where: str) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as exc:
        raise _fault(str(exc), kind, source, where) from None


_AT = re.compile(r" - at `(?:key in )?\$\.?(?P<path>.*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>.*)`")
_MISSING = re.compile(r"Object missing required field `(?P<field>.*)`")


def _fault(text: str, kind: type[msgspec.Struct], source: str, where: str) -> SettingsError:
    at = _AT.search(text)
    what = _AT.sub("", text)
    path = ".".join(part for part in (where, at["path"] if at else "") if part)
    if unknown := _UNKNOWN.fullmatch(what):
        key = ".".join(part for part in (path, unknown["field"]) if part)
        return SettingsError(f"{source}: {key}: unknown key", _nearest(unknown["field"], kind, at))
    if missing := _MISSING.fullmatch(what):
        key = ".".join(part for part in (path, missing["field"]) if part)
        return SettingsError(f"{source}: {key}: missing", "add it")
    choices = _type_at(kind, at["path"]) if at else None
    mend = "correct the value"
    if isinstance(choices, type) and issubclass(choices, Enum):
        mend = f"one of {', '.join(str(choice.value) for choice in choices)}"
    return SettingsError(f"{source}: {path or 'the file'}: {what}", mend)


def _nearest(field: str, kind: type[msgspec.Struct], at: re.Match[str] | None) -> str:
    here = _type_at(kind, at["path"]) if at else kind
    if not (isinstance(here, type) and issubclass(here, msgspec.Struct)):
        return "leave it out"
    names = [info.name for info in msgspec.structs.fields(here)]
    near = difflib.get_close_matches(field, names, n=1)
    return f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(names)}"


def _type_at(kind: Any, path: str) -> Any:
    """Follow a dotted path such as `station.accept` or `allow[0]` through the types of fields."""
    for part in filter(None, path.split(".")):
        name, _, index = part.partition("[")
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
            return None
        kind = {info.name: info.type for info in msgspec.structs.fields(kind)}.get(name)
        if index:
            kind = get_args(kind)[0]
    return kind


class SettingsStore:
    """The settings in force, and the file they came from.

    `current` is swapped as a whole by each edit, so that whoever reads it sees one state.
    """

    def __init__(self, current: Settings, source: Path, target: Path) -> None:
        self.current = current
        self.source = source
        """The file that was read."""
        self.path = target
        """The file that edits are written to."""
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path | None = None) -> SettingsStore:
        """Read `path`, or the user's file, or where there is none the one shipped.

        Raises SettingsError.
        """
        target = path or user_config_path()
        source = target if path or target.exists() else shipped_config_path()
        return cls(parse(_read(source), str(source)), source, target)

    def change(self, key: str, value: object) -> None:
        """Set one value by its dotted key, such as "station.port"; raises SettingsError."""
        *tables, name = key.split(".")
        with self._edited() as document:
            table = _table(document, tables)
            table[name] = value

    def put_modality(self, modality: Modality, *, replaces: str = "") -> None:
        """Add a modality, or edit the one named `replaces`; raises SettingsError."""
        for key, fault in modality_faults(modality).items():
            raise SettingsError(f"modalities.{modality.name}.{key}: {fault}", f"correct {key}")
        known = self.current.modalities
        if modality.name != replaces and modality.name in known:
            raise SettingsError(f"there is a modality named {modality.name} already", "rename one")
        with self._edited() as document:
            modalities = _table(document, ["modalities"], is_super_table=True)
            old = modalities.pop(replaces, None) if replaces != modality.name else None
            table = old if isinstance(old, Table) else modalities.get(modality.name)
            if not isinstance(table, Table):
                table = tomlkit.table()
            _fill(table, modality)
            modalities[modality.name] = table

    def put_modalities(self, modalities: Iterable[Modality]) -> None:
        """Add modalities, or edit those of their names, all in one edit; raises SettingsError."""
        with self._edited() as document:
            tables = _table(document, ["modalities"], is_super_table=True)
            for modality in modalities:
                table = tables.get(modality.name)
                if not isinstance(table, Table):
                    table = tomlkit.table()
                _fill(table, modality)
                tables[modality.name] = table

    def remove_modality(self, name: str) -> None:
        """Forget a modality; raises SettingsError where there is none of that name."""
        if name not in self.current.modalities:
            raise SettingsError(f"there is no modality named {name}", "list them first")
        with self._edited() as document:
            _table(document, ["modalities"], is_super_table=True).remove(name)

    @contextlib.contextmanager
    def _edited(self) -> Iterator[tomlkit.TOMLDocument]:
        # The file is read again each time: a person may have edited it in the meantime.
        with self._lock:
            source = self.path if self.path.exists() else self.source
            before = _read(source)
            parse(before, str(source))
            document = tomlkit.parse(before)
            yield document
            text = tomlkit.dumps(document)
            settings = parse(text, str(self.path))
            _write(self.path, text)
            self.current = settings


def _table(
    document: tomlkit.TOMLDocument, names: list[str], *, is_super_table: bool = False
) -> Any:  # tomlkit's containers share no typed base with item assignment
    here: Any = document
    for name in names:
        if name not in here:
            here[name] = tomlkit.table(is_super_table=is_super_table)
        here = here[name]
    return here


def _fill(table: Table, modality: Modality) -> None:
    default = Modality(ae_title="", host="", port=0)
    values: Mapping[str, object] = msgspec.to_builtins(modality)
    defaults: Mapping[str, object] = msgspec.to_builtins(default)
    for key, value in values.items():
        if key == "name":
            continue
        if value == defaults[key] and key not in table:
            continue
        if value is None:  # TOML has no word for it: left out is what it means
            del table[key]
            continue
        if table.get(key) != value:
            table[key] = value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: not UTF-8 text", "save it as UTF-8") from None
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise SettingsError(f"{path}: {reason}", "name a file that can be read") from None


def _write(path: Path, text: str) -> None:
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        handle, temp = tempfile.mkstemp(dir=target.parent, prefix=".config", suffix=".toml")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temp, mode)  # noqa: PTH101  mkstemp gives a name, not a Path
            os.replace(temp, target)  # noqa: PTH105
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temp)  # noqa: PTH108
            raise
    except OSError as exc:
        raise SettingsError(f"{path}: cannot write: {exc.strerror}", "make it writable") from None
