"""What can go wrong with a benchmark."""

from __future__ import annotations


class WorkNotDoneError(Exception):
    """A round did not do its work: its time would be that of a failure."""


def require(what: str, found: object, wanted: object) -> None:
    """Raise WorkNotDoneError where a round's result is not what the work should have given."""
    if found != wanted:
        raise WorkNotDoneError(f"{what}: {found} instead of {wanted}")
