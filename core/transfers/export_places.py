"""Where an export is written: a folder or a zip, complete at the end or not there at all.

Files go into a part of their own, which is moved into place when all is written. It bears the
export's token, so that a job that goes on knows its own part, and touches nothing else.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import ModalittyError, UsageError
from core.transfers.media_directory import read_uid

DICOMDIR = "DICOMDIR"
_LARGE = 1 << 31
"""From here on a zip's member needs the long form, which old programs do not read."""
_EMPTY = "an export goes into a new folder or an empty one, and nothing is overwritten"
_MISSING = "make the folder above it first"


def uid_of(token: str) -> str:
    """Give the UID of the file-set that an export with this token makes (PS3.5 B.2)."""
    return f"2.25.{int(token, 16)}"


class Place(Protocol):
    """A file-set in the making."""

    def open(self) -> None:
        """Take hold of the place, and of what an earlier attempt has written."""

    def size(self, file_id: str) -> int | None:
        """Tell how many bytes a file has that is written, None where it is not."""

    def read(self, file_id: str) -> BinaryIO:
        """Open a file that is written."""

    def write(self, file_id: str, chunks: Iterable[bytes], size: int, *, packed: bool) -> None:
        """Write a file of `size` bytes whole or not at all; `packed`: it cannot be made smaller."""

    def finish(self, directory: Iterable[bytes] | None) -> None:
        """Add the DICOMDIR, if there is one, and put everything into its place."""

    def leave(self) -> None:
        """Let go, and keep what is written for another attempt."""

    def discard(self) -> None:
        """Remove what is written."""


def place_at(target: Path, token: str) -> Place:
    """Choose by name: what ends in `.zip` is one."""
    return ZipPlace(target, token) if is_zip_name(target) else FolderPlace(target, token)


def is_zip_name(target: Path) -> bool:
    """Tell whether an export to this path makes a zip."""
    return target.suffix.lower() == ".zip"


def check_target(target: Path) -> None:
    """Refuse what would be overwritten, or has no folder to be in; raises UsageError."""
    try:
        if is_zip_name(target):
            if os.path.lexists(target):
                raise UsageError(f"{target} exists already", "nothing is overwritten: name another")
        elif target.is_dir():
            if any(target.iterdir()):
                raise UsageError(f"{target} is not empty", _EMPTY)
        elif os.path.lexists(target):
            raise UsageError(f"{target} is no folder", _EMPTY)
        if not target.parent.is_dir():
            raise UsageError(f"there is no folder {target.parent}", _MISSING)
    except (OSError, ValueError) as exc:
        raise UsageError(f"cannot export to {target}: {exc}", "name another folder") from exc


class FolderPlace:
    """A folder, with the part as a folder in it: they are on one disk."""

    def __init__(self, target: Path, token: str) -> None:
        self._target = target
        self._uid = uid_of(token)
        self._part = target / f".modalitty-{token}.part"
        self._made = False

    def open(self) -> None:
        """Make the folder, or make sure that it is empty or holds this export; UsageError."""
        if not self._target.exists():
            check_target(self._target)
            self._target.mkdir()
            self._made = True
        names = {name.name for name in self._target.iterdir()} - {self._part.name}
        ours = names <= {"DICOM", DICOMDIR} and self._is_ours()
        if names and not ours:
            raise UsageError(f"{self._target} is not empty", _EMPTY)
        self._part.mkdir(exist_ok=True)
        for name in names:
            (self._target / name).rename(self._part / name)

    def _is_ours(self) -> bool:
        try:
            return read_uid(self._target / DICOMDIR) == self._uid
        except (OSError, ModalittyError):
            return False

    def size(self, file_id: str) -> int | None:
        """See :class:`Place`."""
        path = self._part / file_id
        return path.stat().st_size if path.is_file() else None

    def read(self, file_id: str) -> BinaryIO:
        """See :class:`Place`."""
        return (self._part / file_id).open("rb")

    def write(self, file_id: str, chunks: Iterable[bytes], size: int, *, packed: bool) -> None:
        """See :class:`Place`."""
        path = self._part / file_id
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def finish(self, directory: Iterable[bytes] | None) -> None:
        """See :class:`Place`."""
        names = ["DICOM"]
        # The DICOMDIR first: should we be killed between, it tells whose it is.
        (self._part / DICOMDIR).unlink(missing_ok=True)
        if directory is not None:
            self.write(DICOMDIR, directory, 0, packed=False)
            names.insert(0, DICOMDIR)
        if any(os.path.lexists(self._target / name) for name in names):
            raise UsageError(f"{self._target} is not empty any more", _EMPTY)
        for name in names:
            (self._part / name).rename(self._target / name)
        self._part.rmdir()

    def leave(self) -> None:
        """See :class:`Place`."""

    def discard(self) -> None:
        """See :class:`Place`."""
        shutil.rmtree(self._part, ignore_errors=True)
        if self._made:
            with contextlib.suppress(OSError):
                self._target.rmdir()


