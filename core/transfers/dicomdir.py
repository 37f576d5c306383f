"""The files that a DICOMDIR names: read from its records, found below its own folder only.

A DICOMDIR may come from anywhere and say anything. Its Referenced File IDs (0004,1500) are taken as
names to look for in the folder it lies in, and never as paths (PS3.10 8).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from core.archive.elements import (
    DamagedError,
    Element,
    Encoding,
    Source,
    Walk,
    encoding_of,
)
from core.archive.filemeta import read_meta
from core.errors import ModalittyError, NotDicomError

MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_RECORDS = 0x00041220
_IN_USE = 0x00041410
_FILE_ID = 0x00041500
_MAX_SIZE = 256 << 20
_MAX_RECORDS = 2_000_000
_MAX_FILE_ID = 1024
_SEPARATORS = re.compile(r"[\\/]")


class NotThereError(ModalittyError):
    """A DICOMDIR names a file that is not in its folder."""


def file_ids(path: Path) -> Iterator[str]:
    """Yield the Referenced File ID of each record in use, in the order of the records.

    The chain of offsets that the records form is not followed: it is often wrong, and the sequence
    has them all. Raises NotDicomError where the DICOMDIR breaks off, OSError.
    """
    source, encoding = _source(path)
    walk = Walk(source, _MAX_RECORDS)
    try:
        for element in walk.elements(0, source.size, encoding):
            if element.tag == _RECORDS:
                for start, end in walk.items(element, encoding):
                    found = _file_id(source, start, min(end, source.size), encoding)
                    if found:
                        yield found
                return
    except DamagedError as error:
        raise NotDicomError(f"the DICOMDIR is damaged: {error}") from error


def _source(path: Path) -> tuple[Source, Encoding]:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > _MAX_SIZE:
            raise NotDicomError(f"a DICOMDIR of {size >> 20} MiB is not read", "import the folder")
        meta = read_meta(file, size)
        file.seek(meta.offset)
        data = file.read(_MAX_SIZE)
    return Source(data, len(data)), encoding_of(meta.transfer_syntax_uid)


def _file_id(source: Source, start: int, end: int, encoding: Encoding) -> str:
    file_id = ""
    for element in Walk(source).elements(start, end, encoding):
        if element.tag == _IN_USE and not any(source.take(element.at, 2)):
            return ""
        if element.tag == _FILE_ID:
            file_id = _text(source, element)
            break
    return file_id


def _text(source: Source, element: Element) -> str:
    if element.at + element.length > source.size:
        raise DamagedError("it ends within a file ID")
    raw = source.take(element.at, min(element.length, _MAX_FILE_ID))
    return raw.decode("utf-8", "surrogateescape").strip(" \0")


class Resolver:
    """Finds files by their File IDs below one folder, without minding case.

    A CD shows its names in capitals here and in small letters there, with `;1` or a final dot or
    without: names are compared without these where the exact one is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = os.path.realpath(folder)
        self._names: dict[str, dict[str, str]] = {}

    def find(self, file_id: str) -> Path:
        """Give the path of a file; raises NotThereError where it is missing or lies outside."""
        parts = [part.strip(" ") for part in _SEPARATORS.split(file_id)]
        if any(part in ("", ".", "..") or "\0" in part for part in parts):
            raise NotThereError("the DICOMDIR points out of its folder", "it is not read")
        path = str(self.folder)
        for part in parts:
            name = self._name(path, part)
            if name is None:
                raise NotThereError("the DICOMDIR names it, and it is not there")
            path = f"{path}/{name}"
        real = os.path.realpath(path)
        if not real.startswith(self._root.rstrip("/") + "/"):
            raise NotThereError("a link leads out of the DICOMDIR's folder", "it is not read")
        return Path(path)

    def _name(self, folder: str, part: str) -> str | None:
        if folder not in self._names:
            try:
                listed = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208
            except OSError:
                listed = []
            names = {_plain(name): name for name in listed}
            self._names[folder] = {**names, **{name: name for name in listed}}
        names = self._names[folder]
        return names.get(part) or names.get(_plain(part))


def _plain(name: str) -> str:
    return re.sub(r"\.?(;[0-9]+)?$", "", name).casefold()
