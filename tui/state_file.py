"""What the console remembers, in a file that several consoles may change at once.

Each change reads the file, changes what it read and puts a new file in its place, under a lock that
lies beside it: the new file is another inode, so it cannot bear the lock itself. Nobody else may
read it (mode 0600): queries have names of patients in them.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from core.errors import ModalittyError

log = logging.getLogger(__name__)

T = TypeVar("T", bound=msgspec.Struct)

PATIENCE = 3.0
"""Seconds to wait for another console that writes."""
_PAUSE = 0.02


class StateFile(Generic[T]):
    """A value of `kind` in the JSON file `path`; the `kind` without arguments is the first one.

    Its methods block for a moment, and belong in a thread.
    """

    def __init__(self, path: Path, kind: type[T]) -> None:
        self.path = path
        self._kind = kind

    def read(self) -> T:
        """The value as it stands on disk; a file that nobody can read counts as none."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=self._kind)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, RecursionError) as error:
            log.warning("%s cannot be read: %s", self.path, error)
        return self._kind()

    def change(self, how: Callable[[T], T]) -> T:
        """Put `how(value)` in the value's place; returns it. Raises ModalittyError.

        A damaged file is kept beside the new one, under a name that ends in `.damaged`.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._locked():
                self._keep_damaged()
                value = how(self.read())
                self._write(msgspec.json.format(msgspec.json.encode(value)))
        except OSError as error:
            reason = error.strerror or str(error)
            raise ModalittyError(
                f"cannot keep {self.path}: {reason}", "make it writable; it is not remembered"
            ) from error
        return value

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        path = self.path.with_name(f"{self.path.name}.lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(handle)
            yield
        finally:
            os.close(handle)

    def _keep_damaged(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            try:
                msgspec.json.decode(self.path.read_bytes(), type=self._kind)
            except (ValueError, RecursionError):
                self.path.replace(self.path.with_name(f"{self.path.name}.damaged"))

    def _write(self, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}-")
        temp = Path(name)  # of mode 0600, as mkstemp makes them
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data + b"\n")
                file.flush()
                os.fsync(file.fileno())
            temp.replace(self.path)
        except BaseException:
            temp.unlink(missing_ok=True)
            raise


def _lock(handle: int) -> None:
    """Lock a file; OSError where another has it for too long, as on a disk that hangs."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise OSError("another console holds it") from None
            time.sleep(_PAUSE)
