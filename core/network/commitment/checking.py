"""Whether an object is really kept: by the bytes on disk, not by the index alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from core.archive.importing import read_object
from core.errors import ModalittyError, NotDicomError, NotHeldError
from core.model import Instance
from core.network.commitment.messages import (
    CLASS_CONFLICT,
    NO_SUCH_OBJECT,
    PROCESSING_FAILURE,
    Reference,
    Refusal,
    Report,
    Request,
)
from core.network.ports import Archive

_CHUNK = 1 << 20


def check(archive: Archive, request: Request, stop: Callable[[], bool]) -> Report | None:
    """What can be committed to, object by object; None where `stop` said so in between."""
    committed: list[Reference] = []
    failed: list[Refusal] = []
    for reference in request.references:
        if stop():
            return None
        reason = fault(archive, reference)
        if reason:
            failed.append(Refusal(reference, reason))
        else:
            committed.append(reference)
    return Report(request.transaction_uid, tuple(committed), tuple(failed))


def fault(archive: Archive, reference: Reference) -> int:
    """Why an object cannot be committed to, as Failure Reason (PS3.3 C.14.1.1); 0 where it can."""
    try:
        instance = archive.instance(reference.sop_instance_uid)
    except NotHeldError:
        return NO_SUCH_OBJECT
    except ModalittyError:
        return PROCESSING_FAILURE
    if instance.sop_class_uid != reference.sop_class_uid:
        return CLASS_CONFLICT
    path = Path(instance.path)
    if not path.is_file():
        return NO_SUCH_OBJECT
    return 0 if _is_whole(path, instance) else PROCESSING_FAILURE


def _is_whole(path: Path, instance: Instance) -> bool:
    """Whether the file says it is that object, twice, and can be read to the end it should have."""
    try:
        found = read_object(path)
        named = {
            (found.meta.sop_class_uid, found.meta.sop_instance_uid),
            (found.header.sop_class_uid, found.header.sop_instance_uid),
        }
        wanted = {(instance.sop_class_uid, instance.sop_instance_uid)}
        return named == wanted and _readable_bytes(path) == found.size == instance.size
    except (NotDicomError, OSError):
        return False


def _readable_bytes(path: Path) -> int:
    """How many bytes can be read, from the disk rather than from memory where that can be had."""
    total = 0
    with path.open("rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := file.read(_CHUNK):
            total += len(chunk)
    return total
