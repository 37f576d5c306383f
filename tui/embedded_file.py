"""Writing the document that is embedded in an object to a file that a person has named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from core.errors import UsageError
from core.model import Attachment


def target_of(named: Path, attachment: Attachment) -> Path:
    """The file as named, with the usual extension of such a document where it has another."""
    path = named.expanduser()
    if path.suffix.casefold() == attachment.extension:
        return path
    return path.with_name(path.name + attachment.extension)


def save(named: Path, attachment: Attachment | None, content: Callable[[], bytes]) -> Path:
    """Write the document to a new file for its owner only, and say which.

    Raises UsageError where there is nothing to write, the file is there already, or cannot be
    written; whatever `content` raises.
    """
    if attachment is None:
        raise UsageError("nothing is embedded in the object", "leave out --export to read it")
    path = target_of(named, attachment)
    body = content()
    try:
        # Never over another file, and never through a link that somebody has put there.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(body)
    except FileExistsError:
        raise UsageError(f"{path} is there already", "choose another name") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", "choose another place") from None
    return path
