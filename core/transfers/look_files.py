"""Files of objects that are looked at and not kept.

Each is locked by the process that looks at it; the kernel lets go of the lock however that ends, so
whoever starts next knows what is left over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from pathlib import Path

from core.errors import OutOfResourcesError

MOST = 8
"""Files of one process at once."""


class LookFile:
    """An empty file of our own, mode 0600; raises OSError."""

    def __init__(self, folder: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        while True:
            self.path = folder / f"{uuid.uuid4().hex}.dcm"
            self._fd = os.open(self.path, flags, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            if os.fstat(self._fd).st_nlink:  # or another process cleared it before it was locked
                return
            os.close(self._fd)

    def write(self, data: bytes | memoryview) -> None:
        """Append; raises OSError."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def remove(self) -> None:
        """Take it away; a second time does nothing."""
        if self._fd >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1


class LookFolder:
    """Where the files are; made when the first is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: list[LookFile] = []

    def new(self) -> LookFile:
        """Make a file; raises OutOfResourcesError where there are MOST, and OSError."""
        if len(self._files) >= MOST:
            raise OutOfResourcesError(
                f"{MOST} objects are being looked at already", "close one of them"
            )
        for folder in (self.folder.parent, self.folder):  # parents get the mode of the umask
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = LookFile(self.folder)
        self._files.append(file)
        return file

    def remove(self, path: Path) -> None:
        """Take one away that is ours."""
        for file in [file for file in self._files if file.path == path]:
            self._files.remove(file)
            file.remove()

    def remove_all(self) -> None:
        """Take away all that are ours."""
        for file in list(self._files):
            self.remove(file.path)

    def clear_left_over(self) -> None:
        """Take away what processes have left that are no more."""
        with contextlib.suppress(OSError):
            for path in list(self.folder.glob("*.dcm")):
                _remove_if_free(path)


def _remove_if_free(path: Path) -> None:
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(fd)