class ZipPlace:
    """A zip, with the part as a hidden file beside it."""

    def __init__(self, target: Path, token: str) -> None:
        self._target = target
        self._token = token.encode()
        self._part = target.with_name(f".{target.name}.{token}.part")
        self._file: BinaryIO | None = None
        self._zip: zipfile.ZipFile | None = None

    def open(self) -> None:
        """Begin the zip, or go on with it where an earlier attempt stopped; UsageError."""
        if not self._is_ours():
            check_target(self._target)
        go_on = zipfile.is_zipfile(self._part)  # not so where the process was killed
        self._file = self._part.open("r+b" if go_on else "w+b")
        self._zip = zipfile.ZipFile(
            self._file, "a" if go_on else "w", zipfile.ZIP_DEFLATED, compresslevel=1
        )

    def _is_ours(self) -> bool:
        try:
            with zipfile.ZipFile(self._target) as there:
                return there.comment == self._token
        except (OSError, ValueError, zipfile.BadZipFile):
            return False

    @property
    def _open_zip(self) -> zipfile.ZipFile:
        if self._zip is None:
            raise ValueError("the zip is not open")
        return self._zip

    def size(self, file_id: str) -> int | None:
        """See :class:`Place`."""
        try:
            return self._open_zip.getinfo(file_id).file_size
        except KeyError:
            return None

    def read(self, file_id: str) -> BinaryIO:
        """See :class:`Place`."""
        return self._open_zip.open(file_id)  # type: ignore[return-value]

    def write(self, file_id: str, chunks: Iterable[bytes], size: int, *, packed: bool) -> None:
        """See :class:`Place`."""
        made = self._open_zip
        made.compression = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        before = made.start_dir
        try:
            with made.open(file_id, "w", force_zip64=size >= _LARGE) as member:
                for chunk in chunks:
                    member.write(chunk)
        except BaseException:
            self._forget(made, file_id, before)
            raise

    @staticmethod
    def _forget(made: zipfile.ZipFile, file_id: str, before: int) -> None:
        """Take back the member that was being written: the next one goes to its place."""
        if file_id in made.NameToInfo:
            made.filelist.remove(made.NameToInfo.pop(file_id))
        made.start_dir = before

    def finish(self, directory: Iterable[bytes] | None) -> None:
        """See :class:`Place`."""
        if directory is not None:
            self.write(DICOMDIR, directory, 0, packed=False)
        self._open_zip.comment = self._token
        self._close()
        if self._is_ours():
            self._part.replace(self._target)
            return
        try:
            os.link(self._part, self._target)
        except FileExistsError:
            raise UsageError(f"{self._target} exists already", "nothing is overwritten") from None
        except OSError:  # a disk without hard links, as a memory stick is
            check_target(self._target)
            self._part.rename(self._target)
        else:
            self._part.unlink()

    def leave(self) -> None:
        """See :class:`Place`."""
        self._close()

    def _close(self) -> None:
        made, file = self._zip, self._file
        self._zip = self._file = None
        if made is None or file is None:
            return
        with file:
            made.close()
            file.truncate()
            file.flush()
            os.fsync(file.fileno())

    def discard(self) -> None:
        """See :class:`Place`."""
        with contextlib.suppress(OSError, ValueError):
            self._close()
        self._part.unlink(missing_ok=True)


def chunks_of(file: BinaryIO, size: int = 1 << 20) -> Iterator[bytes]:
    """Give what is left of a file, piece by piece."""
    while chunk := file.read(size):
        yield chunk
